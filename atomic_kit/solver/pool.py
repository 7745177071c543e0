"""The solver over all packages of some rpm_repos."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

import solv

from atomic_kit.errors import UnsolvableError
from atomic_kit.packages.lock import Lock, LockedPackage
from atomic_kit.packages.package_set import Package, PackageSet, Reason
from atomic_kit.solver.explain import explain
from atomic_kit.solver.facts import KINDS, NAMED, Facts
from atomic_kit.solver.formula import Ids
from atomic_kit.solver.request import Request

_NAMED = NAMED | solv.Selection.SELECTION_PROVIDES
_EXCLUDED = solv.Selection.SELECTION_NAME | solv.Selection.SELECTION_GLOB
# What dnf and rpm-ostree set (libdnf, dnf-goal: init_solver); libsolv's Python has no name for URPM_REORDER, 23.
_FLAGS = (
    solv.Solver.SOLVER_FLAG_ALLOW_ARCHCHANGE,
    solv.Solver.SOLVER_FLAG_ALLOW_VENDORCHANGE,
    solv.Solver.SOLVER_FLAG_KEEP_ORPHANS,
    solv.Solver.SOLVER_FLAG_BEST_OBEY_POLICY,
    solv.Solver.SOLVER_FLAG_YUM_OBSOLETES,
    23,
)
_SYSTEM = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request comes to: the packages' ids, and for each text that was asked for those that meet it."""

    chosen: Ids
    requested: Mapping[str, Ids]


