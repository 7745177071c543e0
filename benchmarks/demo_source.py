"""How long the demo source takes: splitting the archive's lists, by hand and by python-debian, and the rest.

usage: .venv/bin/python benchmarks/demo_source.py

`first` reads and converts the lists of a machine that has fetched them, `again` finds that nothing changed,
`convert` makes RPM files of ten large packages. Network is used for what is not here yet.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from debian.deb822 import Packages

from atomic_kit.solver import Pool, Request
from atomic_kit.sources.demo import DemoSource
from atomic_kit.sources.demo.apt import Apt
from atomic_kit.sources.demo.metadata import paragraphs

_LARGE = ("linux-image-cloud-amd64", "podman", "systemd", "perl", "vim", "git", "python3", "gnupg", "curl", "rpm")


def main() -> None:
    """Print one row a piece of work, in seconds."""
    rows: list[tuple[str, float]] = []

    def measure(what: str, call: Callable[[], Any]) -> Any:
        started = time.monotonic()
        result = call()
        rows.append((what, time.monotonic() - started))
        return result

    with TemporaryDirectory() as name:
        cache = Path(name)
        DemoSource(cache).snapshots()
        largest = max((index.path for index in Apt(cache / "apt").indexes()), key=lambda path: path.stat().st_size)
        text = largest.read_text(encoding="utf-8")
        by_hand = measure("lists split by hand", lambda: sum(1 for _ in paragraphs(text)))
        by_library = measure("by python-debian", lambda: _count(largest))
        assert by_hand == by_library, (by_hand, by_library)
        shutil.rmtree(cache / "metadata")
        source = DemoSource(cache, refresh=False)
        snapshot = measure("first", source.snapshots)[-1]
        measure("again", source.snapshots)
        chosen = Pool(snapshot.rpm_repos).solve(Request(_LARGE, recommends=False))
        named = [package for package in chosen if package.name in _LARGE]
        measure(f"convert {len(named)}", lambda: source.fetch(named))
    print(f"{by_hand} packages in the largest list")
    print(pd.DataFrame(rows, columns=["work", "seconds"]).round(2).to_string(index=False))


def _count(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(1 for _ in Packages.iter_paragraphs(file, use_apt_pkg=False))


if __name__ == "__main__":
    main()
