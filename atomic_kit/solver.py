"""The solver: libsolv over rpm-md metadata.

A pool is loaded once for a list of rpm_repos and answers any number of requests. Parsed metadata is kept
beside the repository's as a .solv file, named by the digest of what it was parsed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import solv

from atomic_kit.errors import StepError, UnsolvableError
from atomic_kit.files import new_file
from atomic_kit.packages.package_set import Package, PackageSet, Reason
from atomic_kit.sources import RpmRepoMetadata

_REQUIREMENTS = (solv.SOLVABLE_REQUIRES, solv.SOLVABLE_RECOMMENDS)
_WITH_PREREQUISITES = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What to solve for: names, NEVRAs, paths or capabilities, and whether weak dependencies count."""

    packages: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    recommends: bool = True


class Pool:
    """All packages of some rpm_repos, ready to be solved over."""

    def __init__(self, rpm_repos: Sequence[RpmRepoMetadata], *, arch: str = "x86_64") -> None:
        self._pool = solv.Pool()
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self._pool.setarch(arch)
        for metadata in rpm_repos:
            _load(self._pool, metadata)
        self._pool.addfileprovides()
        self._pool.createwhatprovides()

    def __len__(self) -> int:
        return sum(repo.nsolvables for repo in self._pool.repos)

    def solve(self, request: Request) -> PackageSet:
        """Return the package set for a request.

        Raises UnsolvableError with libsolv's reasons when something is provided by nothing or the set
        cannot be solved.
        """
        selections = [self._selection(text) for text in request.packages]
        jobs = [job for one in selections for job in one.jobs(solv.Job.SOLVER_INSTALL)]
        jobs += [job for text in request.exclude for job in self._exclusions(text)]
        solver = self._pool.Solver()
        solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, not request.recommends)
        if problems := solver.solve(jobs):
            raise UnsolvableError([str(problem) for problem in problems], hint=_cure(problems))
        chosen = solver.transaction().newsolvables()
        requested = {solvable.id for one in selections for solvable in one.solvables()}
        packages = self._packages(chosen, requested)
        return PackageSet(tuple(sorted(packages, key=lambda package: (package.name, package.arch))))

    def _selection(self, text: str) -> solv.Selection:
        flags = (
            solv.Selection.SELECTION_NAME
            | solv.Selection.SELECTION_PROVIDES
            | solv.Selection.SELECTION_CANON
            | solv.Selection.SELECTION_DOTARCH
            | solv.Selection.SELECTION_REL
            | (solv.Selection.SELECTION_FILELIST if text.startswith("/") else 0)
        )
        selection = self._pool.select(text, flags)
        if selection.isempty():
            raise UnsolvableError([f"nothing provides {text!r}"], hint=self._similar(text))
        return selection

    def _exclusions(self, text: str) -> list[solv.Job]:
        selection = self._pool.select(text, solv.Selection.SELECTION_NAME | solv.Selection.SELECTION_GLOB)
        return list(selection.jobs(solv.Job.SOLVER_LOCK))

    def _similar(self, text: str) -> str:
        import difflib

        names = {solvable.name for solvable in self._pool.solvables_iter()}
        close = difflib.get_close_matches(text, names, n=3)
        return f"did you mean {', '.join(close)}?" if close else "check the name and the rpm_repos"

    def _packages(self, chosen: Iterable[solv.XSolvable], requested: set[int]) -> list[Package]:
        inside = {solvable.id: solvable for solvable in chosen}
        required, recommended = (self._wanted_by(inside, key) for key in _REQUIREMENTS)
        packages = []
        for number, solvable in inside.items():
            if number in requested:
                reason, wanted_by = Reason.REQUESTED, tuple(sorted(required.get(number, ())))
            elif required.get(number):
                reason, wanted_by = Reason.REQUIRED, tuple(sorted(required[number]))
            else:
                reason, wanted_by = Reason.RECOMMENDED, tuple(sorted(recommended.get(number, ())))
            packages.append(_package(solvable, reason, wanted_by))
        return packages

    def _wanted_by(self, inside: dict[int, solv.XSolvable], key: int) -> dict[int, set[str]]:
        """Map each chosen package to the names of those whose requirements it meets."""
        wanted: dict[int, set[str]] = {}
        for solvable in inside.values():
            for dependency in solvable.lookup_deparray(key, _WITH_PREREQUISITES):
                for provider in self._pool.whatprovides(dependency):
                    if provider.id in inside and provider.id != solvable.id:
                        wanted.setdefault(provider.id, set()).add(solvable.name)
        return wanted


def _load(pool: solv.Pool, metadata: RpmRepoMetadata) -> None:
    repo = pool.add_repo(metadata.id)
    repo.priority = 100 - metadata.priority
    cached = metadata.primary.parent / f"{metadata.digest[:32]}.solv"
    if cached.is_file():
        with _opened(cached) as file:
            if repo.add_solv(file):
                return
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


def _package(solvable: solv.XSolvable, reason: Reason, required_by: tuple[str, ...]) -> Package:
    epoch, _, rest = solvable.evr.rpartition(":")
    version, _, release = rest.rpartition("-")
    checksum = solvable.lookup_checksum(solv.SOLVABLE_CHECKSUM)
    return Package(
        name=solvable.name,
        epoch=int(epoch or 0),
        version=version,
        release=release,
        arch=solvable.arch,
        install_size=solvable.lookup_num(solv.SOLVABLE_INSTALLSIZE),
        download_size=solvable.lookup_num(solv.SOLVABLE_DOWNLOADSIZE),
        license=solvable.lookup_str(solv.SOLVABLE_LICENSE) or "",
        source=solvable.lookup_sourcepkg() or "",
        vendor=solvable.vendor or "",
        rpm_repo=solvable.repo.name,
        location=solvable.lookup_location()[0] or "",
        checksum=f"{checksum.typestr()}:{checksum.hex()}" if checksum else "",
        summary=solvable.lookup_str(solv.SOLVABLE_SUMMARY) or "",
        reason=reason,
        required_by=required_by,
    )


def _cure(problems: Sequence[solv.Problem]) -> str:
    """Return libsolv's first suggestion in words."""
    for problem in problems:
        for solution in problem.solutions():
            for element in solution.elements(True):
                return str(element.str())
    return "change the requests"
