"""From the parameters' source to the source itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import InputError
from atomic_kit.parameters import DemoSource as DemoParameters
from atomic_kit.parameters import Parameters, load_parameters
from atomic_kit.sources import Source


def open_source(line: Parameters, *, refresh: bool = True) -> Source:
    """Return the package source of a release line; without `refresh` it uses the metadata it has.

    Raises InputError for the demo on a machine without apt, and names the parameters that work there.
    """
    cache = line.build / "sources" / line.source.kind
    if isinstance(line.source, DemoParameters):
        if command.which("apt-get") is None:
            others = ", ".join(_without_apt(line.file.parent)) or "none"
            raise InputError(
                f"{line.title} is made out of Debian's packages by apt-get, which this machine does not have",
                hint=f"parameters that work here: {others}",
            )
        from atomic_kit.sources.demo import DemoSource

        return DemoSource(cache, snapshots=line.source.snapshots, refresh=refresh)
    from atomic_kit.sources.rpmmd import RpmMdSource

    return RpmMdSource(cache, line.source.rpm_repos, refresh=refresh)


def _without_apt(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.glob("*.yaml")):
        with suppress(InputError):
            if not isinstance(load_parameters(path).source, DemoParameters):
                names.append(path.name)
    return names
