"""All packages as the page gets them, once: a row a package, packed column by column.

A text column is the sorted list of its different values and, for each row, the place of its value in that list:
the page sorts by these numbers and searches each different value once. The packed form is, deflated, a line of
JSON that describes the columns, a newline, and then their bytes.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from atomic_kit.solver import Pool
from atomic_kit.solver.columns import Columns, read_columns

_TEXTS = ("name", "evr", "arch", "license", "source", "rpm_repo", "summary")
_SIZES = ("install_size", "download_size")
# A value ends at a newline; none has one of its own.
_SEPARATOR = "\n"


@dataclass(frozen=True)
class Catalogue:
    """The rows of the page's table: `ids` are the pool's, by row, and `packed` is what the page reads."""

    ids: Sequence[int]
    packed: bytes

    @cached_property
    def rows(self) -> Sequence[int]:
        """The row of each id."""
        rows = array("I", bytes(4 * (max(self.ids, default=0) + 1)))
        for row, number in enumerate(self.ids):
            rows[number] = row
        return rows


def make_catalogue(pool: Pool) -> Catalogue:
    """Return the catalogue of all packages of a pool."""
    columns = read_columns(pool)
    return Catalogue(array("I", columns.ids), pack(columns))


def pack(columns: Columns) -> bytes:
    """Return columns in the form that the page reads (see the module's text)."""
    parts: list[bytes] = []
    described = []
    for name in _TEXTS:
        values, codes = _coded(getattr(columns, name))
        parts += [values, codes]
        described.append({"name": name, "kind": "text", "values": len(values), "codes": len(codes)})
    for name in _SIZES:
        numbers = array("d", getattr(columns, name)).tobytes()
        parts.append(numbers)
        described.append({"name": name, "kind": "number", "bytes": len(numbers)})
    head = json.dumps({"rows": len(columns.ids), "columns": described}) + _SEPARATOR
    return zlib.compress(head.encode() + b"".join(parts), 1)


def _coded(column: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the different values, sorted as people sort, and the place of each row's among them."""
    values = sorted(set(column), key=lambda text: (text.casefold(), text))
    places = {value: place for place, value in enumerate(values)}
    text = _SEPARATOR.join(value.replace(_SEPARATOR, " ") for value in values)
    return text.encode(), array("I", (places[value] for value in column)).tobytes()
