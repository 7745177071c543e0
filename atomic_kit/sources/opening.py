"""From the parameters' source to the source itself."""

from __future__ import annotations

from atomic_kit.parameters import DemoSource as DemoParameters
from atomic_kit.parameters import Parameters
from atomic_kit.sources import Source


def open_source(line: Parameters, *, refresh: bool = True) -> Source:
    """Return the package source of a release line; without `refresh` it uses the metadata it has."""
    cache = line.build / "sources" / line.source.kind
    if isinstance(line.source, DemoParameters):
        from atomic_kit.sources.demo import DemoSource

        return DemoSource(cache, snapshots=line.source.snapshots, refresh=refresh)
    from atomic_kit.sources.rpmmd import RpmMdSource

    return RpmMdSource(cache, line.source.rpm_repos, refresh=refresh)
