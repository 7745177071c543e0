"""What one asks about: a request over the packages of a source, from a release line or spelled out as for dnf."""

from __future__ import annotations

import os
import re
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
from atomic_kit.sources import MODULE_STREAM, Snapshot, Source
from atomic_kit.sources.arches import basearch_of, solver_arch
from atomic_kit.sources.rpmmd import RpmMdSource

if TYPE_CHECKING:
    from atomic_kit.parameters import Parameters
    from atomic_kit.rpm_repos import RpmRepo
    from atomic_kit.treefile import Treefile

_STREAM = re.compile(rf"@({MODULE_STREAM})(?:/[A-Za-z0-9_.+-]*)?")


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


def ask_line(
    line: Parameters,
    *,
    snapshot: str = "",
    recommends: bool | None = None,
    refresh: bool = True,
    offline: bool = False,
) -> Question:
    """Return what a release line asks for over a snapshot of its source, by default the newest.

    Without `refresh` the metadata that is here is used, and what is missing is fetched; `offline` it is a StepError.
    """
    from atomic_kit.packages.resolve import line_lock
    from atomic_kit.sources.opening import open_source
    from atomic_kit.treefile import load_treefile

    treefile = _told(load_treefile(line.treefile, basearch=line.arch))
    source = open_source(line, refresh=refresh, offline=offline)
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
    treefile: Path | Treefile | None = None,
    names: Sequence[str] = (),
    exclude: Sequence[str] = (),
    lockfiles: Sequence[Path] = (),
    strict: bool = True,
    arch: str = "x86_64",
    releasever: str = "",
    modules: Sequence[str] = (),
    recommends: bool | None = None,
    cache: Path | None = None,
    refresh: bool = True,
    offline: bool = False,
) -> Question:
    """Return what names, or a treefile, ask for over rpm_repos, as `dnf install` would be asked.

    `releasever`, by default the treefile's, says which platform modules may require. `modules` are streams to enable;
    so does a name `@NAME:STREAM`, whose profiles are not read. Without `cache` the metadata is kept where the user's
    caches are. Without `refresh` what is there is used, and what is missing is fetched; `offline` it is a StepError.
    Raises InputError when nothing is named.
    """
    if not names and treefile is None:
        raise InputError("nothing is asked for", hint="name packages, or give --treefile FILE")
    read = read_treefile(treefile, arch=arch) if isinstance(treefile, Path) else treefile
    request = request_of(read) if read else Request(())
    packages, streams = _streams_apart((*request.packages, *names))
    request = replace(request, packages=packages, exclude=(*request.exclude, *exclude))
    request = _locked(request, lockfiles, strict=strict)
    releasever = releasever or (read.releasever if read else "")
    platform = f"el{releasever.partition('.')[0]}" if releasever else ""
    modules, cache = tuple(dict.fromkeys((*modules, *streams))), cache or user_cache()
    source = RpmMdSource(cache, rpm_repos, refresh=refresh, offline=offline, modules=modules, platform=platform)
    snapshot = source.snapshots()[-1]
    return _question(source, snapshot, request, treefile=read, recommends=recommends, arch=solver_arch(arch))


def read_treefile(path: Path, *, arch: str) -> Treefile:
    """Return the treefile that one asks about on a machine of an architecture; it needs no ref. Warnings are told."""
    from atomic_kit.treefile import load_treefile

    return _told(load_treefile(path, basearch=basearch_of(arch), composed=False))


def _locked(request: Request, lockfiles: Sequence[Path], *, strict: bool) -> Request:
    if not lockfiles:
        return request
    from atomic_kit.packages.lock_file import read_lock

    return replace(request, lock=read_lock(lockfiles, strict=strict))


def _streams_apart(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names without those of module streams (`@nodejs:20`, `@nodejs:20/common`), and the streams.

    dnf would install the packages of a profile, which nothing here reads. Raises InputError when no other is left.
    """
    found = {name: match[1] for name in names if (match := _STREAM.fullmatch(name))}
    if not found:
        return tuple(names), ()
    said, cure = f"the profiles of {', '.join(found)} are not read", "by --module and the packages themselves"
    if len(found) == len(set(names)):
        raise InputError(said, hint=f"name the stream {cure}")
    note(f"warning: {said}, only the stream is enabled; name it {cure}")
    return tuple(name for name in names if name not in found), tuple(found.values())


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
