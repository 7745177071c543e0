"""Which packages are there through one request alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from atomic_kit.packages.graph import ROOT, RequirementGraph

if TYPE_CHECKING:
    import networkx as nx


def brought_alone(graph: RequirementGraph, *, shared: str) -> Mapping[int, str]:
    """Map each package of a set to the text that every way to it goes through, or to `shared` when none does."""
    import networkx as nx

    with_texts: nx.DiGraph[int] = nx.DiGraph(graph.graph)
    # A text is a node of its own, below zero, between the root and what meets it.
    texts = {-place: text for place, text in enumerate(graph.answer.requested, 1)}
    for node, text in texts.items():
        for number in graph.answer.requested[text]:
            if with_texts.has_edge(ROOT, number):
                with_texts.remove_edge(ROOT, number)
            with_texts.add_edge(node, number)
        with_texts.add_edge(ROOT, node)
    above = nx.immediate_dominators(with_texts, ROOT)
    found = {ROOT: shared, **texts}
    for number in graph.answer.chosen:
        way = [number]
        while way[-1] not in found:
            way.append(above[way[-1]])
        found |= dict.fromkeys(way, found[way[-1]])
    return {number: found[number] for number in graph.answer.chosen}
