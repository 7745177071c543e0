"""How long the image of the newest release takes to boot, under each firmware and with one or two processors.

usage: .venv/bin/python benchmarks/boot.py [PARAMETERS] [REPEATS]

`boot` is the time from power-on until ssh answers; `processor` the time that QEMU kept this machine's
processors busy meanwhile, which says what machines side by side cost each other.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from atomic_kit.parameters import load_parameters
from atomic_kit.qemu import Firmware, MachinePlan, probe_accelerator, running
from atomic_kit.release.release import finished_releases


def main(name: str, repeats: int) -> None:
    """Print one row a boot, in seconds."""
    releases = finished_releases(load_parameters(name))
    if not releases:
        sys.exit(f"{name} has no finished release; ./workbench release makes one")
    images = releases[-1].record("images")["images"]
    image = Path(next(one["path"] for one in images if one["platform"] == "qemu"))
    firmwares: tuple[Firmware, ...] = ("bios", "uefi")
    rows = []
    with TemporaryDirectory() as folder:
        for firmware, processors, _ in product(firmwares, (1, 2), range(repeats)):
            plan = MachinePlan(image, firmware, Path(folder) / "console.log", processors=processors)
            with running(plan) as machine:
                seconds = machine.wait()
                rows.append((firmware, processors, seconds, machine.processor_seconds))
    print(f"{image.name}, {probe_accelerator()}")
    print(pd.DataFrame(rows, columns=["firmware", "processors", "boot", "processor"]).round(1).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo", int(sys.argv[2]) if len(sys.argv) > 2 else 1)
