"""All packages of a pool as columns: what a table of everything needs, without an object a package."""

from __future__ import annotations

from dataclasses import dataclass

import solv

from atomic_kit.solver.pool import Pool


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry a package, sorted by name, architecture and rpm_repo; sizes are bytes."""

    ids: tuple[int, ...]
    name: tuple[str, ...]
    evr: tuple[str, ...]
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
    columns = zip(*rows, strict=True) if rows else [()] * 10
    name, arch, rpm_repo, evr, number, install_size, download_size, license, source, summary = columns
    return Columns(number, name, evr, arch, install_size, download_size, license, source, rpm_repo, summary)


def _row(one: solv.XSolvable) -> tuple[str | int, ...]:
    return (
        one.name,
        one.arch,
        one.repo.name,
        one.evr,
        one.id,
        one.lookup_num(solv.SOLVABLE_INSTALLSIZE),
        one.lookup_num(solv.SOLVABLE_DOWNLOADSIZE),
        one.lookup_str(solv.SOLVABLE_LICENSE) or "",
        one.lookup_sourcepkg() or "",
        one.lookup_str(solv.SOLVABLE_SUMMARY) or "",
    )
