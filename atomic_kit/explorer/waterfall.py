"""A waterfall: from the size at the start to the size now, a step each change, the largest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_STEPS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One step: bytes more (or less) through a package or a request; `count` is the number of packages."""

    label: str
    change: int
    count: int = 1


def waterfall(changes: Mapping[str, tuple[int, int]], *, at_most: int = _STEPS) -> list[Step]:
    """Return the steps for changes, each (bytes, packages) under a label.

    Beyond `at_most` the smaller ones are summed up, what grows and what shrinks apart.
    """
    order = sorted(changes, key=lambda label: (-abs(changes[label][0]), label))
    steps = [Step(label, *changes[label]) for label in order[:at_most]]
    for sign, word in ((1, "more added"), (-1, "more removed")):
        rest = [changes[label] for label in order[at_most:] if (changes[label][0] >= 0) == (sign > 0)]
        if rest:
            count = sum(packages for _, packages in rest)
            steps.append(Step(f"{count} {word}", sum(size for size, _ in rest), count))
    return steps


def summed(entries: list[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    """Return (bytes, entries) under each label."""
    sums: dict[str, tuple[int, int]] = {}
    for label, change in entries:
        size, count = sums.get(label, (0, 0))
        sums[label] = (size + change, count + 1)
    return sums
