"""Requirements as formulas over packages.

A plain requirement is met by any of its providers; a rich one (`(a or b)`, `(a if b)`) combines requirements.
Source: the RPM manual, "Boolean dependencies".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass

Ids = frozenset[int]
# Packages of which one is in, and packages of which one is not: (wanted, unwanted).
Clause = tuple[Ids, Ids]

_OPERATORS = ("and", "or", "if", "unless", "with", "without", "else")


@dataclass(frozen=True, slots=True)
class Provided:
    """Any of some packages is in; `text` is the requirement that they meet."""

    text: str
    ids: Ids

    def holds(self, chosen: Set[int]) -> bool:
        """Say whether a set of packages fulfils the formula."""
        return not self.ids.isdisjoint(chosen)

    def leads_to(self, chosen: Set[int]) -> Ids:
        """Return the packages of a set that fulfil the formula."""
        return self.ids & chosen

    def clauses(self, *, negated: bool = False) -> list[Clause]:
        """Return the formula, or its contrary, as clauses that all must hold."""
        return [(frozenset(), frozenset((one,))) for one in sorted(self.ids)] if negated else [(self.ids, frozenset())]


@dataclass(frozen=True, slots=True)
class Pair:
    """`(left and right)`, or `(left or right)` when one of them is enough."""

    left: Formula
    right: Formula
    both: bool

    def holds(self, chosen: Set[int]) -> bool:
        """Say whether a set of packages fulfils the formula."""
        enough = all if self.both else any
        return enough(part.holds(chosen) for part in (self.left, self.right))

    def leads_to(self, chosen: Set[int]) -> Ids:
        """Return the packages of a set that fulfil the formula."""
        return self.left.leads_to(chosen) | self.right.leads_to(chosen)

    def clauses(self, *, negated: bool = False) -> list[Clause]:
        """Return the formula, or its contrary, as clauses that all must hold."""
        left, right = self.left.clauses(negated=negated), self.right.clauses(negated=negated)
        return left + right if self.both != negated else _either(left, right)


@dataclass(frozen=True, slots=True)
class When:
    """`(wanted if condition else otherwise)`; without an else it holds where the condition does not."""

    wanted: Formula
    condition: Formula
    otherwise: Formula | None = None

    def holds(self, chosen: Set[int]) -> bool:
        """Say whether a set of packages fulfils the formula."""
        if self.condition.holds(chosen):
            return self.wanted.holds(chosen)
        return self.otherwise is None or self.otherwise.holds(chosen)

    def leads_to(self, chosen: Set[int]) -> Ids:
        """Return the packages of a set that fulfil the formula."""
        if self.condition.holds(chosen):
            return self.wanted.leads_to(chosen)
        return self.otherwise.leads_to(chosen) if self.otherwise else frozenset()

    def clauses(self, *, negated: bool = False) -> list[Clause]:
        """Return the formula, or its contrary, as clauses that all must hold."""
        wanted, condition = self.wanted.clauses(negated=negated), self.condition.clauses()
        otherwise = self.otherwise.clauses(negated=negated) if self.otherwise else None
        if negated:  # the condition and not wanted, or not the condition and not otherwise
            first = condition + wanted
            return first if otherwise is None else _either(first, self.condition.clauses(negated=True) + otherwise)
        first = _either(self.condition.clauses(negated=True), wanted)
        return first if otherwise is None else first + _either(condition, otherwise)


Formula = Provided | Pair | When


def _either(left: list[Clause], right: list[Clause]) -> list[Clause]:
    """Return the clauses of `left or right`; no clause at all is always true."""
    return [(a | c, b | d) for a, b in left for c, d in right]


def parse(text: str, provided: Callable[[str], Ids]) -> Formula:
    """Read a requirement; `provided` returns the packages that provide a plain one.

    Raises ValueError for what RPM would not accept.
    """
    if not text.startswith("("):
        return Provided(text, provided(text))
    formula, rest = _rich(text, provided)
    if rest.strip():
        raise ValueError(f"{rest!r} follows the requirement {text!r}")
    return formula


def _rich(text: str, provided: Callable[[str], Ids]) -> tuple[Formula, str]:
    """Read one bracket; return its formula and what follows it."""
    operands: list[Formula] = []
    operators: list[str] = []
    rest = text[1:]
    while True:
        operand, rest = _operand(rest.lstrip(), provided)
        operands.append(operand)
        rest = rest.lstrip()
        if rest.startswith(")"):
            return _combined(operands, operators, text), rest[1:]
        word = rest.split(None, 1)[0] if rest else ""
        if word not in _OPERATORS:
            raise ValueError(f"{word!r} in {text!r} is no operator")
        operators.append(word)
        rest = rest[len(word) :]


def _operand(text: str, provided: Callable[[str], Ids]) -> tuple[Formula, str]:
    if text.startswith("("):
        return _rich(text, provided)
    name, rest = _word(text)
    if match := re.match(r"\s*(<=|>=|<|>|=)\s*", rest):
        version, rest = _word(rest[match.end() :])
        name = f"{name} {match[1]} {version}"
    return Provided(name, provided(name)), rest


def _word(text: str) -> tuple[str, str]:
    """Split off a name or version: it ends at a blank or at a bracket that it did not open."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or letter.isspace():
            return text[:place], text[place:]
    return text, ""


def _combined(operands: list[Formula], operators: list[str], text: str) -> Formula:
    match operators:
        case []:
            return operands[0]
        case ["if"]:
            return When(operands[0], operands[1])
        case ["if", "else"]:
            return When(*operands)
        case ["unless"]:
            return When(Provided("nothing", frozenset()), operands[1], operands[0])
        case ["unless", "else"]:
            return When(operands[2], operands[1], operands[0])
        case ["without"]:
            return Provided(text, _ids(operands[0]) - _ids(operands[1]))
        case ["with", *others] if set(others) <= {"with"}:
            return Provided(text, frozenset.intersection(*map(_ids, operands)))
        case [kind, *others] if kind in ("and", "or") and set(others) <= {kind}:
            formula = operands[-1]
            for operand in reversed(operands[:-1]):
                formula = Pair(operand, formula, both=kind == "and")
            return formula
    raise ValueError(f"the operators of {text!r} cannot stand in one bracket")


def _ids(formula: Formula) -> Ids:
    if isinstance(formula, Provided):
        return formula.ids
    if isinstance(formula, Pair) and not formula.both:
        return _ids(formula.left) | _ids(formula.right)
    raise ValueError("`with` and `without` take names only")
