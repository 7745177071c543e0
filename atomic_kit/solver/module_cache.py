"""What modules hide, kept beside the metadata: modules.yaml of a distribution takes seconds to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from atomic_kit.files import read_json, value_digest, write_json
from atomic_kit.sources import RpmRepoMetadata, Snapshot
from atomic_kit.sources.modules import ModuleFilter, snapshot_filter

_VERSION = 1  # of what is kept; another one is made again


def cached_module_filter(
    rpm_repos: Sequence[RpmRepoMetadata], enabled: Sequence[str], *, platform: str, arch: str
) -> ModuleFilter:
    """Return what the module streams of all rpm_repos hide; raises what `snapshot_filter` raises."""
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
    snapshot = Snapshot("", rpm_repos[0].generated, tuple(rpm_repos), tuple(enabled), platform)
    found = snapshot_filter(snapshot, arch=arch) or ModuleFilter(frozenset(), frozenset(), frozenset())
    write_json(kept, {key: sorted(value) for key, value in asdict(found).items()})
    return found
