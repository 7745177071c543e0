"""From rpm-md files to libsolv's pool.

Parsed metadata is kept beside the repository's as a .solv file, named by the digest of what it was parsed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import solv

from atomic_kit.errors import StepError
from atomic_kit.files import new_file
from atomic_kit.sources import RpmRepoMetadata

if TYPE_CHECKING:
    from atomic_kit.sources.modules import ModuleFilter

_SPEC = (
    solv.Selection.SELECTION_NAME
    | solv.Selection.SELECTION_GLOB
    | solv.Selection.SELECTION_CANON
    | solv.Selection.SELECTION_DOTARCH
)


def load_pool(
    rpm_repos: Sequence[RpmRepoMetadata], arch: str, *, modules: Sequence[str] = (), platform: str = ""
) -> solv.Pool:
    """Return a pool of all packages of some rpm_repos that fit an architecture and that nothing hides.

    Raises StepError when metadata cannot be read, InputError for `modules` that cannot be enabled.
    """
    pool = solv.Pool()
    pool.setdisttype(solv.Pool.DISTTYPE_RPM)
    pool.setarch(arch)
    # As Fedora builds libsolv: a package of another word size is no rival of one with its name.
    pool.set_flag(solv.Pool.POOL_FLAG_OBSOLETEUSESCOLORS, 1)
    pool.set_flag(solv.Pool.POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1)
    loaded = [(metadata, _load(pool, metadata)) for metadata in rpm_repos]
    pool.addfileprovides()
    pool.createwhatprovides()
    excluded = _excluded(pool, loaded)
    if any(metadata.modules for metadata in rpm_repos) or modules:
        from atomic_kit.solver.module_cache import cached_module_filter

        excluded |= _hidden(pool, loaded, cached_module_filter(rpm_repos, modules, platform=platform, arch=arch))
    if excluded:
        pool.set_considered_list([one.id for one in pool.solvables_iter() if one.id not in excluded])
        pool.createwhatprovides()
    return pool


def _excluded(pool: solv.Pool, rpm_repos: Iterable[tuple[RpmRepoMetadata, solv.Repo]]) -> set[int]:
    """Return the packages that excludepkgs, or includepkgs by leaving them out, take away."""
    excluded: set[int] = set()
    for metadata, repo in rpm_repos:
        if metadata.includepkgs:
            excluded |= {one.id for one in repo.solvables_iter()} - _matching(pool, repo, metadata.includepkgs)
        excluded |= _matching(pool, repo, metadata.excludepkgs)
    return excluded


def _hidden(pool: solv.Pool, rpm_repos: Iterable[tuple[RpmRepoMetadata, solv.Repo]], modules: ModuleFilter) -> set[int]:
    """Return the packages that module streams take away."""
    rivals = {one.id for name in modules.active_names for one in pool.whatprovides(pool.Dep(name))}
    hidden: set[int] = set()
    for metadata, repo in rpm_repos:
        for one in repo.solvables_iter() if not metadata.module_hotfixes else ():
            epoch = "" if ":" in one.evr else "0:"
            nevra = f"{one.name}-{epoch}{one.evr}.{one.arch}"
            if nevra in modules.excluded_nevras or (one.id in rivals and nevra not in modules.active_nevras):
                hidden.add(one.id)
    return hidden


def _matching(pool: solv.Pool, repo: solv.Repo, specs: Iterable[str]) -> set[int]:
    return {one.id for spec in specs for one in pool.select(spec, _SPEC).solvables() if one.repo == repo}


def _load(pool: solv.Pool, metadata: RpmRepoMetadata) -> solv.Repo:
    repo = pool.add_repo(metadata.id)
    repo.priority, repo.subpriority = 100 - metadata.priority, -metadata.cost
    cached = metadata.primary.parent / f"{metadata.digest[:32]}.solv"
    if cached.is_file():
        with _opened(cached) as file:
            if repo.add_solv(file):
                return repo
        repo.empty()
    with _opened(metadata.primary) as file:
        if not repo.add_rpmmd(file, None, 0):
            raise StepError(
                f"the metadata of rpm_repo {metadata.id} cannot be read ({pool.errstr})",
                hint=f"delete {metadata.primary.parent} and run again",
            )
    if metadata.filelists is not None:
        with _opened(metadata.filelists) as file:
            repo.add_rpmmd(file, "FL", solv.Repo.REPO_EXTEND_SOLVABLES)
    _keep(repo, cached)
    return repo


def _keep(repo: solv.Repo, cached: Path) -> None:
    """Write what was parsed beside the metadata; where nothing can be written it is parsed again the next time."""
    with suppress(OSError), new_file(cached) as part:
        part.touch()
        file = solv.xfopen(str(part), "w")
        repo.write(file)
        file.close()


class _opened:  # noqa: N801 - reads as a verb where it is used
    """An open file in libsolv's own type, which has no context manager."""

    def __init__(self, path: Path) -> None:
        self._file = solv.xfopen(str(path))
        if self._file is None:
            raise StepError(f"{path} cannot be opened", hint="run again to fetch it")

    def __enter__(self) -> solv.SolvFp:
        return self._file

    def __exit__(self, *_: object) -> None:
        self._file.close()
