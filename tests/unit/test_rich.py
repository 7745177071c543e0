"""Rich dependencies: what libsolv would drop without a word is told apart from what it reads."""

from __future__ import annotations

from random import Random

import pytest

from atomic_kit.solver.formula import parse
from atomic_kit.sources.rich import rich_fault

GOOD = (
    "(a)",
    "(a and b)",
    "( a and b and c )",
    "(a >= 1:2-3 or b<2)",
    "(a if b)",
    "(a if b else c)",
    "(a unless (b or c) else d)",
    "(perl(Foo::Bar) >= 1 with perl(Foo::Bar) < 2)",
    "((a or b) without c)",
    "((((a and b) if c) or d) and (e if f))",
    "(lib.so()(64bit) and b)",
    "(and and or)",
)
BAD = (
    ("(lib and", "its brackets are not closed"),
    ("(lib", "its brackets are not closed"),
    ("(", "its brackets are not closed"),
    ("()", "a name is missing"),
    ("(a and )", "a name is missing"),
    ("(a foo b)", "'foo' is no operator"),
    ("(a b)", "'b' is no operator"),
    ("(a >= )", "a name is missing"),
    ("(a and b or c)", "and and or cannot stand so in one bracket"),
    ("(a if b if c)", "if and if cannot stand so in one bracket"),
    ("(a else b)", "else cannot stand so in one bracket"),
    ("(a without b without c)", "without and without cannot stand so in one bracket"),
    ("(a with (b and c))", "with cannot stand so in one bracket"),
    ("(a and b) c", "something follows it"),
    ("(" * 5000 + "a" + ")" * 5000, "more than 64 brackets inside each other"),
)


@pytest.mark.parametrize("text", GOOD)
def test_what_rpm_reads_is_well_formed(text: str) -> None:
    assert rich_fault(text) == ""
    parse(text, lambda _: frozenset((1,)))


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_what_rpm_does_not_read_is_told(text: str, sentence: str) -> None:
    assert sentence in rich_fault(text)


def test_it_is_the_solver_that_reads_them() -> None:
    words = ("(", "(", ")", ")", "a", "b", "and", "or", "if", "else", "with", "without", "unless", ">=", "1", "x(y)")
    dice, sound = Random(7), 0
    for _ in range(20_000):
        text = "(" + " ".join(dice.choice(words) for _ in range(dice.randint(1, 9)))
        text += ")" * max(0, text.count("(") - text.count(")"))
        try:
            parse(text, lambda _: frozenset((1,)))
            reads = True
        except ValueError:
            reads = False
        fault = rich_fault(text)
        assert reads == (not fault) or fault == "a name is missing", text
        sound += not fault
    assert sound > 200
