"""What the packages of some rpm_repos are, and what each needs; a package is known by its id, an int."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import solv

from atomic_kit.packages.package_set import Package, Reason
from atomic_kit.solver.formula import Formula, Ids, Provided, parse
from atomic_kit.solver.loading import load_pool
from atomic_kit.solver.names import Named, Row, is_pattern, matching
from atomic_kit.sources import RpmRepoMetadata

NAMED = (
    solv.Selection.SELECTION_NAME
    | solv.Selection.SELECTION_CANON
    | solv.Selection.SELECTION_DOTARCH
    | solv.Selection.SELECTION_REL
)
KINDS = {
    "requires": solv.SOLVABLE_REQUIRES,
    "recommends": solv.SOLVABLE_RECOMMENDS,
    "supplements": solv.SOLVABLE_SUPPLEMENTS,
}
_KEPT_OUT = {"conflicts": solv.SOLVABLE_CONFLICTS, "obsoletes": solv.SOLVABLE_OBSOLETES}
_WITH_PREREQUISITES = 0


@dataclass(frozen=True, slots=True)
class Relation:
    """One dependency of a package: `kind` is requires, recommends, supplements, conflicts or obsoletes."""

    kind: str
    text: str
    formula: Formula


class Facts:
    """All packages of some rpm_repos."""

    def __init__(
        self,
        rpm_repos: Sequence[RpmRepoMetadata],
        *,
        arch: str = "x86_64",
        modules: Sequence[str] = (),
        platform: str = "",
    ) -> None:
        self._pool = load_pool(rpm_repos, arch, modules=modules, platform=platform)
        self._rpm_repos = tuple(rpm_repos)
        # A pool lives as long as its process; what was asked once is answered from memory.
        self.lookup = cache(self._lookup)
        self.relations = cache(self._relations)
        self.twins = cache(self._twins)
        self.package = cache(self._package)
        self.provided = cache(self._provided)

    def __len__(self) -> int:
        return sum(repo.nsolvables for repo in self._pool.repos)

    def ids(self) -> Iterator[int]:
        """Yield the ids of all packages that may be chosen."""
        return (one.id for one in self._pool.solvables_iter() if one.installable())

    def named(self, spec: str) -> Ids:
        """Return what a name, name.arch, full name or pattern stands for; nothing when nothing has that name."""
        return self.lookup(spec).ids

    def _lookup(self, spec: str) -> Named:
        if is_pattern(spec) and not spec.startswith("/"):
            return matching(spec, self._rows)
        found = self._pool.select(spec, NAMED).solvables()
        return Named(frozenset(one.id for one in found), by_name=any(one.name == spec for one in found))

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        rows = []
        for one in self._pool.solvables_iter():
            if one.installable():
                epoch, _, rest = one.evr.rpartition(":")
                version, _, release = rest.rpartition("-")
                rows.append(Row(one.id, one.name, epoch or "0", version, release, one.arch))
        return tuple(rows)

    def obsoleting(self, ids: Ids) -> Ids:
        """Return the packages that obsolete one of some packages."""
        found: set[int] = set()
        for number in ids:
            package = self._pool.id2solvable(number)
            for one in self._pool.whatmatchessolvable(solv.SOLVABLE_OBSOLETES, package):
                rivals = (rival for rival in self.rivals(one.id) if rival.kind == "obsoletes")
                if one.installable() and any(rival.formula.holds({number}) for rival in rivals):
                    found.add(one.id)
        return frozenset(found)

    def best(self, ids: Ids) -> int:
        """Return the one of some packages that the solver prefers: by priority, architecture and version."""
        return int(self._pool.best_solvables([self._pool.id2solvable(number) for number in sorted(ids)])[0].id)

    def newest(self, ids: Iterable[int]) -> Ids:
        """Return of some packages, for each name and architecture, the one that the solver prefers."""
        groups: dict[tuple[str, str], set[int]] = {}
        for number in ids:
            one = self._pool.id2solvable(number)
            groups.setdefault((one.name, one.arch), set()).add(number)
        return frozenset(self.best(frozenset(same)) if len(same) > 1 else min(same) for same in groups.values())

    def _twins(self, number: int) -> Ids:
        """Return the packages of the same name and of another word size."""
        name = self._pool.id2solvable(number).name
        return frozenset(one for one in self.named(name) if one != number and self.may_stand_together(one, number))

    def may_stand_together(self, number: int, other: int) -> bool:
        """Say whether two packages of one name can both be in: only of different word sizes."""
        sizes = [_word_size(self._pool.id2solvable(one).arch) for one in (number, other)]
        return 0 not in sizes and sizes[0] != sizes[1]

    def _provided(self, text: str) -> Ids:
        """Return the packages that provide a plain requirement, as `name >= version` or a path."""
        name, sign, version = _split(text)
        dependency = self._pool.Dep(name)
        if sign:
            dependency = dependency.Rel(_SIGNS[sign], self._pool.Dep(version))
        return frozenset(one.id for one in self._pool.whatprovides(dependency))

    def _relations(self, number: int) -> tuple[Relation, ...]:
        """Return everything that a package depends on or supplements."""
        return tuple(self._read_relations(number, KINDS))

    def rivals(self, number: int) -> tuple[Relation, ...]:
        """Return what a package keeps out: its conflicts and obsoletes, itself never among them."""
        return tuple(self._read_relations(number, _KEPT_OUT))

    def _read_relations(self, number: int, keys: Mapping[str, int]) -> Iterator[Relation]:
        solvable = self._pool.id2solvable(number)
        for kind, key in keys.items():
            for dependency in solvable.lookup_deparray(key, _WITH_PREREQUISITES):
                if dependency.id == solv.SOLVABLE_PREREQMARKER:
                    continue  # what follows is needed before installing; it is needed all the same
                text = str(dependency)
                if text.startswith("("):
                    yield Relation(kind, text, parse(text, self.provided))
                    continue
                found = {one.id: one for one in self._pool.whatprovides(dependency)}
                if kind in _KEPT_OUT:
                    found.pop(number, None)
                if kind == "obsoletes":  # meant are names, not what is provided
                    name = _split(text)[0]
                    found = {other: one for other, one in found.items() if one.name == name}
                yield Relation(kind, text, Provided(text, frozenset(found)))

    def _package(self, number: int) -> Package:
        """Return what the rpm_repo says of a package; why it is there is for `package_set` to say."""
        return _package(self._pool.id2solvable(number))

    def wanted_by(self, chosen: Ids, kind: str) -> dict[int, set[int]]:
        """Map the packages of a set to those of it whose relations of a kind they meet."""
        wanted: dict[int, set[int]] = {}
        for number in chosen:
            for relation in self.relations(number):
                if relation.kind == kind:
                    for other in relation.formula.leads_to(chosen):
                        if other != number:
                            wanted.setdefault(other, set()).add(number)
        return wanted


def turned(pairs: Mapping[int, Iterable[int]]) -> dict[int, set[int]]:
    """Return a relation from its other side."""
    found: dict[int, set[int]] = {}
    for number, others in pairs.items():
        for other in others:
            found.setdefault(other, set()).add(number)
    return found


_SIGNS = {
    "=": solv.REL_EQ,
    "<": solv.REL_LT,
    ">": solv.REL_GT,
    "<=": solv.REL_LT | solv.REL_EQ,
    ">=": solv.REL_GT | solv.REL_EQ,
}


_NARROW = ("i386", "i486", "i586", "i686", "athlon", "armv7hl", "ppc", "s390")


def _word_size(arch: str) -> int:
    """Return 32 or 64, 0 for packages of no architecture; source: libsolv, pool_arch2color."""
    return 0 if arch == "noarch" else 32 if arch in _NARROW else 64


def _split(text: str) -> tuple[str, str, str]:
    """Return name, sign and version of a plain requirement; the last two are empty without a version."""
    parts = text.split()
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and parts[1] in _SIGNS else (text, "", "")


def _package(solvable: Any) -> Package:
    epoch, _, rest = solvable.evr.rpartition(":")
    version, _, release = rest.rpartition("-")
    checksum = solvable.lookup_checksum(solv.SOLVABLE_CHECKSUM)
    return Package(
        name=solvable.name,
        epoch=int(epoch or 0),
        version=version,
        release=release,
        arch=solvable.arch,
        install_size=solvable.lookup_num(solv.SOLVABLE_INSTALLSIZE),
        download_size=solvable.lookup_num(solv.SOLVABLE_DOWNLOADSIZE),
        license=solvable.lookup_str(solv.SOLVABLE_LICENSE) or "",
        source=solvable.lookup_sourcepkg() or "",
        vendor=solvable.vendor or "",
        rpm_repo=solvable.repo.name,
        location=solvable.lookup_location()[0] or "",
        checksum=f"{checksum.typestr()}:{checksum.hex()}" if checksum else "",
        summary=solvable.lookup_str(solv.SOLVABLE_SUMMARY) or "",
        reason=Reason.REQUESTED,
    )
