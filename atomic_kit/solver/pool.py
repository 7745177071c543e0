"""The solver over all packages of some rpm_repos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import solv

from atomic_kit.errors import UnsolvableError
from atomic_kit.packages.package_set import PackageSet, Reason
from atomic_kit.solver.explain import explain
from atomic_kit.solver.facts import KINDS, turned
from atomic_kit.solver.formula import Ids
from atomic_kit.solver.jobs import INSTALL, Requests
from atomic_kit.solver.request import Request

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


class Pool(Requests):
    """All packages of some rpm_repos, ready to be solved over; a package is known by its id, an int."""

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
        return Answer(chosen, {text: self.matching(text) & chosen for text in request.texts})

    def can_solve(self, request: Request, *, only: Ids | None = None) -> bool:
        """Say whether there is a package set for a request, with `only` one out of these packages."""
        jobs = self.jobs(request)
        if only is not None and (others := frozenset(self.ids()) - only):
            jobs.append(self.one_of(others, solv.Job.SOLVER_LOCK))
        return not self._solver(request).solve(jobs)

    def reasons_against(self, request: Request) -> list[str]:
        """Return the reasons why there is no package set for a request, a sentence each."""
        if conflicts := self.conflict_of(request):
            return conflicts
        solver = self._solver(request)  # its problems do not outlive it
        return list(dict.fromkeys(text for problem in solver.solve(self.jobs(request)) for text in _sentences(problem)))

    def accepts(self, chosen: Ids) -> bool:
        """Say whether a set of packages can stand as it is, nothing added and nothing left out."""
        jobs = [self.one_of([number], INSTALL) for number in sorted(chosen)]
        solver = self._solver(Request((), recommends=False))
        return not solver.solve(jobs) and {number for number in solver.raw_decisions() if number > _SYSTEM} == chosen

    def _solver(self, request: Request) -> solv.Solver:
        solver = self._pool.Solver()
        for flag in _FLAGS:
            solver.set_flag(flag, 1)
        solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, not request.recommends)
        return solver

    def package_set(self, answer: Answer) -> PackageSet:
        """Return the packages of an answer with the reasons why each is there."""
        requested = {number for ids in answer.requested.values() for number in ids}
        kinds = {kind: self.wanted_by(answer.chosen, kind) for kind in KINDS}
        kinds["supplements"] = turned(kinds["supplements"])  # who supplements is asked in by what it supplements
        packages = []
        for number in answer.chosen:
            required = kinds["requires"].get(number)
            if number in requested:
                reason, wanted = Reason.REQUESTED, required or ()
            elif required:
                reason, wanted = Reason.REQUIRED, required
            else:
                wanted = kinds["recommends"].get(number, set()) | kinds["supplements"].get(number, set())
                reason = Reason.RECOMMENDED if wanted else Reason.CHOSEN
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
