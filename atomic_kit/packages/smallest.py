"""The smallest package set that provides given capabilities, as an integer program solved by HiGHS.

A variable a package; a constraint for every requirement, conflict, obsolete and name of which only one may be in.
Weak dependencies do not count. What is found is held against libsolv before it is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import highspy

from atomic_kit.errors import StepError
from atomic_kit.packages.package_set import PackageSet
from atomic_kit.solver import Answer, Pool, Request
from atomic_kit.solver.formula import Clause, Ids

Measure = Literal["install_size", "download_size", "packages"]


@dataclass(frozen=True, slots=True)
class Smallest:
    """The best set that was found.

    `size` is its measure (bytes, or packages), `bound` what no set can be below, `gap` the difference of both as
    a share of `size`: 0 means that the answer is exact. `considered` counts the packages that could play a part.
    """

    package_set: PackageSet
    size: int
    bound: int
    gap: float
    considered: int

    @property
    def is_exact(self) -> bool:
        """Whether no smaller set exists."""
        return self.gap == 0


def smallest_set(
    pool: Pool,
    capabilities: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    any_version: bool = False,
    measure: Measure = "install_size",
    seconds: float = 60,
) -> Smallest:
    """Return the smallest set in which each capability (name, path or what is provided) is provided.

    Of each package only the version counts that the solver prefers, unless there is no set of these or older ones
    are asked for by `any_version`: they are often smaller. Ends after `seconds` with the best set so far and its
    gap. Raises UnsolvableError when there is no set, StepError when none was found in time.
    """
    request = Request(tuple(capabilities), exclude=tuple(exclude), recommends=False)
    pool.answer(request)  # in words, if there is no set at all
    wanted = {text: pool.matching(text) for text in capabilities}
    reachable = _reachable(pool, wanted.values(), pool.excluded(exclude))
    if not any_version and pool.can_solve(request, only=(newest := pool.newest(reachable))):
        reachable = newest
    weights = {number: _weight(pool, number, measure) for number in sorted(reachable)}
    chosen, bound = _minimise(weights, _constraints(pool, wanted.values(), reachable), seconds)
    answer = Answer(frozenset(chosen), {text: ids & frozenset(chosen) for text, ids in wanted.items()})
    if not pool.accepts(answer.chosen):
        raise StepError("libsolv refuses the smallest set that was found", hint="please report the request")
    size = sum(weights[number] for number in chosen)
    gap = max(0.0, (size - bound) / size) if size else 0.0
    return Smallest(pool.package_set(answer), size, bound, gap, len(reachable))


def _weight(pool: Pool, number: int, measure: Measure) -> int:
    return 1 if measure == "packages" else int(getattr(pool.package(number), measure))


def _reachable(pool: Pool, wanted: Iterable[Ids], banned: Ids) -> Ids:
    """Return the packages that can play a part: providers of what is wanted, of what they require, and so on."""
    new = {number for ids in wanted for number in ids} - banned
    found: set[int] = set()
    while new:
        found |= new
        needed = (
            other
            for number in new
            for relation in pool.relations(number)
            if relation.kind == "requires"
            for positive, _ in relation.formula.clauses()
            for other in positive
        )
        new = set(needed) - found - banned
    return frozenset(found)


def _constraints(pool: Pool, wanted: Iterable[Ids], reachable: Ids) -> Iterator[tuple[int | None, Clause]]:
    """Yield clauses, each with the package on whose being in it depends (None: always)."""
    for ids in wanted:
        yield None, (ids, frozenset())
    names: dict[str, list[int]] = {}
    for number in sorted(reachable):
        names.setdefault(pool.package(number).name, []).append(number)
        for relation in pool.relations(number):
            if relation.kind == "requires":
                for clause in relation.formula.clauses():
                    yield number, clause
        for relation in pool.rivals(number):
            for clause in relation.formula.clauses(negated=True):
                yield number, clause
    for same in names.values():
        for place, number in enumerate(same):
            for other in same[place + 1 :]:
                if not pool.may_stand_together(number, other):
                    yield number, (frozenset(), frozenset((other,)))


class _Program(highspy.Highs):
    """HiGHS without its banner, asked for exact answers."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the first thing that it does, and the banner comes with it
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]

    def limit(self, seconds: float) -> None:
        """Set how long it may take, and that no gap is small enough."""
        for option, value in {"time_limit": float(seconds), "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}.items():
            self.setOptionValue(option, value)


def _minimise(
    weights: Mapping[int, int], constraints: Iterable[tuple[int | None, Clause]], seconds: float
) -> tuple[list[int], int]:
    """Return the chosen packages and the bound."""
    program = _Program()  # type: ignore[no-untyped-call]
    program.limit(seconds)
    places = {number: place for place, number in enumerate(weights)}
    # Floats hold bytes divided by a power of two exactly, and HiGHS prefers numbers that are not huge.
    unit = 1 if max(weights.values(), default=0) < 1024 else 1024
    program.addVars(len(weights), [0.0] * len(weights), [1.0] * len(weights))
    for number, place in places.items():
        program.changeColIntegrality(place, highspy.HighsVarType.kInteger)
        program.changeColCost(place, weights[number] / unit)
    for owner, (wanted, unwanted) in constraints:
        _add_row(program, places, owner, wanted, unwanted)
    program.run()
    info = program.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise StepError(f"no set was found within {seconds:g} s", hint="give more time")
    values = program.getSolution().col_value
    chosen = [number for number, place in places.items() if values[place] > 0.5]
    size = sum(weights[number] for number in chosen)
    exact = program.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return chosen, size if exact else min(size, round(info.mip_dual_bound * unit))


def _add_row(program: highspy.Highs, places: Mapping[int, int], owner: int | None, wanted: Ids, unwanted: Ids) -> None:
    """Add: of `wanted` one is in or of `unwanted` one is not, if `owner` is in."""
    terms: dict[int, float] = {}
    needed = 1.0
    for number in sorted(wanted):
        if number in places:
            terms[places[number]] = terms.get(places[number], 0) + 1
    for number in sorted(unwanted):
        if number not in places:
            return  # it is never in, so the clause always holds
        terms[places[number]] = terms.get(places[number], 0) - 1
        needed -= 1
    if owner is not None:
        terms[places[owner]] = terms.get(places[owner], 0) - 1
        needed -= 1
    program.addRow(needed, highspy.kHighsInf, len(terms), list(terms), list(terms.values()))
