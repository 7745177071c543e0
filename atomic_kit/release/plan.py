"""What a run has to make: nothing when nothing changed, else the next releases of the stream."""

from __future__ import annotations

from dataclasses import dataclass

from atomic_kit.errors import InputError
from atomic_kit.files import value_digest
from atomic_kit.packages.resolve import line_lock, resolve_package_set
from atomic_kit.parameters import Parameters
from atomic_kit.release.records import has_record, write_record
from atomic_kit.release.release import (
    Release,
    discard,
    finished_releases,
    known_releases,
    open_release,
    open_treefile,
)
from atomic_kit.release.version import next_version, version_key
from atomic_kit.sources import Snapshot
from atomic_kit.sources.opening import open_source
from atomic_kit.treefile import Treefile

# What does not change a release by itself: places on this disk, and what was set over them.
_PLACES = {"file", "overrides", "treefile", "lockfiles", "build", "reports"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that could be made: a snapshot and the digest of all that its outcome depends on."""

    snapshot: Snapshot
    input_digest: str


def plan_releases(line: Parameters) -> list[Release]:
    """Bring the source up to date and return the releases to make or to go on with, oldest first.

    A stream's first run makes a release of each snapshot of the source, later runs one of the newest. A
    release with the same inputs as the newest finished one is not made again. A folder that an earlier
    run left unfinished is gone on with when its inputs are still the same, else discarded.
    """
    treefile = open_treefile(line)
    candidates = [
        Candidate(snapshot, input_digest(line, treefile, snapshot)) for snapshot in open_source(line).snapshots()
    ]
    finished = finished_releases(line)
    if finished:
        candidates = candidates[-1:]
    newest = finished[-1].record("plan")["input_digest"] if finished else None
    planned: list[Release] = []
    for candidate in candidates:
        if candidate.input_digest != newest:
            planned.append(_begin(line, treefile, candidate, planned))
        newest = candidate.input_digest
    return planned


def input_digest(line: Parameters, treefile: Treefile, snapshot: Snapshot) -> str:
    """Return the SHA-256 of all that a release is made from: package set, treefile and parameters."""
    package_set = resolve_package_set(treefile, snapshot, lock=line_lock(line))
    choices = line.model_dump(mode="json", exclude=_PLACES)
    return value_digest([package_set.digest, treefile.digest, choices])


def _begin(line: Parameters, treefile: Treefile, candidate: Candidate, planned: list[Release]) -> Release:
    known = known_releases(line)
    for release in known:
        if release.is_finished:
            continue
        if release.record("plan")["input_digest"] == candidate.input_digest:
            return open_release(line, version=release.version)
        if not has_record(release.folder, "release") and release.version not in {one.version for one in planned}:
            discard(release)
    last = known_releases(line)[-1].version if known_releases(line) else None
    version = next_version(treefile, generated=candidate.snapshot.generated, last=last)
    if last is not None and version_key(version) <= version_key(last):
        raise InputError(
            f"the next version {version} would not follow {last} of the stream {line.stream}",
            hint="the source's snapshot is older than the last release; bring the source up to date",
        )
    facts = {
        "snapshot": candidate.snapshot.name,
        "input_digest": candidate.input_digest,
        "overrides": line.overrides,
        "parameters": line.model_dump(mode="json", exclude=_PLACES),
    }
    write_record(line.reports / line.stream / version, "plan", facts)
    return open_release(line, version=version)
