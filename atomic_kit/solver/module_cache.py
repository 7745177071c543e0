"""What modules hide, kept beside the metadata: modules.yaml of a distribution takes seconds to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from atomic_kit.files import read_json, value_digest, write_json
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.modulemd import read_modules
from atomic_kit.sources.modules import ModuleFilter, module_filter

_VERSION = 1  # of what is kept; another one is made again


def cached_module_filter(
    rpm_repos: Sequence[RpmRepoMetadata], enabled: Sequence[str], *, platform: str, arch: str
) -> ModuleFilter:
    """Return what the module streams of all rpm_repos hide; raises what `module_filter` raises."""
    parts = [(metadata.digest, metadata.modules) for metadata in rpm_repos if metadata.modules]
    key = value_digest([_VERSION, [digest for digest, _ in parts], sorted(enabled), platform, arch])
    kept = rpm_repos[0].primary.parent / f"modules-{key[:32]}.json"
    if (known := read_json(kept)) is not None:
        return ModuleFilter(
            frozenset(known["excluded_nevras"]),
            frozenset(known["active_nevras"]),
            frozenset(known["active_names"]),
            tuple(known["active_streams"]),
        )
    documents = [
        one
        for metadata in rpm_repos
        if metadata.modules
        for one in read_modules(metadata.modules, of=f"the modules.yaml of {metadata.id}")
    ]
    found = module_filter(documents, enabled, platform=platform, arch=arch)
    write_json(kept, {key: sorted(value) for key, value in asdict(found).items()})
    return found
