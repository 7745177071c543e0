"""The packages of a commit, read from the rpm database inside it."""

from __future__ import annotations

from pathlib import Path

from atomic_kit import ostree, rpm
from atomic_kit.files import scratch_folder
from atomic_kit.packages.diff import InstalledPackage


def commit_packages(ostree_repo: Path, checksum: str) -> list[InstalledPackage]:
    """Return the packages of a commit, sorted by name, with their changelogs."""
    with scratch_folder("rpmdb") as folder:
        database = folder / "rpm"
        ostree.checkout(ostree_repo, checksum, subpath=rpm.DATABASE, to=database)
        return rpm.installed(database)
