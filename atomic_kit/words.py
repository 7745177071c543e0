"""Long lists as people can read them: the first of them, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def few(names: Sequence[str], at_most: int) -> str:
    """Return names on one line: `a, b and 3 more`."""
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more} more" if more > 0 else "")


def first_of(sentences: Sequence[str], at_most: int, what: str = "") -> list[str]:
    """Return the first of some sentences, and one that says how many more there are; `what` names them."""
    more = len(sentences) - at_most
    return [*sentences[:at_most], *([f"and {more} more {what}".rstrip()] if more > 0 else [])]
