"""From a request to libsolv's jobs. What a text means, and what is taken with it, is as dnf has it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import solv

from atomic_kit.errors import UnsolvableError
from atomic_kit.packages.lock import Lock, LockedPackage
from atomic_kit.packages.package_set import Package
from atomic_kit.progress import note
from atomic_kit.solver.facts import Facts
from atomic_kit.solver.formula import Ids
from atomic_kit.solver.request import Request
from atomic_kit.words import first_of

if TYPE_CHECKING:
    from atomic_kit.sources.comps import Comps

# As libdnf: whoever names packages says which architecture and version may be.
INSTALL = solv.Job.SOLVER_INSTALL | solv.Job.SOLVER_SETARCH | solv.Job.SOLVER_SETEVR
_TOLD = 10  # names that nothing has; more would hide the first


class Requests(Facts):
    """All packages of some rpm_repos, and what requests mean among them."""

    def matching(self, text: str) -> Ids:
        """Return what a request's text can mean: packages of that name, what obsoletes them, or else providers.

        For `@GROUP` these are all its members.
        """
        if text.startswith("@"):
            return frozenset().union(*(self.matching(name) for name in self._members(text)))
        return frozenset().union(*self._choices(text))

    def check_names(self, request: Request) -> None:
        """Raise UnsolvableError naming what a request asks for and nothing provides."""
        missing = [text for text in request.texts if not self.matching(text)]
        if missing:
            told = (f"nothing provides {text!r}{self._similar(text)}" for text in missing[:_TOLD])
            problems = [*told, *first_of(missing, _TOLD)[_TOLD:]]
            raise UnsolvableError(problems, hint="check the names and the rpm_repos")
        for text in request.exclude:
            if not self.named(text):
                note(f"warning: excluding {text!r} changes nothing, no package is named so")

    def excluded(self, texts: Iterable[str]) -> Ids:
        """Return what some texts exclude."""
        return frozenset().union(*map(self.named, texts))

    def jobs(self, request: Request) -> list[solv.Job]:
        """Return a request in libsolv's words."""
        excluded = self.excluded(request.exclude)
        jobs = [job for text in request.packages for job in self._install(text, request, excluded)]
        for rpm_repo, texts in request.from_rpm_repo:
            jobs += [job for text in texts for job in self._from_rpm_repo(text, rpm_repo)]
        if excluded:
            jobs.append(self.one_of(excluded, solv.Job.SOLVER_LOCK))
        return jobs + self._locking(request.lock) if request.lock else jobs

    def conflict_of(self, request: Request) -> list[str]:
        """Return, a sentence each, what a request asks for and at the same time does not allow."""
        excluded = self.excluded(request.exclude)
        texts = [text for text in request.texts if not text.startswith("@")]
        told = [f"{text} is asked for and excluded" for text in texts if self.matching(text) <= excluded]
        if (lock := request.lock) is not None:
            barred = (
                text for text in texts if not any(lock.allows(self._as_locked(one)) for one in self.matching(text))
            )
            told += [f"{text} is asked for, and the lock has nothing that would be it" for text in barred]
        return told

    def one_of(self, ids: Collection[int], how: int) -> solv.Job:
        """Return a job that concerns any of some packages."""
        many = self._pool.towhatprovides(sorted(ids))
        return self._pool.Job(how | solv.Job.SOLVER_SOLVABLE_ONE_OF, many)

    @cached_property
    def _choices(self) -> Callable[[str], tuple[Ids, ...]]:
        return cache(self._find_choices)

    def _find_choices(self, text: str) -> tuple[Ids, ...]:
        """Return the sets of packages of each of which a text wants one: one set, or for a pattern one a name."""
        named = self.lookup(text)
        if not named.ids:
            provides = solv.Selection.SELECTION_PROVIDES | solv.Selection.SELECTION_GLOB | solv.Selection.SELECTION_REL
            files = solv.Selection.SELECTION_FILELIST if text.startswith("/") else 0
            found = self._pool.select(text, provides | files).solvables()
            return tuple(self._by_name(one.id for one in found)) if "*" in text else (frozenset(o.id for o in found),)
        groups = self._by_name(named.ids, each_arch=named.has_arch)
        return tuple(ids | self.obsoleting(ids) if named.by_name else ids for ids in groups)

    def _by_name(self, ids: Iterable[int], *, each_arch: bool = False) -> Iterable[Ids]:
        """Return ids in groups, one for each name, or for each name and architecture."""
        groups: dict[tuple[str, str], set[int]] = {}
        for number in sorted(ids):  # whoever comes first is decided first
            one = self._pool.id2solvable(number)
            groups.setdefault((one.name, one.arch if each_arch else ""), set()).add(number)
        return map(frozenset, groups.values())

    def _install(self, text: str, request: Request, excluded: Ids) -> list[solv.Job]:
        # As dnf: a member of a group or pattern that is excluded, or that no rpm_repo has, is passed over.
        if text.startswith("@"):
            members = self._members(text, present=request.packages)
            return [job for name in members if not self.matching(name) <= excluded for job in self._wanted(name)]
        choices = self._choices(text)
        if len(choices) > 1 and excluded:
            left = [self.one_of(ids, INSTALL) for ids in choices if not ids <= excluded]
            return left or self._wanted(text)
        return self._wanted(text)

    @cached_property
    def _wanted(self) -> Callable[[str], list[solv.Job]]:
        return cache(lambda text: [self.one_of(ids, INSTALL) for ids in self._choices(text) if ids])

    def _members(self, group: str, *, present: Collection[str] = ()) -> tuple[str, ...]:
        """Return the packages that `dnf group install` would take; raises InputError for an unknown group."""
        from atomic_kit.sources.comps import group_packages

        return group_packages(self._comps, [group], present=present)

    @cached_property
    def _comps(self) -> Comps:
        from atomic_kit.sources.comps import all_comps

        return all_comps(self._rpm_repos)

    def _from_rpm_repo(self, text: str, rpm_repo: str) -> list[solv.Job]:
        inside = [one for one in self.matching(text) if self.package(one).rpm_repo == rpm_repo]
        if not inside:
            raise UnsolvableError([f"rpm_repo {rpm_repo} has no {text!r}"], hint="check repo-packages")
        return [self.one_of(inside, INSTALL)]

    @cached_property
    def _locking(self) -> Callable[[Lock], list[solv.Job]]:
        return cache(self._lock_jobs)

    def _lock_jobs(self, lock: Lock) -> list[solv.Job]:
        """Return jobs that keep to a lock; raise UnsolvableError naming the locked packages that are not there."""
        found = self._locked(lock)
        if missing := [one for one, ids in found.items() if not ids]:
            problems = [f"{one} is locked ({one.place or 'by the lock'}), and no rpm_repo has it" for one in missing]
            raise UnsolvableError(problems, hint="take the rpm_repos of the lock's time, or make the lock anew")
        allowed = frozenset().union(*found.values())
        others = self.ids() if lock.strict else (one for name in lock.packages for one in self._with_name(name))
        jobs = [self.one_of(barred, solv.Job.SOLVER_LOCK)] if (barred := set(others) - allowed) else []
        if lock.strict:
            jobs += [self.one_of(ids, INSTALL) for ids in found.values()]
        return jobs

    def _locked(self, lock: Lock) -> Mapping[LockedPackage, Ids]:
        return {
            locked: frozenset(one for one in self._with_name(name) if locked.fits(self._as_locked(one)))
            for name, locked in lock.packages.items()
        }

    def _as_locked(self, number: int) -> Package:
        """Return a package as a lock sees it; what is made on demand has no checksum before it is made."""
        package = self.package(number)
        on_demand = any(one.on_demand and one.id == package.rpm_repo for one in self._rpm_repos)
        return replace(package, checksum="") if on_demand else package

    def _with_name(self, name: str) -> list[int]:
        return [one.id for one in self._pool.select(name, solv.Selection.SELECTION_NAME).solvables()]

    @cached_property
    def _all_names(self) -> set[str]:
        """The names of all packages, also of those that are hidden."""
        return {solvable.name for solvable in self._pool.solvables_iter()}

    def _similar(self, text: str) -> str:
        if text in self._all_names:
            return "; there is one, but it is hidden (excludepkgs, includepkgs, modules) or of another architecture"
        close = difflib.get_close_matches(text, self._all_names, n=3)
        return f"; did you mean {', '.join(close)}?" if close else ""
