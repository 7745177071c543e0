"""The packages behind any name of a tree: a commit, a ref, a lock file or a release's folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atomic_kit import ostree
from atomic_kit.compose import commit_packages
from atomic_kit.errors import InputError, StepError
from atomic_kit.packages.diff import InstalledPackage
from atomic_kit.packages.lock_file import read_lock
from atomic_kit.parameters import find_parameters
from atomic_kit.release.records import has_record, read_record, read_table
from atomic_kit.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Listing:
    """The packages of a tree; `commit` is empty when the tree is known from a lock file alone."""

    commit: str
    packages: tuple[InstalledPackage, ...]


def list_packages(what: str, *, build: Path | None = None) -> Listing:
    """Return the packages that a name stands for.

    `what` is a folder of a release, a lock file, a commit's checksum or a ref; the latter two are looked up
    in the ostree_repos below `build` (default: the project's build folder). Raises InputError when it is
    none of these.
    """
    path = Path(what)
    if path.is_dir():
        return _of_release(path, build)
    if path.is_file():
        return Listing("", _of_lock(path))
    for ostree_repo in _ostree_repos(build):
        checksum = what if re.fullmatch("[0-9a-f]{64}", what) else ostree.find_ref(ostree_repo, what)
        if checksum and ostree.has_commit(ostree_repo, checksum):
            return Listing(checksum, tuple(commit_packages(ostree_repo, checksum)))
    raise InputError(
        f"{what!r} is no commit, ref, lock file or release folder", hint="check the name, or give --build FOLDER"
    )


def _of_release(folder: Path, build: Path | None) -> Listing:
    if not has_record(folder, "compose"):
        raise InputError(f"{folder} is not the folder of a composed release", hint="it has no compose.json")
    checksum = str(read_record(folder, "compose")["checksum"])
    for ostree_repo in _ostree_repos(build):
        if ostree.has_commit(ostree_repo, checksum):
            return Listing(checksum, tuple(commit_packages(ostree_repo, checksum)))
    rows = read_table(folder, "packages").to_dict("records")
    packages = (
        InstalledPackage(row["name"], _evr(row), row["arch"], int(row["install_size"]), row["source"]) for row in rows
    )
    return Listing(checksum, tuple(packages))


def _of_lock(path: Path) -> tuple[InstalledPackage, ...]:
    locked = read_lock([path]).packages.values()
    return tuple(InstalledPackage(one.name, one.evr, one.arch or "", 0, "") for one in locked)


def _evr(row: Mapping[Any, Any]) -> str:
    epoch = f"{row['epoch']}:" if row["epoch"] else ""
    return f"{epoch}{row['version']}-{row['release']}"


def _ostree_repos(build: Path | None) -> list[Path]:
    if build is None:
        try:
            build = find_parameters("demo").parent.parent / "build"
        except InputError:
            raise InputError("this is not the project's folder", hint="give --build FOLDER") from None
    workspace = Workspace(build, build)
    found = [one for one in (workspace.published_repo, workspace.candidate_repo) if one.is_dir()]
    if not found:
        raise StepError(f"{build} holds no ostree_repo", hint="compose something first")
    return found
