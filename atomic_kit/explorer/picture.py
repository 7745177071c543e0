"""From a state to what the page draws: plain numbers and texts, ready for JSON."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from atomic_kit.explorer.document import to_text
from atomic_kit.explorer.marks import marks
from atomic_kit.explorer.state import Candidate, History, State
from atomic_kit.explorer.study import Study
from atomic_kit.explorer.treemap import Box, Cell, Item, treemap
from atomic_kit.explorer.waterfall import summed, waterfall
from atomic_kit.packages.package_set import Package, Reason
from atomic_kit.packages.what_if import Size
from atomic_kit.policy.rules import MIB
from atomic_kit.solver import Answer, Request

_REASONS = list(Reason)
_COMPARED = 100


class GroupBy(StrEnum):
    """How a treemap's packages are grouped."""

    PACKAGE = "package"
    SOURCE = "source"
    REQUEST = "request"
    RPM_REPO = "rpm_repo"


class ChangesBy(StrEnum):
    """What a step of the waterfall stands for."""

    PACKAGE = "package"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class View:
    """How the page wants to see a state; sizes in the page's pixels."""

    group_by: GroupBy = GroupBy.PACKAGE
    changes_by: ChangesBy = ChangesBy.PACKAGE
    width: float = 800
    height: float = 360


@dataclass(frozen=True, slots=True)
class Picture:
    """What changes with a state: a JSON-able part, and for each chosen package its row and why it is there."""

    data: dict[str, Any]
    rows: bytes = b""
    reasons: bytes = b""


def draw(study: Study, history: History, view: View) -> Picture:
    """Return the picture of a state; without a package set it holds `"solved": False` and what was asked for."""
    state = history.now
    request = state.shown.request
    answer = study.answer(request)
    data: dict[str, Any] = {
        "solved": answer is not None,
        "link": to_text(state),
        "undo": len(history.past),
        "redo": len(history.undone),
        "recommends": state.shown.recommends,
        "requests": requests(state),
        "excluded": list(state.shown.exclude),
        "candidates": [_candidate(study, one) for one in state.candidates],
        "active": state.active,
        "comparison": comparison(study, state.candidates),
    }
    if answer is None:
        return Picture(data)
    package_set = study.package_set(request)
    size = study.size(answer.chosen)
    data |= {
        "totals": totals(study, state, size),
        "view": [view.width, view.height],
        "treemap": cells(study, request, view),
        "new": new_rows(study, state),
        "waterfall": changes(study, state, view.changes_by),
        **marks(study, request),
    }
    place = {(one.name, one.nevra.evr, one.arch): _REASONS.index(one.reason) for one in package_set}
    pairs = sorted((study.catalogue.rows[number], _reason(study, number, place)) for number in answer.chosen)
    rows, reasons = array("I", (row for row, _ in pairs)), array("B", (reason for _, reason in pairs))
    return Picture(data, rows.tobytes(), reasons.tobytes())


def _reason(study: Study, number: int, place: Mapping[tuple[str, str, str], int]) -> int:
    package = study.pool.package(number)
    return place[package.name, package.nevra.evr, package.arch]


def requests(state: State) -> list[dict[str, Any]]:
    """Return everything that can be ticked, with what is."""
    asked, start = set(state.shown.packages), set(state.start.packages)
    return [{"text": text, "ticked": text in asked, "new": text not in start} for text in state.known_requests]


def totals(study: Study, state: State, size: Size) -> dict[str, Any]:
    """Return the size of a set, its budget (bytes and packages, None when there is none), and the start's size."""
    budget = study.policy.budget
    start = study.answer(state.start.request)
    return {
        **asdict(size),
        "budget": budget.installed * MIB if budget.installed else None,
        "budget_packages": budget.packages,
        "start": asdict(study.size(start.chosen)) if start else None,
    }


