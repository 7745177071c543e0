"""Everything that differs between two package sets, two repositories or two versions of a distribution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atomic_kit.nevra import Nevra
from atomic_kit.packages.diff import InstalledPackage, PackageChange, changes_frame, diff_packages
from atomic_kit.packages.package_set import Package, Reason
from atomic_kit.solver import Pool

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two package lists side by side; each is as the solver or a repository gave it."""

    old: tuple[Package, ...]
    new: tuple[Package, ...]

    @property
    def changes(self) -> list[PackageChange]:
        """What was added, removed, upgraded or downgraded; without changelogs, which metadata does not have."""
        return diff_packages(_installed(self.old), _installed(self.new))

    def totals(self) -> pd.DataFrame:
        """Return one row a measure with `old`, `new` and `change`: counts of packages and sources, and bytes.

        A size that a side does not know, as a lock file does not, is NA, and so is its change.
        """
        import pandas as pd

        frame = pd.DataFrame({"old": _measures(self.old), "new": _measures(self.new)}, dtype="Int64")
        frame["change"] = frame["new"] - frame["old"]
        return frame.rename_axis("measure").reset_index()

    def by_kind(self) -> pd.DataFrame:
        """Return a row a kind of change: `change`, `packages` (count) and `size_change` (bytes)."""
        frame = changes_frame(self.changes)
        return (
            frame.groupby("change")
            .agg(packages=("name", "size"), size_change=("size_change", "sum"))
            .reindex(["added", "removed", "upgraded", "downgraded"], fill_value=0)
            .reset_index()
        )

    def facts(self) -> pd.DataFrame:
        """Return what changed of packages that both have, beside their versions.

        Columns: `name`, `arch`, `fact` (license, vendor, source, rpm_repo or reason), `old`, `new`. What one side
        does not know is left out.
        """
        import pandas as pd

        before = {(package.name, package.arch): package for package in self.old}
        rows = [
            {"name": package.name, "arch": package.arch, "fact": fact, "old": old, "new": new}
            for package in self.new
            if (former := before.get((package.name, package.arch))) is not None
            for fact in ("license", "vendor", "source", "rpm_repo", "reason")
            if (old := _fact(former, fact)) and (new := _fact(package, fact)) and old != new
        ]
        return pd.DataFrame(rows, columns=["name", "arch", "fact", "old", "new"])


def newest(pool: Pool) -> tuple[Package, ...]:
    """Return every package of some rpm_repos, of each name and architecture the one that the solver prefers."""
    return tuple(sorted(map(pool.package, pool.newest(pool.ids())), key=lambda package: (package.name, package.arch)))


def as_package(installed: InstalledPackage) -> Package:
    """Return an installed package as a repository's; what an rpm database or a lock does not tell is empty."""
    known = Nevra.parse(f"{installed.name}-{installed.evr}.{installed.arch}")
    return Package(
        known.name,
        known.epoch,
        known.version,
        known.release,
        known.arch,
        install_size=installed.install_size,
        download_size=0,
        license="",
        source=installed.source,
        vendor="",
        rpm_repo="",
        location="",
        checksum="",
        summary="",
        reason=Reason.REQUESTED,
    )


def _installed(packages: Iterable[Package]) -> list[InstalledPackage]:
    return [InstalledPackage(one.name, one.nevra.evr, one.arch, one.install_size, one.source) for one in packages]


def _measures(packages: Sequence[Package]) -> dict[str, int | None]:
    """Return the totals of a side; what no package of it tells is unknown."""
    sizes = {key: sum(getattr(one, key) for one in packages) for key in ("install_size", "download_size")}
    known = {key: total if total or not packages else None for key, total in sizes.items()}
    sources = {one.source.rsplit("-", 2)[0] for one in packages if one.source}
    return {"packages": len(packages), "sources": len(sources) if sources or not packages else None} | known


def _fact(package: Package, fact: str) -> str:
    """Return a fact without what a new version changes anyway."""
    value = str(getattr(package, fact))
    return value.rsplit("-", 2)[0] if fact == "source" else value
