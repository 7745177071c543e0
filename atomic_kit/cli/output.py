"""Tables for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

_UNITS = ("B", "KiB", "MiB", "GiB")


def print_json(value: Any) -> None:
    """Print one JSON document to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(rows: Iterable[Mapping[Any, Any]], *, columns: Sequence[str]) -> None:
    """Print rows as a table; a column is headed by its key."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row[column] is None else str(row[column])) for column in columns))
    console = Console(width=None if Console().is_terminal else 160)
    with console.capture() as printed:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def counted(count: int, what: str) -> str:
    """Return a number of things, e.g. `1 package` and `2 packages`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def size(count: float, *, signed: bool = False) -> str:
    """Return a number of bytes with a unit, e.g. `12.3 MiB`; `signed` always shows the sign."""
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if abs(value) < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    number = f"{value:+.1f}" if signed else f"{value:.1f}"
    return f"{number.removesuffix('.0') if unit == 'B' else number} {unit}"


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return a row a map, with None for what is missing."""
    plain = frame.astype(object)
    return list(plain.where(plain.notna(), None).to_dict("records"))
