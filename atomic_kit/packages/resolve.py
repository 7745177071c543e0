"""From a treefile and a snapshot to a package set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atomic_kit.packages.lock import Lock
from atomic_kit.packages.package_set import PackageSet
from atomic_kit.progress import note
from atomic_kit.solver import Pool, Request
from atomic_kit.sources import Snapshot

if TYPE_CHECKING:
    from atomic_kit.parameters import Parameters
    from atomic_kit.treefile import Treefile


def resolve_package_set(treefile: Treefile, snapshot: Snapshot, *, lock: Lock | None = None) -> PackageSet:
    """Solve a treefile's packages over a snapshot, with a lock that keeps to it.

    Raises InputError with the solver's reasons when there is no such set.
    """
    pool = open_pool(named_rpm_repos(treefile, snapshot), arch=treefile.basearch)
    return pool.solve(request_of(treefile, lock=lock))


def named_rpm_repos(treefile: Treefile, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with no other rpm_repos than those that a treefile names in `repos` and `lockfile-repos`.

    A treefile that names none takes all. One that names an rpm_repo which the source does not have was written for
    other places: that is told, and all of the source's are taken.
    """
    named = {*treefile.rpm_repos, *treefile.lockfile_repos}
    offered = {one.id for one in snapshot.rpm_repos}
    if not treefile.rpm_repos or named == offered:
        return snapshot
    if unknown := sorted(named - offered):
        note(
            f"warning: {treefile.files[0]}: repos names {', '.join(unknown)}, which the source does not have; "
            f"all that it has are taken: {', '.join(sorted(offered))}"
        )
        return snapshot
    return replace(snapshot, rpm_repos=tuple(one for one in snapshot.rpm_repos if one.id in named))


def line_lock(line: Parameters) -> Lock | None:
    """Return the lock that a release line keeps to; None when it names no lock files."""
    from atomic_kit.packages.lock_file import read_lock

    return read_lock(line.lockfiles, strict=line.lock_strict) if line.lockfiles else None


def open_pool(snapshot: Snapshot, *, arch: str = "x86_64") -> Pool:
    """Return the pool of a snapshot's packages."""
    return Pool(snapshot.rpm_repos, arch=arch, modules=snapshot.modules, platform=snapshot.platform)


def request_of(treefile: Treefile, *, lock: Lock | None = None) -> Request:
    """Return what a treefile asks the solver for."""
    return Request(
        treefile.packages,
        exclude=treefile.exclude_packages,
        recommends=treefile.recommends,
        from_rpm_repo=tuple((one.rpm_repo, one.packages) for one in treefile.repo_packages),
        lock=lock,
    )
