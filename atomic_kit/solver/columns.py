"""All packages of a pool as columns: what a table of everything needs, without an object a package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import groupby
from typing import Any

import solv

from atomic_kit.nevra import compare_evr
from atomic_kit.solver.pool import Pool

_NAME, _EVR = 0, 1


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry a package, sorted by name, of one name the newest first; sizes are bytes."""

    name: tuple[str, ...]
    evr: tuple[str, ...]
    ids: tuple[int, ...]
    arch: tuple[str, ...]
    install_size: tuple[int, ...]
    download_size: tuple[int, ...]
    license: tuple[str, ...]
    source: tuple[str, ...]
    rpm_repo: tuple[str, ...]
    summary: tuple[str, ...]


def read_columns(pool: Pool) -> Columns:
    """Return the columns of all packages that may be chosen."""
    rows = sorted(_row(one) for one in pool._pool.solvables_iter() if one.installable())
    columns = zip(*_newest_first(rows), strict=True) if rows else [()] * 10
    return Columns(*columns)


def _newest_first(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for _, namesakes in groupby(rows, key=lambda row: row[_NAME]):
        yield from sorted(namesakes, key=cmp_to_key(_by_version))


def _by_version(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    return compare_evr(other[_EVR], one[_EVR])


def _row(one: solv.XSolvable) -> tuple[Any, ...]:
    return (
        one.name,
        one.evr,
        one.id,
        one.arch,
        one.lookup_num(solv.SOLVABLE_INSTALLSIZE),
        one.lookup_num(solv.SOLVABLE_DOWNLOADSIZE),
        one.lookup_str(solv.SOLVABLE_LICENSE) or "",
        one.lookup_sourcepkg() or "",
        one.repo.name,
        one.lookup_str(solv.SOLVABLE_SUMMARY) or "",
    )
