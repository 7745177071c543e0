"""What a text names, as dnf understands it: a package by name, version and architecture, in full or by a pattern.

Source: "Specifying packages" in dnf's documentation, and libdnf's Nevra::parse. The forms are tried in turn, and the
first that anything fits counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate

# A name may hold hyphens; a version, release or architecture may not.
_FORMS = (
    r"(?P<name>.+)-(?:(?P<epoch>\d+):)?(?P<version>[^-:]+)-(?P<release>[^-]+)\.(?P<arch>[^-.]+)",
    r"(?P<name>.+)\.(?P<arch>[^-.]+)",
    r"(?P<name>.+)",
    r"(?P<name>.+)-(?:(?P<epoch>\d+):)?(?P<version>[^-:]+)-(?P<release>[^-]+)",
    r"(?P<name>.+)-(?:(?P<epoch>\d+):)?(?P<version>[^-:]+)",
)


@dataclass(frozen=True, slots=True)
class Named:
    """The ids of what a text names; `by_name` says that the text is a name alone, `has_arch` that it names one."""

    ids: frozenset[int]
    by_name: bool = False
    has_arch: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A package as names are looked up: its id, and its full name in parts."""

    id: int
    name: str
    epoch: str
    version: str
    release: str
    arch: str


def is_pattern(text: str) -> bool:
    """Say whether a text stands for several by `*`, `?` or `[...]`."""
    return any(letter in text for letter in "*?[")


def matching(pattern: str, rows: Iterable[Row]) -> Named:
    """Return what a pattern names among some packages."""
    listed = list(rows)
    for form in _FORMS:
        if (match := re.fullmatch(form, pattern)) is None:
            continue
        parts = {part: text for part, text in match.groupdict().items() if text}
        if ids := frozenset(_fitting(parts, listed)):
            return Named(ids, by_name=parts.keys() == {"name"}, has_arch="arch" in parts)
    return Named(frozenset())


def _fitting(parts: dict[str, str], rows: Iterable[Row]) -> Iterator[int]:
    fits = {part: _test(text) for part, text in parts.items()}
    known: dict[str, bool] = {}
    for row in rows:
        if row.name not in known:
            known[row.name] = fits["name"](row.name)
        if known[row.name] and all(test(getattr(row, part)) for part, test in fits.items() if part != "name"):
            yield row.id


def _test(text: str) -> Callable[[str], bool]:
    if not is_pattern(text):
        return lambda value: value == text
    pattern = re.compile(translate(text))
    return lambda value: pattern.match(value) is not None
