"""The ways from what was requested to a package, as a layered graph that is small enough to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from atomic_kit.packages.graph import ROOT, RequirementGraph

_NODES = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A package by its id: `kind` is request, package or target; `layer` counts from requests (0) to the target.

    The label is the package's name; `request` is what asked for it, empty when that is just its name.
    """

    id: int
    label: str
    kind: str
    layer: int
    place: int
    request: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """One relation between two nodes, by their ids; `kind` and `text` as in packages.graph.Link."""

    source: int
    target: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Paths:
    """What is drawn, and how many packages that also lie on a way were left out."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


def paths_to(graph: RequirementGraph, number: int, *, at_most: int = _NODES) -> Paths:
    """Return the ways to a package of a set, those through the fewest packages first.

    Of relations that lead back, round in a circle, none is drawn.
    """
    around = graph.around(number)
    down = _distances(ROOT, around.successors)
    up = _distances(number, around.predecessors)
    kept = _nearest(down, up, at_most=at_most, step_up=around.predecessors, step_down=around.successors)
    layers = {one: down[one] - 1 for one in kept if one != ROOT}
    # The package itself stands after everything that leads to it.
    layers[number] = max((layer + 1 for one, layer in layers.items() if one != number), default=0)
    edges = [
        (one, other)
        for one in sorted(layers)
        for other in around.successors(one)
        if other in layers and layers[one] < layers[other]
    ]
    nodes = _placed(graph, number, layers, edges)
    return Paths(nodes, tuple(_edge(graph, one, other) for one, other in edges), len(around) - 1 - len(layers))


def _distances(start: int, step: Callable[[int], Iterable[int]]) -> dict[int, int]:
    found = {start: 0}
    queue = deque([start])
    while queue:
        one = queue.popleft()
        for other in step(one):
            if other not in found:
                found[other] = found[one] + 1
                queue.append(other)
    return found


def _nearest(
    down: Mapping[int, int],
    up: Mapping[int, int],
    *,
    at_most: int,
    step_up: Callable[[int], Iterable[int]],
    step_down: Callable[[int], Iterable[int]],
) -> set[int]:
    """Return nodes on the shortest ways: each with one whole way through it, as long as there is room."""
    kept: set[int] = set()
    for one in sorted(down.keys() & up.keys(), key=lambda one: (down[one] + up[one], one)):
        way = {one} | set(_walk(one, down, step_up)) | set(_walk(one, up, step_down))
        if len(kept | way) <= at_most + 1:
            kept |= way
    return kept


def _walk(one: int, distance: Mapping[int, int], step: Callable[[int], Iterable[int]]) -> Iterable[int]:
    while distance[one]:
        one = min(other for other in step(one) if distance.get(other, -1) == distance[one] - 1)
        yield one


def _placed(
    graph: RequirementGraph, target: int, layers: Mapping[int, int], edges: Iterable[tuple[int, int]]
) -> tuple[Node, ...]:
    """Give every node a place in its layer: near the middle of what leads to it."""
    leads: dict[int, list[int]] = {}
    for one, other in edges:
        leads.setdefault(one, []).append(other)
    texts: dict[int, list[str]] = {}
    for text, ids in graph.answer.requested.items():
        for number in ids:
            texts.setdefault(number, []).append(text)
    names = {one: graph.pool.package(one).name for one in layers}
    above: dict[int, list[int]] = {}
    nodes = []
    for layer in sorted(set(layers.values())):
        members = [one for one in layers if layers[one] == layer]
        members.sort(key=lambda one: (_middle(above.get(one, [])), names[one]))
        for place, one in enumerate(members):
            kind = "target" if one == target else "request" if one in texts else "package"
            asked = texts.get(one, [names[one]])
            request = "" if asked == [names[one]] else ", ".join(asked)
            nodes.append(Node(one, names[one], kind, layer, place, request))
            for other in leads.get(one, ()):
                above.setdefault(other, []).append(place)
    return tuple(nodes)


def _middle(places: Sequence[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def _edge(graph: RequirementGraph, one: int, other: int) -> Edge:
    attributes = graph.graph.edges[one, other]
    return Edge(one, other, attributes["kind"], attributes["text"])
