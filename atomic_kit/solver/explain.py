"""Why a request cannot be solved: the chain of reasons, the smallest cause, and what cures it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Protocol

from atomic_kit.errors import UnsolvableError
from atomic_kit.solver.request import Request

_PAIRS_UP_TO = 120  # requests; beyond that a cause of three that nothing can be left out of is good enough
_WORTH_TELLING = 8  # leaving out more than these is another host


class Solver(Protocol):
    """What answers, in milliseconds, whether a request can be solved."""

    def can_solve(self, request: Request) -> bool:
        """Say whether there is a package set for a request."""

    def reasons_against(self, request: Request) -> list[str]:
        """Return the reasons why there is none, a sentence each."""


def explain(solver: Solver, request: Request) -> UnsolvableError:
    """Return the error for a request that has no solution."""
    cause = smallest_cause(solver, request)
    words = (*cause.texts, *(f"{text} excluded" for text in cause.exclude))
    if request.lock is not None and solver.can_solve(replace(cause, lock=None)):
        words = (*words, "the lock")
    return UnsolvableError(solver.reasons_against(cause), cause=words, cures=tuple(_cures(solver, request)))


def smallest_cause(solver: Solver, request: Request) -> Request:
    """Return the fewest texts and exclusions of a request that cannot be solved together.

    One or two texts are found whenever they exist; a larger cause is one from which nothing can be left out.
    """

    def fails(texts: Sequence[str]) -> bool:
        return not solver.can_solve(_asking(request, texts))

    def fails_without(exclude: Sequence[str]) -> bool:
        return not solver.can_solve(replace(narrow, exclude=tuple(exclude)))

    narrow = _asking(request, _fewest(request.texts, fails))
    return replace(narrow, exclude=_no_surplus(request.exclude, fails_without))


def _fewest(texts: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    if fails(()):
        return ()
    if alone := next(((text,) for text in texts if fails((text,))), None):
        return alone
    cause = _no_surplus(texts, fails)
    if len(cause) <= 2 or len(texts) > _PAIRS_UP_TO:
        return cause
    return next((pair for pair in combinations(texts, 2) if fails(pair)), cause)


def _no_surplus(texts: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    kept = tuple(texts)
    for text in texts:
        fewer = tuple(other for other in kept if other != text)
        if fails(fewer):
            kept = fewer
    return kept


def _asking(request: Request, texts: Sequence[str]) -> Request:
    """Return a request for some of its texts."""
    kept = {rpm_repo: tuple(text for text in asked if text in texts) for rpm_repo, asked in request.from_rpm_repo}
    return replace(
        request,
        packages=tuple(text for text in request.packages if text in texts),
        from_rpm_repo=tuple((rpm_repo, asked) for rpm_repo, asked in kept.items() if asked),
    )


def _cures(solver: Solver, request: Request) -> Iterator[str]:
    """Yield changes after which the whole request can be solved: each has been tried."""

    def asking(texts: Sequence[str]) -> bool:
        return bool(texts) and solver.can_solve(_asking(request, texts))

    def excluding(texts: Sequence[str]) -> bool:
        return solver.can_solve(replace(request, exclude=tuple(texts)))

    yield from (f"not asking for {words}" for words in _leaving_out(request.texts, asking))
    yield from (f"not excluding {words}" for words in _leaving_out(request.exclude, excluding))


def _leaving_out(texts: Sequence[str], works: Callable[[Sequence[str]], bool]) -> Iterator[str]:
    """Yield every text without which it works, or else some that together do, if there are any."""
    alone = [text for text in texts if works([other for other in texts if other != text])]
    yield from alone
    if alone or not texts:
        return
    kept: list[str] = []
    for text in texts:
        if works([*kept, text]):
            kept.append(text)
    left_out = [text for text in texts if text not in kept]
    if len(left_out) <= _WORTH_TELLING and works(kept):
        yield " and ".join(left_out)
