"""Rich requirements: how they read, when they hold, and that their clauses say the same."""

from __future__ import annotations

from itertools import combinations

import pytest

from atomic_kit.solver.formula import Formula, parse

IDS = {"a": {1}, "b": {2}, "c": {3}, "d": {4}, "ab": {1, 2}, "libx.so.1()(64bit)": {3}, "b >= 2:1": {2}}


def read(text: str) -> Formula:
    return parse(text, lambda name: frozenset(IDS.get(name, ())))


def subsets() -> list[frozenset[int]]:
    return [frozenset(some) for count in range(5) for some in combinations((1, 2, 3, 4), count)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a", lambda s: 1 in s),
        ("(a and b)", lambda s: {1, 2} <= s),
        ("(a and b and c)", lambda s: {1, 2, 3} <= s),
        ("(a or b or nothing)", lambda s: bool({1, 2} & s)),
        ("(a if b)", lambda s: 1 in s or 2 not in s),
        ("(a if b else c)", lambda s: 1 in s if 2 in s else 3 in s),
        ("(a unless b)", lambda s: 1 in s and 2 not in s),
        ("(a unless b else c)", lambda s: 3 in s if 2 in s else 1 in s),
        ("(ab with b)", lambda s: 2 in s),
        ("(ab without b)", lambda s: 1 in s),
        ("((a or b) and (c if d))", lambda s: bool({1, 2} & s) and (3 in s or 4 not in s)),
        ("(a if (b or c))", lambda s: 1 in s or not {2, 3} & s),
        ("(libx.so.1()(64bit) if b >= 2:1)", lambda s: 3 in s or 2 not in s),
    ],
)
def test_a_formula_and_its_clauses_hold_for_the_same_sets(text: str, holds: object) -> None:
    formula = read(text)
    for some in subsets():
        assert formula.holds(some) == holds(some), some  # type: ignore[operator]
        for negated in (False, True):
            clauses = formula.clauses(negated=negated)
            satisfied = all(wanted & some or unwanted - some for wanted, unwanted in clauses)
            assert satisfied == (formula.holds(some) != negated), (some, negated, clauses)


def test_what_a_condition_leads_to_depends_on_it() -> None:
    assert read("(a if b)").leads_to({1, 3}) == frozenset()
    assert read("(a if b)").leads_to({1, 2}) == {1}


@pytest.mark.parametrize("text", ["(a", "(a b)", "(a xor b)", "(a and b or c)", "(a if b) c", "(a if b if c)"])
def test_what_rpm_would_not_accept_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\(a"):
        read(text)
