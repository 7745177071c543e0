"""Rich dependencies, `(a if b)`: whether one is well formed.

libsolv drops the ones that it cannot read without a word. Source: the RPM manual, "Boolean dependencies".
"""

from __future__ import annotations

import re

_DEEPEST = 64
_RELATION = re.compile(r"\s*(?:<=|>=|<|>|=)\s*")
# What may stand in one bracket: a chain of one kind, or a condition.
_OPERATORS = re.compile(r"(?:and )*|(?:or )*|(?:with )*|(?:if |unless )(?:else )?|without ")


def rich_fault(text: str) -> str:
    """Return what is wrong with a dependency that begins with a bracket, nothing when it is well formed."""
    brackets: list[_Bracket] = []
    place, wants_operand = 0, True
    while place < len(text):
        letter = text[place]
        if letter.isspace():
            place += 1
        elif wants_operand and letter == "(":
            brackets.append(_Bracket())
            if len(brackets) > _DEEPEST:
                return f"it has more than {_DEEPEST} brackets inside each other"
            place += 1
        elif wants_operand:
            end = _operand_end(text, place)
            if end == place:
                return "a name is missing"
            place, wants_operand = end, False
        elif letter == ")":
            closed = brackets.pop()
            if not closed.is_sound():
                return f"{' and '.join(closed.operators)} cannot stand so in one bracket"
            place += 1
            if not brackets:
                return "" if not text[place:].strip() else "something follows it"
            brackets[-1].has_names_only &= closed.is_name()
        else:
            end = _word_end(text, place)
            if text[place:end] not in ("and", "or", "if", "unless", "with", "without", "else"):
                return f"{text[place:end][:40]!r} is no operator"
            brackets[-1].operators.append(text[place:end])
            place, wants_operand = end, True
    return "its brackets are not closed"


class _Bracket:
    """One bracket as it is read: its operators, and whether packages that are named are all that it is about."""

    def __init__(self) -> None:
        self.operators: list[str] = []
        self.has_names_only = True

    def is_sound(self) -> bool:
        is_about_one = {"with", "without"} & set(self.operators)
        fits = _OPERATORS.fullmatch("".join(f"{one} " for one in self.operators))
        return bool(fits) and (self.has_names_only or not is_about_one)

    def is_name(self) -> bool:
        """Say whether it may be an operand of `with`: alternatives are, conditions are not."""
        return self.has_names_only and set(self.operators) <= {"or", "with", "without"}


def _operand_end(text: str, place: int) -> int:
    """Return where a name ends, with its relation and version when it has them."""
    end = _word_end(text, place)
    if end > place and (relation := _RELATION.match(text, end)):
        version = _word_end(text, relation.end())
        return version if version > relation.end() else place
    return end


def _word_end(text: str, place: int) -> int:
    """Return where a word ends: at a blank, or at a bracket that it did not open."""
    depth = 0
    for end in range(place, len(text)):
        letter = text[end]
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or letter.isspace():
            return end
    return len(text)
