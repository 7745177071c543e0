"""What changed between two package lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import pandas as pd

from atomic_kit.nevra import compare_evr


class Change(StrEnum):
    """How a package differs, in the order in which rpm-ostree lists them."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package of a composed tree as its rpmdb knows it; `install_size` in bytes.

    `changelog` holds (version, text) entries, newest first.
    """

    name: str
    evr: str
    arch: str
    install_size: int
    source: str
    changelog: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PackageChange:
    """One package that differs; sizes in bytes, None on the side where the package is absent."""

    name: str
    change: Change
    arch: str
    old_version: str | None
    new_version: str | None
    old_size: int | None
    new_size: int | None
    size_change: int
    source: str
    changelog: str


def diff_packages(old: Sequence[InstalledPackage], new: Sequence[InstalledPackage]) -> list[PackageChange]:
    """Compare two package lists by name and architecture.

    The result is sorted as rpm-ostree sorts it: added, removed, upgraded, downgraded, then by name.
    """
    before, after = ({(package.name, package.arch): package for package in side} for side in (old, new))
    changes = [
        change
        for key in before.keys() | after.keys()
        if (change := _compare(before.get(key), after.get(key))) is not None
    ]
    order = list(Change)
    return sorted(changes, key=lambda change: (order.index(change.change), change.name, change.arch))


def changes_frame(changes: Sequence[PackageChange]) -> pd.DataFrame:
    """One row a changed package; the columns are the fields of PackageChange."""
    frame = pd.DataFrame(
        [asdict(change) for change in changes], columns=[field.name for field in fields(PackageChange)]
    )
    texts = ("name", "change", "arch", "old_version", "new_version", "source", "changelog")
    sizes = ("old_size", "new_size", "size_change")
    return frame.astype(dict.fromkeys(texts, "str") | dict.fromkeys(sizes, "Int64"))


def rpm_ostree_diff(changes: Sequence[PackageChange], *, old_commit: str, new_commit: str) -> dict[str, Any]:
    """Return the diff in the shape of `rpm-ostree db diff --format=json`."""
    order = list(Change)
    rows: list[list[Any]] = []
    for change in changes:
        sides: dict[str, list[str]] = {}
        if change.old_version is not None:
            sides["PreviousPackage"] = [change.name, change.old_version, change.arch]
        if change.new_version is not None:
            sides["NewPackage"] = [change.name, change.new_version, change.arch]
        rows.append([change.name, order.index(change.change), sides])
    return {"ostree-commit-from": old_commit, "ostree-commit-to": new_commit, "pkgdiff": rows, "advisories": []}


def _compare(old: InstalledPackage | None, new: InstalledPackage | None) -> PackageChange | None:
    if old is not None and new is not None and old.evr == new.evr:
        return None
    known = new or old
    assert known is not None
    return PackageChange(
        name=known.name,
        change=_kind(old, new),
        arch=known.arch,
        old_version=old.evr if old else None,
        new_version=new.evr if new else None,
        old_size=old.install_size if old else None,
        new_size=new.install_size if new else None,
        size_change=(new.install_size if new else 0) - (old.install_size if old else 0),
        source=known.source,
        changelog=_news(old, new) if old and new else "",
    )


def _kind(old: InstalledPackage | None, new: InstalledPackage | None) -> Change:
    if old is None:
        return Change.ADDED
    if new is None:
        return Change.REMOVED
    return Change.UPGRADED if compare_evr(old.evr, new.evr) < 0 else Change.DOWNGRADED


def _news(old: InstalledPackage, new: InstalledPackage) -> str:
    """Return the new package's changelog entries that the old one does not have."""
    known = set(old.changelog)
    return "\n".join(f"{version}\n{text}" for version, text in new.changelog if (version, text) not in known)
