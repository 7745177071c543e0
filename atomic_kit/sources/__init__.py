"""Package sources: where metadata for the solver and verified RPM files come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from atomic_kit.packages.package_set import Package

# A module stream as one types it, `nodejs:20`: a regular expression.
MODULE_STREAM = r"[A-Za-z0-9_.+-]+:[A-Za-z0-9_.+-]+"


@dataclass(frozen=True, slots=True)
class RpmRepoMetadata:
    """The verified metadata of one rpm_repo, on this disk.

    `primary` and `filelists` (None when the repository has none) are rpm-md XML files, compressed or not;
    `digest` is the SHA-256 of its repomd.xml; `generated` is when the repository was made. `priority` (the lowest
    wins), `cost`, `excludepkgs`, `includepkgs` and `module_hotfixes` mean what dnf.conf(5) says. `modules` (YAML),
    `comps` and `updateinfo` (XML) are files too, compressed or not; None when the repository has none. What is
    made `on_demand` has the checksums of what it is made from.
    """

    id: str
    primary: Path
    filelists: Path | None
    digest: str
    generated: datetime
    priority: int = 99
    cost: int = 1000
    excludepkgs: tuple[str, ...] = ()
    includepkgs: tuple[str, ...] = ()
    modules: Path | None = None
    comps: Path | None = None
    updateinfo: Path | None = None
    module_hotfixes: bool = False
    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a source at one time: what one release is resolved from.

    `modules` are the module streams to enable, e.g. `nodejs:20`, and `platform` is the stream of the module
    `platform` that others require, e.g. `el9`.
    """

    name: str
    generated: datetime
    rpm_repos: tuple[RpmRepoMetadata, ...]
    modules: tuple[str, ...] = ()
    platform: str = ""


class Source(Protocol):
    """A package source. All calls leave whole files in the cache or nothing."""

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Bring the metadata up to date; return the snapshots that it offers, oldest first."""

    def kept(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return the verified RPM files of those packages that the cache has; nothing is fetched."""

    def fetch(self, packages: Sequence[Package]) -> dict[Package, Path]:
        """Return a verified RPM file for each package, downloading what the cache lacks."""
