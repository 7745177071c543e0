"""Who needs whom inside a package set: chains of reasons, and what hangs on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from atomic_kit.solver import Answer, Pool

if TYPE_CHECKING:
    import networkx as nx

# The node from which everything that was requested hangs; no package has this id.
ROOT = 0


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: a package, or a request, and what it wants from another package.

    `kind` is requests, requires, recommends or supplements (the wanted package asks itself in); `word size` leads to
    the twin of another word size that the solver keeps in step, `solver` to what it took for no such reason: a
    requirement with a condition can be met by meeting the condition.
    """

    source: str
    kind: str
    text: str
    target: str


class RequirementGraph:
    """The packages of an answer and every relation between them that is in force."""

    def __init__(self, pool: Pool, answer: Answer) -> None:
        self.pool, self.answer = pool, answer

    @cached_property
    def graph(self) -> nx.DiGraph[int]:
        """A directed graph of package ids under ROOT; an edge carries `kind` and `text`."""
        import networkx as nx

        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from((ROOT, *self.answer.chosen))
        # A stronger relation between two packages hides a weaker one.
        for kind in ("supplements", "recommends", "requires"):
            for number in self.answer.chosen:
                for text, other in self._wants(number, kind):
                    ends = (other, number) if kind == "supplements" else (number, other)
                    graph.add_edge(*ends, kind=kind, text=text)
        for text, ids in self.answer.requested.items():
            graph.add_edges_from(((ROOT, number) for number in ids), kind="requests", text=text)
        self._add_the_unexplained(graph)
        return graph

    def _add_the_unexplained(self, graph: nx.DiGraph[int]) -> None:
        """Hang in what no relation leads to, so that every package has a chain."""
        import networkx as nx

        def loose() -> set[int]:
            return set(self.answer.chosen) - set(nx.single_source_shortest_path_length(graph, ROOT))

        for number in sorted(loose()):
            for twin in self.pool.twins(number) & self.answer.chosen:
                graph.add_edge(twin, number, kind="word size", text=self.pool.package(number).arch)
        while left := loose():
            graph.add_edge(ROOT, min(left), kind="solver", text="the solver's choice")

    def _wants(self, number: int, kind: str) -> Iterable[tuple[str, int]]:
        for relation in self.pool.relations(number):
            if relation.kind == kind:
                for other in relation.formula.leads_to(self.answer.chosen):
                    if other != number:
                        yield relation.text, other

    def links_to(self, number: int) -> tuple[Link, ...]:
        """Return everything that wants a package directly, requests first."""
        found = [self._link(source, number) for source in self.graph.predecessors(number)]
        return tuple(sorted(found, key=lambda link: (link.kind != "requests", link.source)))

    def chains(self, number: int, *, at_most: int = 10) -> tuple[tuple[Link, ...], ...]:
        """Return the chains from what was requested to a package, shortest first."""
        import networkx as nx

        paths = nx.shortest_simple_paths(self.around(number), ROOT, number)
        found = [tuple(map(self._link, path, path[1:])) for path in islice(paths, at_most)]
        return tuple(sorted(found, key=lambda chain: (len(chain), [link.target for link in chain])))

    def around(self, number: int) -> nx.DiGraph[int]:
        """Return the part of the graph that lies on a way from what was requested to a package."""
        import networkx as nx

        return self.graph.subgraph(nx.ancestors(self.graph, number) | {number})

    def _link(self, source: int, target: int) -> Link:
        edge = self.graph.edges[source, target]
        name = edge["text"] if source == ROOT else self._name(source)
        return Link(name, edge["kind"], edge["text"], self._name(target))

    def _name(self, number: int) -> str:
        """Return a package's name, with its architecture where a twin is in too."""
        package = self.pool.package(number)
        return f"{package.name}.{package.arch}" if self.pool.twins(number) & self.answer.chosen else package.name

    @cached_property
    def dominators(self) -> Mapping[int, int]:
        """Map each package to the one, or ROOT, that every chain to it goes through last."""
        import networkx as nx

        found: dict[int, Any] = nx.immediate_dominators(self.graph, ROOT)
        return {number: above for number, above in found.items() if number != ROOT}

    def retained(self, number: int) -> int:
        """Return the bytes of a package and of everything that is there through it alone.

        That is what hangs below it in the tree of dominators, but for requirements whose condition it is: these are
        followed as they would be without it.
        """
        return sum(self.pool.package(one).install_size for one in self._unwanted(self.answer.chosen - {number}))

    def leaving(self, removed: Iterable[int]) -> frozenset[int]:
        """Return what leaves when packages leave: they, what cannot be without them, and what nobody wants then.

        A requirement that another package of the set still meets holds its package.
        """
        kept = set(self.answer.chosen) - set(removed)
        while broken := {number for number in kept if not self._stands(number, kept)}:
            kept -= broken
        return self._unwanted(kept)

    def _unwanted(self, kept: Set[int]) -> frozenset[int]:
        """Return what of the answer no chain leads to when only some packages are there."""
        asked = {number for ids in self.answer.requested.values() for number in ids & kept}
        wanted = asked | (self._beside_relations[ROOT] & kept)
        new = set(wanted)
        while new:
            new = {other for number in new for other in self._leads_to(number, kept)} - wanted
            wanted |= new
        return self.answer.chosen - wanted

    @cached_property
    def _beside_relations(self) -> Mapping[int, frozenset[int]]:
        """Map packages, and ROOT, to what only the solver's own rules lead to from them."""
        found: dict[int, set[int]] = {ROOT: set()}
        for source, target, edge in self.graph.edges(data=True):
            if edge["kind"] in ("word size", "solver"):
                found.setdefault(source, set()).add(target)
        return {source: frozenset(targets) for source, targets in found.items()}

    def _stands(self, number: int, kept: Set[int]) -> bool:
        relations = self.pool.relations(number)
        return all(relation.formula.holds(kept) for relation in relations if relation.kind == "requires")

    def _leads_to(self, number: int, kept: Set[int]) -> Iterable[int]:
        for relation in self.pool.relations(number):
            if relation.kind != "supplements":
                yield from relation.formula.leads_to(kept)
        yield from self._supplementing.get(number, set()) & kept
        yield from self._beside_relations.get(number, frozenset()) & kept

    @cached_property
    def _supplementing(self) -> Mapping[int, set[int]]:
        return self.pool.wanted_by(self.answer.chosen, "supplements")