def cells(study: Study, request: Request, view: View) -> list[dict[str, Any]]:
    """Return the treemap of a request's set: `x y w h` in pixels, `row` of a package or None, `group`, `count`."""
    groups = study.by_request(request) if view.group_by is GroupBy.REQUEST else {}
    items = []
    for number in (study.answer(request) or _NOTHING).chosen:
        package = study.pool.package(number)
        match view.group_by:
            case GroupBy.PACKAGE:
                group = ""
            case GroupBy.SOURCE:
                group = _source_name(package)
            case GroupBy.RPM_REPO:
                group = package.rpm_repo
            case GroupBy.REQUEST:
                group = groups[number]
        items.append(Item(study.catalogue.rows[number], package.install_size, group))
    box = Box(0, 0, view.width, view.height)
    return [_drawn(cell) for cell in treemap(items, box, grouped=view.group_by is not GroupBy.PACKAGE)]


def new_rows(study: Study, state: State) -> list[int]:
    """Return the rows of what the shown candidate has and the start has not."""
    before, after = study.answer(state.start.request), study.answer(state.shown.request)
    new = (after or _NOTHING).chosen - (before or _NOTHING).chosen
    return sorted(study.catalogue.rows[number] for number in new)


def _source_name(package: Package) -> str:
    """Return the name of a package's source; one that has none stands for itself."""
    name, *rest = package.source.rsplit("-", 2)
    return name if len(rest) == 2 else package.name


_NOTHING = Answer(frozenset(), {})


def _drawn(cell: Cell) -> dict[str, Any]:
    box = cell.box
    place = {"x": round(box.x, 1), "y": round(box.y, 1), "w": round(box.width, 1), "h": round(box.height, 1)}
    return {**place, "row": cell.row, "size": cell.size, "group": cell.group, "count": cell.count}


def changes(study: Study, state: State, by: ChangesBy) -> dict[str, Any] | None:
    """Return what the shown candidate has more and less than the start, None when the start has no set."""
    before, after = study.answer(state.start.request), study.answer(state.shown.request)
    if before is None or after is None:
        return None
    old = {} if by is ChangesBy.PACKAGE else study.by_request(state.start.request)
    new = {} if by is ChangesBy.PACKAGE else study.by_request(state.shown.request)
    entries = [
        *_entries(study, after.chosen - before.chosen, 1, new),
        *_entries(study, before.chosen - after.chosen, -1, old),
    ]
    sums = {label: entry for label, entry in summed(entries).items() if entry[0] or by is ChangesBy.PACKAGE}
    steps = [asdict(step) for step in waterfall(sums)]
    first, last = study.size(before.chosen).install_size, study.size(after.chosen).install_size
    return {"start": first, "end": last, "steps": steps, "count": len(entries)}


def _entries(study: Study, ids: Iterable[int], sign: int, groups: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    for number in sorted(ids):
        package = study.pool.package(number)
        yield groups.get(number, package.name), sign * package.install_size


def _candidate(study: Study, candidate: Candidate) -> dict[str, Any]:
    answer = study.answer(candidate.request)
    return {"name": candidate.name, "size": asdict(study.size(answer.chosen)) if answer else None}


def comparison(study: Study, candidates: tuple[Candidate, ...]) -> dict[str, Any] | None:
    """Return the packages that some candidates have and others lack, the largest first; None for one candidate."""
    if len(candidates) < 2:
        return None
    answers = [study.answer(one.request) for one in candidates]
    sets = [answer.chosen if answer else frozenset() for answer in answers]
    solved = [chosen for chosen, answer in zip(sets, answers, strict=True) if answer]
    different = frozenset().union(*solved) - (frozenset.intersection(*solved) if solved else frozenset())
    order = sorted(different, key=lambda number: (-study.pool.package(number).install_size, number))
    shown = [
        {
            "row": study.catalogue.rows[number],
            "size": study.pool.package(number).install_size,
            "in": [number in chosen if answer else None for chosen, answer in zip(sets, answers, strict=True)],
        }
        for number in order[:_COMPARED]
    ]
    findings = [
        [str(one.severity) for one in study.findings(candidate.request)] if answer else []
        for candidate, answer in zip(candidates, answers, strict=True)
    ]
    counted = [{kind: kinds.count(kind) for kind in ("error", "warning")} for kinds in findings]
    return {"rows": shown, "left_out": len(order) - len(shown), "findings": counted, "comparable": len(solved) > 1}