class Pool(Facts):
    """All packages of some rpm_repos, ready to be solved over; a package is known by its id, an int."""

    @cached_property
    def _selected(self) -> Callable[[str], tuple[tuple[solv.Job, ...], Ids]]:
        return cache(self._select)

    def matching(self, text: str) -> Ids:
        """Return what a request's text can mean: packages of that name or, failing that, its providers."""
        return self._selected(text)[1]

    def solve(self, request: Request) -> PackageSet:
        """Return the package set for a request.

        Raises UnsolvableError with the smallest cause and its cures when something is provided by nothing or
        the set cannot be solved.
        """
        return self.package_set(self.answer(request))

    def answer(self, request: Request, *, in_words: bool = True) -> Answer:
        """Return the ids for a request; like `solve`, and several times as fast.

        Without `in_words` the error of a request that cannot be solved says nothing but that.
        """
        self.check_names(request)
        solver = self._solver(request)
        if solver.solve(self.jobs(request)):
            raise explain(self, request) if in_words else UnsolvableError([])
        chosen = frozenset(number for number in solver.raw_decisions() if number > _SYSTEM)
        return Answer(chosen, {text: self._selected(text)[1] & chosen for text in request.texts})

    def can_solve(self, request: Request) -> bool:
        """Say whether there is a package set for a request."""
        return not self._solver(request).solve(self.jobs(request))

    def reasons_against(self, request: Request) -> list[str]:
        """Return libsolv's reasons why there is no package set for a request, a sentence each."""
        solver = self._solver(request)  # its problems do not outlive it
        return list(dict.fromkeys(text for problem in solver.solve(self.jobs(request)) for text in _sentences(problem)))

    def accepts(self, chosen: Ids) -> bool:
        """Say whether a set of packages can stand as it is, nothing added and nothing left out."""
        jobs = [self._one_of([number], solv.Job.SOLVER_INSTALL) for number in sorted(chosen)]
        solver = self._solver(Request((), recommends=False))
        return not solver.solve(jobs) and {number for number in solver.raw_decisions() if number > _SYSTEM} == chosen

    def _solver(self, request: Request) -> solv.Solver:
        solver = self._pool.Solver()
        for flag in _FLAGS:
            solver.set_flag(flag, 1)
        solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, not request.recommends)
        return solver

    def check_names(self, request: Request) -> None:
        """Raise UnsolvableError naming everything that a request asks for and nothing provides."""
        missing = [text for text in request.texts if not self._selected(text)[1]]
        if missing:
            problems = [f"nothing provides {text!r}{self._similar(text)}" for text in missing]
            raise UnsolvableError(problems, hint="check the names and the rpm_repos")

    def jobs(self, request: Request) -> list[solv.Job]:
        """Return a request in libsolv's words."""
        jobs = [job for text in request.packages for job in self._selected(text)[0]]
        for rpm_repo, texts in request.from_rpm_repo:
            jobs += [job for text in texts for job in self._from_rpm_repo(text, rpm_repo)]
        for text in request.exclude:
            jobs += self._pool.select(text, _EXCLUDED).jobs(solv.Job.SOLVER_LOCK)
        return jobs + self._lock_jobs(request.lock) if request.lock else jobs

    def _from_rpm_repo(self, text: str, rpm_repo: str) -> list[solv.Job]:
        inside = [one for one in self._selection(text).solvables() if one.repo.name == rpm_repo]
        if not inside:
            raise UnsolvableError([f"rpm_repo {rpm_repo} has no {text!r}"], hint="check repo-packages")
        return [self._one_of([one.id for one in inside], solv.Job.SOLVER_INSTALL)]

    def _lock_jobs(self, lock: Lock) -> list[solv.Job]:
        """Return jobs that keep to a lock; raise UnsolvableError naming the locked packages that are not there."""
        found = {one: self._locked(one) for one in lock.packages.values()}
        if missing := [one for one, ids in found.items() if not ids]:
            problems = [f"{one} is locked ({one.place or 'by the lock'}), and no rpm_repo has it" for one in missing]
            raise UnsolvableError(problems, hint="take the rpm_repos of the lock's time, or make the lock anew")
        allowed = {number for ids in found.values() for number in ids}
        named = (self._named(name) for name in lock.packages)
        barred = set(self.ids() if lock.strict else (number for ids in named for number in ids)) - allowed
        jobs = [self._one_of(barred, solv.Job.SOLVER_LOCK)] if barred else []
        if lock.strict:
            jobs += [self._one_of(ids, solv.Job.SOLVER_INSTALL) for ids in found.values()]
        return jobs

    def _locked(self, locked: LockedPackage) -> Ids:
        return frozenset(number for number in self._named(locked.name) if locked.fits(self._as_locked(number)))

    def _as_locked(self, number: int) -> Package:
        """Return a package as a lock sees it; what is made on demand has no checksum before it is made."""
        package = self.package(number)
        return replace(package, checksum="") if package.rpm_repo in self._on_demand else package

    def _named(self, name: str) -> list[int]:
        return [one.id for one in self._pool.select(name, solv.Selection.SELECTION_NAME).solvables()]

    def _one_of(self, ids: Collection[int], how: int) -> solv.Job:
        many = self._pool.towhatprovides(sorted(ids))
        return self._pool.Job(how | solv.Job.SOLVER_SOLVABLE_ONE_OF, many)

    def _select(self, text: str) -> tuple[tuple[solv.Job, ...], Ids]:
        selection = self._selection(text)
        return tuple(selection.jobs(solv.Job.SOLVER_INSTALL)), frozenset(one.id for one in selection.solvables())

    def _selection(self, text: str) -> solv.Selection:
        return self._pool.select(text, _NAMED | (solv.Selection.SELECTION_FILELIST if text.startswith("/") else 0))

    def _similar(self, text: str) -> str:
        import difflib

        names = {solvable.name for solvable in self._pool.solvables_iter()}
        close = difflib.get_close_matches(text, names, n=3)
        return f"; did you mean {', '.join(close)}?" if close else ""

    def package_set(self, answer: Answer) -> PackageSet:
        """Return the packages of an answer with the reasons why each is there."""
        requested = {number for ids in answer.requested.values() for number in ids}
        kinds = {kind: self.wanted_by(answer.chosen, kind) for kind in KINDS}
        packages = []
        for number in answer.chosen:
            required = kinds["requires"].get(number)
            if number in requested:
                reason, wanted = Reason.REQUESTED, required or ()
            elif required:
                reason, wanted = Reason.REQUIRED, required
            else:
                wanted = kinds["recommends"].get(number, set()) | kinds["supplements"].get(number, set())
                reason = Reason.RECOMMENDED
            names = tuple(sorted({self.package(other).name for other in wanted}))
            packages.append(replace(self.package(number), reason=reason, required_by=names))
        return PackageSet(tuple(sorted(packages, key=lambda package: (package.name, package.arch))))


# Rules that only say what was asked for.
_STRUCTURE = (solv.Solver.SOLVER_RULE_JOB, solv.Solver.SOLVER_RULE_BEST, solv.Solver.SOLVER_RULE_UPDATE)


def _sentences(problem: solv.Problem) -> Iterator[str]:
    """Yield libsolv's reasons: the rule that cannot be kept, and the chain of requirements that leads to it."""
    infos = [info for rule in problem.findallproblemrules() for info in rule.allinfos()]
    for info in [info for info in infos if info.type not in _STRUCTURE] or infos:
        yield str(info.problemstr())
