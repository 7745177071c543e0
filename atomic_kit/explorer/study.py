"""What the explorer asks of the solver, each thing once: answers, package sets, graphs, findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from atomic_kit.errors import UnsolvableError
from atomic_kit.explorer.catalogue import Catalogue, make_catalogue
from atomic_kit.packages.graph import ROOT, RequirementGraph
from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.packages.what_if import Size, changed, size_of
from atomic_kit.parameters import PolicyParameters
from atomic_kit.policy import rules
from atomic_kit.solver import Answer, Pool, Request
from atomic_kit.treefile import Treefile

SHARED = "shared by several"
# Of the policy's rules those that speak of what the explorer changes.
_RULES = (
    rules.forbidden_package,
    rules.missing_package,
    rules.foreign_vendor,
    rules.over_budget,
    rules.unread_license,
)
_KEPT = 64


@dataclass(frozen=True, slots=True)
class RequestSize:
    """Bytes through one request: all that it needs, and what leaves when it alone is withdrawn; None if unsolvable."""

    text: str
    alone: int | None
    additional: int | None


class Study:
    """A pool with the policy that its package sets are held against; answers are kept."""

    def __init__(self, pool: Pool, *, policy: PolicyParameters | None = None) -> None:
        self.pool, self.policy = pool, policy or PolicyParameters()
        self.catalogue: Catalogue = make_catalogue(pool)
        self.answer = lru_cache(_KEPT)(self._answer)
        self.graph = lru_cache(_KEPT)(self._graph)
        self.package_set = lru_cache(_KEPT)(self._package_set)
        self.findings = lru_cache(_KEPT)(self._findings)
        self.by_request = lru_cache(_KEPT)(self._by_request)
        self._explained = lru_cache(_KEPT)(self._explain)

    def _answer(self, request: Request) -> Answer | None:
        """Return the answer to a request, None when there is no package set for it."""
        try:
            return self.pool.answer(request, in_words=False)
        except UnsolvableError:
            return None

    def explain(self, request: Request) -> UnsolvableError:
        """Return why there is no package set for a request; this may take seconds."""
        return self._explained(request)

    def _explain(self, request: Request) -> UnsolvableError:
        try:
            self.pool.answer(request)
        except UnsolvableError as error:
            if error.cures or error.cause:
                return error
            unknown = tuple(text for text in request.texts if not self.pool.matching(text))
            cures = (f"not asking for {' and '.join(unknown)}",) if unknown else ()
            return UnsolvableError(error.problems, cause=unknown, cures=cures, hint=error.hint)
        raise AssertionError("the request can be solved")

    def _graph(self, request: Request) -> RequirementGraph:
        return RequirementGraph(self.pool, self._solved(request))

    def _package_set(self, request: Request) -> PackageSet:
        return self.pool.package_set(self._solved(request))

    def _solved(self, request: Request) -> Answer:
        answer = self.answer(request)
        assert answer is not None, "ask for the answer first"
        return answer

    def size(self, ids: Iterable[int]) -> Size:
        """Return the size of some packages."""
        return size_of(self.pool, ids)

    def _findings(self, request: Request) -> tuple[rules.Finding, ...]:
        """Return what the policy finds in the set of a request, notes left out."""
        treefile = Treefile(files=(), digest="", ref="", packages=request.packages)
        subject = rules.Subject(treefile, self.package_set(request), {}, self.policy)
        found = rules.find(subject, _RULES)
        return tuple(one for one in found if one.severity is not rules.Severity.NOTE)

    def _by_request(self, request: Request) -> Mapping[int, str]:
        """Map each package of a request's set to the one request that it hangs on, or SHARED."""
        graph = self.graph(request)
        texts: dict[int, str] = {}
        for text, ids in graph.answer.requested.items():
            for number in ids:
                texts.setdefault(number, text)
        found = dict(texts)
        for number in graph.dominators:
            way = [number]
            while way[-1] not in found and (above := graph.dominators.get(way[-1], ROOT)) != ROOT:
                way.append(above)
            found |= dict.fromkeys(way, found.get(way[-1], SHARED))
        return {number: found.get(number, SHARED) for number in graph.answer.chosen}

    def request_sizes(self, request: Request) -> Iterator[RequestSize]:
        """Yield the sizes of each text of a request, two solves a step."""
        whole = self._solved(request).chosen
        for text in request.texts:
            others = tuple(other for other in request.texts if other != text)
            alone = self.answer(changed(request, remove=others))
            without = self.answer(changed(request, remove=[text]))
            yield RequestSize(
                text,
                self.size(alone.chosen).install_size if alone else None,
                self.size(whole - without.chosen).install_size if without else None,
            )

    def text_for(self, number: int) -> str:
        """Return what to ask for to get a package: its name or, when that would bring another one, its full name."""
        package = self.pool.package(number)
        named = self.pool.named(package.name)
        return package.name if number in named and self.pool.best(named) == number else _full_name(package)

    def row_in_set(self, request: Request, row: int) -> int | None:
        """Return the row of the package of a row's name that a request's set has, else the row; None for no row."""
        if not 0 <= row < len(self.catalogue.ids):
            return None
        answer, name = self.answer(request), self.pool.package(self.catalogue.ids[row]).name
        inside = self.pool.named(name) & answer.chosen if answer else frozenset()
        return self.catalogue.rows[min(inside)] if inside else row

    def brought_by(self, request: Request, number: int) -> Answer | None:
        """Return the answer when a package is asked for too."""
        text = self.text_for(number)
        exclude = tuple(one for one in request.exclude if one != text)
        return self.answer(replace(request, packages=(*request.packages, text), exclude=exclude))


def _full_name(package: Package) -> str:
    nevra = package.nevra
    return f"{nevra.name}-{nevra.evr}.{nevra.arch}"
