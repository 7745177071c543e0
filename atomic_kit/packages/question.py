"""What one asks about: a request over the packages of a source, from a release line or spelled out as for dnf."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from atomic_kit.errors import InputError
from atomic_kit.packages.graph import RequirementGraph
from atomic_kit.packages.resolve import named_rpm_repos, open_pool, request_of
from atomic_kit.progress import note
from atomic_kit.solver import Answer, Pool, Request
from atomic_kit.sources import Snapshot, Source
from atomic_kit.sources.rpmmd import RpmMdSource

if TYPE_CHECKING:
    from atomic_kit.parameters import Parameters
    from atomic_kit.rpm_repos import RpmRepo
    from atomic_kit.treefile import Treefile


@dataclass(frozen=True)
class Question:
    """A request and the packages that it can be answered with.

    `treefile` is None when packages were named instead.
    """

    source: Source
    snapshot: Snapshot
    pool: Pool
    request: Request
    treefile: Treefile | None = None

    @cached_property
    def answer(self) -> Answer:
        """The packages as they are now; raises UnsolvableError when there is no set."""
        return self.pool.answer(self.request)

    @cached_property
    def graph(self) -> RequirementGraph:
        """Who needs whom in the answer."""
        return RequirementGraph(self.pool, self.answer)


def ask_line(line: Parameters, *, snapshot: str = "", recommends: bool | None = None, refresh: bool = True) -> Question:
    """Return what a release line asks for over a snapshot of its source, by default the newest.

    Without `refresh` the metadata that is here is used.
    """
    from atomic_kit.packages.resolve import line_lock
    from atomic_kit.sources.opening import open_source
    from atomic_kit.treefile import load_treefile

    treefile = _told(load_treefile(line.treefile, basearch=line.arch))
    source = open_source(line, refresh=refresh)
    offered = {one.name: one for one in source.snapshots()}
    chosen = offered.get(snapshot or list(offered)[-1])
    if chosen is None:
        raise InputError(f"{line.title} has no snapshot {snapshot!r}", hint=f"known: {', '.join(offered)}")
    return _question(
        source, chosen, request_of(treefile, lock=line_lock(line)), treefile=treefile, recommends=recommends
    )


def ask_rpm_repos(
    rpm_repos: Sequence[RpmRepo],
    *,
    treefile: Path | None = None,
    names: Sequence[str] = (),
    exclude: Sequence[str] = (),
    lockfiles: Sequence[Path] = (),
    strict: bool = True,
    arch: str = "x86_64",
    releasever: str = "",
    recommends: bool | None = None,
    cache: Path | None = None,
    refresh: bool = True,
) -> Question:
    """Return what names, or a treefile, ask for over rpm_repos, as `dnf install` would be asked.

    Without `cache` the metadata is kept where the user's caches are. Raises InputError when nothing is named.
    """
    if not names and treefile is None:
        raise InputError("nothing is asked for", hint="name packages, or give --treefile FILE")
    request, read = Request(()), None
    if treefile is not None:
        from atomic_kit.treefile import load_treefile

        read = _told(load_treefile(treefile, basearch=arch, composed=False))
        request = request_of(read)
    request = replace(request, packages=(*request.packages, *names), exclude=(*request.exclude, *exclude))
    if lockfiles:
        from atomic_kit.packages.lock_file import read_lock

        request = replace(request, lock=read_lock(lockfiles, strict=strict))
    platform = f"el{releasever.partition('.')[0]}" if releasever else ""
    source = RpmMdSource(cache or user_cache(), rpm_repos, refresh=refresh, platform=platform)
    return _question(source, source.snapshots()[-1], request, treefile=read, recommends=recommends, arch=arch)


def _question(
    source: Source,
    snapshot: Snapshot,
    request: Request,
    *,
    treefile: Treefile | None,
    recommends: bool | None,
    arch: str | None = None,
) -> Question:
    if treefile is not None:
        snapshot = named_rpm_repos(treefile, snapshot)
    pool = open_pool(snapshot, arch=arch or (treefile.basearch if treefile else "x86_64"))
    if recommends is not None:
        request = replace(request, recommends=recommends)
    return Question(source, snapshot, pool, request, treefile)


def _told(treefile: Treefile) -> Treefile:
    for warning in treefile.warnings:
        note(f"warning: {warning}")
    return treefile


def user_cache() -> Path:
    """Return the folder that keeps metadata and packages which belong to no release line."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "atomic-kit" / "rpm-md"
