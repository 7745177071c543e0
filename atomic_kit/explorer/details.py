"""What the page tells about one package: why it is in, what hangs on it, or what it would bring."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from atomic_kit.explorer.paths import Paths, paths_to
from atomic_kit.explorer.study import Study
from atomic_kit.solver import Answer, Request

_NAMES = 24
# Packages on the ways that are drawn beside the rest; all that can be looked at are drawn apart.
_FEW = 14


def describe(study: Study, request: Request, row: int) -> dict[str, Any]:
    """Return the details of a row of the catalogue in the light of a request, ready for JSON.

    `asked` are the request's texts that it meets, of them `own` those that mean it alone; `text` is what to ask for
    to get it, `excluded` what it is excluded by.
    """
    number = study.catalogue.ids[row]
    answer = study.answer(request)
    text = study.text_for(number)
    known: dict[str, Any] = {
        "row": row,
        "text": text,
        "excluded": study.exclusions_of(request, number),
        "member": False,
    }
    if answer is None:
        return known
    if number not in answer.chosen:
        return known | {"brings": _brings(study, request, answer, number)}
    graph = study.graph(request)
    asked = [text for text, ids in answer.requested.items() if number in ids]
    leaving = graph.leaving({number}) - {number}
    return known | {
        "member": True,
        "asked": asked,
        "own": [text for text in asked if study.means_alone(request, text, number)],
        "hangs_on": study.by_request(request)[number],
        "retained": graph.retained(number),
        "leaving": _named(study, leaving),
        "leaving_size": study.size(leaving).install_size,
        "direct": [asdict(link) for link in graph.links_to(number)[:_NAMES]],
        "ways": _drawn(study, paths_to(graph, number, at_most=_FEW)),
        "paths": _drawn(study, paths_to(graph, number)),
    }


def _drawn(study: Study, paths: Paths) -> dict[str, Any]:
    return {
        "nodes": [asdict(node) | {"row": study.catalogue.rows[node.id]} for node in paths.nodes],
        "edges": [asdict(edge) for edge in paths.edges],
        "left_out": paths.left_out,
    }


def _brings(study: Study, request: Request, before: Answer, number: int) -> dict[str, Any] | None:
    after = study.brought_by(request, number)
    if after is None:
        return None
    comes, goes = after.chosen - before.chosen, before.chosen - after.chosen
    return {
        "comes": _named(study, comes),
        "goes": _named(study, goes),
        "change": study.size(comes).install_size - study.size(goes).install_size,
    }


def _named(study: Study, ids: frozenset[int]) -> dict[str, Any]:
    """Return some packages by row, the largest first, and how many there are."""
    order = sorted(ids, key=lambda number: (-study.pool.package(number).install_size, number))
    return {"rows": [study.catalogue.rows[number] for number in order[:_NAMES]], "count": len(order)}
