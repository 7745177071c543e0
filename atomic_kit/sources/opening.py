"""From the parameters' source to the source itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import InputError
from atomic_kit.parameters import DemoSource as DemoParameters
from atomic_kit.parameters import Parameters, RpmRepo, load_parameters
from atomic_kit.rpm_repos import RpmMdSource as RpmMdParameters
from atomic_kit.sources import Source
from atomic_kit.sources.repofile import read_repo_file
from atomic_kit.treefile import load_treefile


def open_source(line: Parameters, *, refresh: bool = True, offline: bool = False) -> Source:
    """Return the package source of a release line; without `refresh` it uses the metadata it has.

    It fetches what it lacks all the same, unless it is to stay `offline`; the demo asks its archive when it never did.
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

        return DemoSource(cache, snapshots=line.source.snapshots, refresh=refresh and not offline)
    from atomic_kit.sources.rpmmd import RpmMdSource

    modules = line.source.modules
    releasever = _releasever(line, line.source)
    platform = line.source.platform or (f"el{releasever.partition('.')[0]}" if releasever else "")
    rpm_repos = rpm_repos_of(line, line.source, releasever=releasever)
    return RpmMdSource(cache, rpm_repos, refresh=refresh, offline=offline, modules=modules, platform=platform)


def rpm_repos_of(line: Parameters, source: RpmMdParameters, *, releasever: str) -> tuple[RpmRepo, ...]:
    """Return the rpm_repos of a source that are enabled, those of its .repo files after its own.

    Raises InputError when none is enabled, and for a fault in a .repo file.
    """
    variables = {"basearch": line.arch, "arch": line.arch, **source.variables}
    if releasever:
        variables["releasever"] = releasever
    found = list(source.rpm_repos)
    for path in source.repo_files:
        found += read_repo_file(path, variables=variables, fingerprints=source.fingerprints)
    enabled = tuple(one for one in found if one.enabled)
    if not enabled:
        raise InputError(f"no rpm_repo of {line.title} is enabled", hint="set enabled: true for one")
    return enabled


def _releasever(line: Parameters, source: RpmMdParameters) -> str:
    if source.releasever:
        return source.releasever
    return load_treefile(line.treefile).releasever if line.treefile.is_file() else ""


def _without_apt(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.glob("*.yaml")):
        with suppress(InputError):
            if not isinstance(load_parameters(path).source, DemoParameters):
                names.append(path.name)
    return names
