"""From a treefile and a snapshot to a package set."""

from __future__ import annotations

from atomic_kit.packages.package_set import PackageSet
from atomic_kit.solver import Pool, Request
from atomic_kit.sources import Snapshot
from atomic_kit.treefile import Treefile


def resolve_package_set(treefile: Treefile, snapshot: Snapshot) -> PackageSet:
    """Solve a treefile's packages over a snapshot.

    Raises InputError with the solver's reasons when there is no such set.
    """
    request = Request(treefile.packages, exclude=treefile.exclude_packages, recommends=treefile.recommends)
    return Pool(snapshot.rpm_repos).solve(request)
