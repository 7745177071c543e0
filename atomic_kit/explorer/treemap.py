"""A treemap: rectangles whose areas are sizes, grouped or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Beyond this a group's smallest cells are drawn as one: nobody sees them.
_CELLS = 400
_HEADER = 18.0
_LEAST_FOR_HEADER = 44.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in the unit in which it was asked for."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Item:
    """One package to draw: its row, bytes and the group that it belongs to."""

    row: int
    size: int
    group: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A drawn rectangle: a package (`row`), the rest of a group (`count` packages), or a group's frame."""

    box: Box
    size: int
    row: int | None = None
    group: str = ""
    count: int = 1


def squarified(sizes: Sequence[float], box: Box) -> list[Box]:
    """Return a rectangle for each size, largest first, that together fill a box and are as square as can be.

    Source: Bruls, Huizing and van Wijk, "Squarified Treemaps". Sizes must be positive and fall.
    """
    boxes: list[Box] = []
    left = sum(sizes)
    start = 0
    while start < len(sizes):
        area = box.width * box.height / left if left > 0 else 0.0
        side = min(box.width, box.height)
        end = _end_of_row(sizes, start, area=area, side=side)
        row = sizes[start:end]
        boxes += _row(row, box, share=sum(row) / left)
        box = _rest(box, share=sum(row) / left)
        left -= sum(row)
        start = end
    return boxes


def _end_of_row(sizes: Sequence[float], start: int, *, area: float, side: float) -> int:
    """Return where a row ends: with one more its worst rectangle would be less square."""
    total, best, end = 0.0, float("inf"), start
    while end < len(sizes):
        total += sizes[end]
        thickness = total * area / side if side else 0.0
        worst = max(_longness(sizes[place] * area, thickness) for place in (start, end))
        if worst > best:
            break
        best, end = worst, end + 1
    return max(end, start + 1)


def _longness(area: float, thickness: float) -> float:
    if not area or not thickness:
        return float("inf")
    other = area / thickness
    return max(other / thickness, thickness / other)


def _row(sizes: Sequence[float], box: Box, *, share: float) -> Iterator[Box]:
    total = sum(sizes)
    place = 0.0
    for size in sizes:
        part = size / total
        if box.width >= box.height:
            yield Box(box.x, box.y + place * box.height, box.width * share, box.height * part)
        else:
            yield Box(box.x + place * box.width, box.y, box.width * part, box.height * share)
        place += part


def _rest(box: Box, *, share: float) -> Box:
    if box.width >= box.height:
        return Box(box.x + box.width * share, box.y, box.width * (1 - share), box.height)
    return Box(box.x, box.y + box.height * share, box.width, box.height * (1 - share))


def treemap(items: Sequence[Item], box: Box, *, grouped: bool) -> list[Cell]:
    """Return the cells of a treemap; a group's frame comes before what lies in it.

    Packages without a size are not drawn.
    """
    drawn = [item for item in items if item.size > 0]
    if not drawn:
        return []
    if not grouped:
        return list(_cells(drawn, box, group=""))
    groups: dict[str, list[Item]] = {}
    for item in drawn:
        groups.setdefault(item.group, []).append(item)
    sizes = {name: sum(item.size for item in members) for name, members in groups.items()}
    order = sorted(groups, key=lambda name: (-sizes[name], name))
    cells = []
    for name, frame in zip(order, squarified([sizes[name] for name in order], box), strict=True):
        cells.append(Cell(frame, sizes[name], group=name, count=len(groups[name])))
        cells += _cells(groups[name], _inside(frame), group=name)
    return cells


def _inside(frame: Box) -> Box:
    """Return what a group's frame leaves to its packages: less a line around them and, when it is large, a title."""
    header = _HEADER if frame.height > _LEAST_FOR_HEADER and frame.width > _LEAST_FOR_HEADER else 1.0
    width, height = max(frame.width - 2, 0.0), max(frame.height - header - 1, 0.0)
    return Box(frame.x + 1, frame.y + header, width, height)


def _cells(items: Sequence[Item], box: Box, *, group: str) -> Iterator[Cell]:
    ordered = sorted(items, key=lambda item: (-item.size, item.row))
    shown, rest = ordered[:_CELLS], ordered[_CELLS:]
    entries = [(item.size, item.row, 1) for item in shown]
    if rest:
        entries.append((sum(item.size for item in rest), -1, len(rest)))
    entries.sort(key=lambda entry: -entry[0])
    for (size, row, count), place in zip(entries, squarified([entry[0] for entry in entries], box), strict=True):
        yield Cell(place, size, row if row >= 0 else None, group, count)
