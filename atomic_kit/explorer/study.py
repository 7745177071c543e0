"""What the explorer asks of the solver, each thing once: answers, package sets, graphs, findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from atomic_kit.errors import InputError, UnsolvableError
from atomic_kit.explorer.alone import brought_alone
from atomic_kit.explorer.catalogue import Catalogue, make_catalogue
from atomic_kit.packages.graph import RequirementGraph
from atomic_kit.packages.package_set import PackageSet
from atomic_kit.packages.what_if import Size, alone_and_without, changed, size_of
from atomic_kit.parameters import PolicyParameters
from atomic_kit.policy import rules
from atomic_kit.solver import Answer, Pool, Request
from atomic_kit.solver.names import is_pattern
from atomic_kit.treefile import Treefile

SHARED = "shared by several"
UNKNOWN_LICENSE = "license-unknown"
# Of the policy's rules those that speak of what the explorer changes.
_RULES = (
    rules.forbidden_package,
    rules.missing_package,
    rules.foreign_vendor,
    rules.over_budget,
    rules.unread_license,
)
_KEPT = 64
_NO_FRAME = Request(())


@dataclass(frozen=True, slots=True)
class RequestSize:
    """Bytes through one request: all that it needs, and what leaves when it alone is withdrawn; None if unsolvable."""

    text: str
    alone: int | None
    additional: int | None


class Study:
    """A pool with the policy that its package sets are held against; answers are kept.

    Of the `frame`, a release line's own request, its lock holds for every request, and what it takes from one rpm_repo
    is taken from there as long as it is asked for.
    """

    def __init__(self, pool: Pool, *, policy: PolicyParameters | None = None, frame: Request = _NO_FRAME) -> None:
        self.pool, self.policy, self._frame = pool, policy or PolicyParameters(), frame
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
            return self.pool.answer(self.framed(request), in_words=False)
        except InputError:  # there is no set, or no such group
            return None

    def framed(self, request: Request) -> Request:
        """Return a request as the solver gets it: with the frame's lock and rpm_repos."""
        kept = (
            (rpm_repo, [one for one in asked if one in request.packages])
            for rpm_repo, asked in self._frame.from_rpm_repo
        )
        bound = tuple((rpm_repo, tuple(asked)) for rpm_repo, asked in kept if asked)
        only = {text for _, asked in bound for text in asked} - set(self._frame.packages)
        packages = tuple(text for text in request.packages if text not in only)
        return replace(request, packages=packages, from_rpm_repo=bound, lock=self._frame.lock)

    def explain(self, request: Request) -> UnsolvableError:
        """Return why there is no package set for a request; this may take seconds."""
        return self._explained(request)

    def _explain(self, request: Request) -> UnsolvableError:
        try:
            self.pool.answer(self.framed(request))
        except UnsolvableError as error:
            told = error
        except InputError as error:
            told = UnsolvableError([error.what], hint=error.hint)
        else:
            raise AssertionError("the request can be solved")
        if told.cures or told.cause:
            return told
        unknown = tuple(text for text in request.texts if not self._means_something(text))
        if not unknown:
            return told
        words = f"not asking for {' and '.join(unknown)}"
        if self.answer(changed(request, remove=unknown)):
            return UnsolvableError(told.problems, cause=unknown, cures=(words,), hint=told.hint)
        return UnsolvableError(told.problems, cause=unknown, hint=f"{words} is not enough; {told.hint}")

    def _means_something(self, text: str) -> bool:
        """Say whether a package can meet a text, from the rpm_repo that it must come from."""
        try:
            ids = self.pool.matching(text)
        except InputError:
            return False
        homes = {rpm_repo for rpm_repo, asked in self._frame.from_rpm_repo if text in asked}
        return all(any(self.pool.package(one).rpm_repo == home for one in ids) for home in homes) and bool(ids)

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
        found = [self._unknown_license(one) for one in rules.find(subject, _RULES)]
        return tuple(one for one in found if one.severity is not rules.Severity.NOTE or one.rule == UNKNOWN_LICENSE)

    def _unknown_license(self, finding: rules.Finding) -> rules.Finding:
        """Return a finding; that a license is not in the metadata is no fault of a package that was never fetched."""
        if finding.rule != "license-unread" or finding.evidence != "license: none":
            return finding
        evidence, action = "license not known before the package is fetched", "the check of the composed tree reads it"
        return replace(finding, rule=UNKNOWN_LICENSE, severity=rules.Severity.NOTE, evidence=evidence, action=action)

    def _by_request(self, request: Request) -> Mapping[int, str]:
        """Map each package of a request's set to the one request that brings it, or SHARED."""
        return brought_alone(self.graph(request), shared=SHARED)

    def request_sizes(self, request: Request) -> Iterator[RequestSize]:
        """Yield the sizes of each text of a request, two solves a step."""
        whole = self._solved(request).chosen
        for text, alone, without in alone_and_without(request, self.answer):
            yield RequestSize(
                text,
                self.size(alone.chosen).install_size if alone else None,
                self.size(whole - without.chosen).install_size if without else None,
            )

    def text_for(self, number: int) -> str:
        """Return what to ask for to get a package: its name or, when that would bring another one, its full name."""
        package = self.pool.package(number)
        named = self.pool.named(package.name)
        return package.name if number in named and self.pool.best(named) == number else str(package.nevra)

    def exclusion_for(self, number: int) -> str:
        """Return what to exclude so that a package does not come; its twin of another word size may."""
        package = self.pool.package(number)
        return f"{package.name}.{package.arch}" if self.pool.twins(number) else package.name

    def means_alone(self, request: Request, text: str, number: int) -> bool:
        """Say whether a text of a request asks for one package and for no other."""
        answer = self._solved(request)
        return not text.startswith("@") and not is_pattern(text) and answer.requested[text] == {number}

    def exclusions_of(self, request: Request, number: int) -> tuple[str, ...]:
        """Return what a request excludes a package by: its name, with or without architecture, or its full name."""
        package = self.pool.package(number)
        texts = (package.name, f"{package.name}.{package.arch}", self.text_for(number), str(package.nevra))
        return tuple(text for text in dict.fromkeys(texts) if text in request.exclude)

    def row_in_set(self, request: Request, row: int) -> int | None:
        """Return the row of the package of a row's name that a request's set has, else the row; None for no row."""
        if not 0 <= row < len(self.catalogue.ids):
            return None
        answer, name = self.answer(request), self.pool.package(self.catalogue.ids[row]).name
        inside = self.pool.named(name) & answer.chosen if answer else frozenset()
        return self.catalogue.rows[min(inside)] if inside else row

    def brought_by(self, request: Request, number: int) -> Answer | None:
        """Return the answer when a package is asked for too."""
        text, barred = self.text_for(number), self.exclusions_of(request, number)
        exclude = tuple(one for one in request.exclude if one not in barred)
        return self.answer(replace(request, packages=(*request.packages, text), exclude=exclude))
