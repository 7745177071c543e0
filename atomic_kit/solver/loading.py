"""From rpm-md files to libsolv's pool.

Parsed metadata is kept beside the repository's as a .solv file, named by the digest of what it was parsed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import solv

from atomic_kit.errors import StepError
from atomic_kit.files import new_file
from atomic_kit.sources import RpmRepoMetadata

_SPEC = (
    solv.Selection.SELECTION_NAME
    | solv.Selection.SELECTION_GLOB
    | solv.Selection.SELECTION_CANON
    | solv.Selection.SELECTION_DOTARCH
)


def load_pool(rpm_repos: Sequence[RpmRepoMetadata], arch: str) -> solv.Pool:
    """Return a pool of all packages of some rpm_repos that fit an architecture.

    Raises StepError when metadata cannot be read.
    """
    pool = solv.Pool()
    pool.setdisttype(solv.Pool.DISTTYPE_RPM)
    pool.setarch(arch)
    # As Fedora builds libsolv: a package of another word size is no rival of one with its name.
    pool.set_flag(solv.Pool.POOL_FLAG_OBSOLETEUSESCOLORS, 1)
    pool.set_flag(solv.Pool.POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1)
    loaded = [_load(pool, metadata) for metadata in rpm_repos]
    pool.addfileprovides()
    pool.createwhatprovides()
    if excluded := _excluded(pool, list(zip(rpm_repos, loaded, strict=True))):
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
    with new_file(cached) as part:
        file = solv.xfopen(str(part), "w")
        repo.write(file)
        file.close()
    return repo


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
