"""How long a release takes: each step, and a run that finds nothing changed.

usage: .venv/bin/python benchmarks/release.py [PARAMETERS]

The steps' times are those that papermill recorded in the executed notebooks of the finished releases, so
`./workbench release` comes first.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd

from atomic_kit import command
from atomic_kit.parameters import load_parameters
from atomic_kit.release.release import finished_releases


def main(name: str) -> None:
    """Print one row a step and one column a release, in seconds, then the sizes of what was made."""
    line = load_parameters(name)
    columns, sizes = {}, {}
    for release in finished_releases(line):
        notebooks = sorted(release.folder.glob("[0-9][0-9]-*.ipynb"))
        about = {path.stem: json.loads(path.read_text())["metadata"]["papermill"]["duration"] for path in notebooks}
        columns[release.version] = about
        compose, images = release.record("compose"), release.record("images")["images"]
        kept = ("installed_size", "commit_size", "delta_size")
        sizes[release.version] = {key: (compose[key] or 0) / 2**20 for key in kept} | {
            f"image {image['platform']}": image["size"] / 2**20 for image in images
        }
    table = pd.DataFrame(columns)
    table.loc["all"] = table.sum()
    print("seconds\n", table.round(1).to_string(), "\n\nMiB\n", pd.DataFrame(sizes).round(1).to_string())
    started = time.monotonic()
    command.run([sys.executable, "-m", "atomic_kit.cli", "release", name])
    print(f"\nnothing changed: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
