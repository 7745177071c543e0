"""Releases of a line: opening one, and finding those that are finished."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from atomic_kit.errors import InputError
from atomic_kit.parameters import Parameters, load_parameters
from atomic_kit.progress import note
from atomic_kit.release.records import has_record, read_record
from atomic_kit.release.version import version_key
from atomic_kit.treefile import Treefile, load_treefile
from atomic_kit.workspace import Workspace

DRAFT = "draft"


@dataclass(frozen=True)
class Release:
    """One release of a line, finished or being made.

    `folder` holds its records and notebooks; a draft's lies in the build folder and is never published.
    `snapshot` names the state of the source that it is resolved from, empty for the newest. `previous` is
    the release that hosts upgrade from, None for the first.
    """

    parameters: Parameters
    version: str
    snapshot: str
    folder: Path
    previous: Release | None = None

    @property
    def workspace(self) -> Workspace:
        """The work and report folders of the line."""
        return self.parameters.workspace

    @property
    def is_draft(self) -> bool:
        """Whether this release is only tried out."""
        return self.version == DRAFT

    @cached_property
    def treefile(self) -> Treefile:
        """The line's treefile, read at the first use."""
        return open_treefile(self.parameters)

    def record(self, step: str) -> dict[str, Any]:
        """Return the facts of one of this release's records."""
        return read_record(self.folder, step)

    @property
    def is_finished(self) -> bool:
        """Whether every step ran and every check passed."""
        return has_record(self.folder, "release") and self.record("release")["outcome"] == "passed"


def open_treefile(line: Parameters) -> Treefile:
    """Read a line's treefile, and tell what there is to warn of in it."""
    treefile = load_treefile(line.treefile, basearch=line.arch)
    for warning in treefile.warnings:
        note(f"warning: {warning}")
    return treefile


def open_release(
    parameters: str | Path | Parameters,
    *,
    version: str = DRAFT,
    snapshot: str = "",
    overrides: Mapping[str, str] | None = None,
) -> Release:
    """Open a release by the name or file of its parameters and its version; `draft` needs no plan.

    Raises InputError for faulty parameters and for a version that was never planned.
    """
    line = parameters if isinstance(parameters, Parameters) else load_parameters(parameters, overrides)
    others = finished_releases(line)
    if version == DRAFT:
        folder = line.build / DRAFT / line.stream
        return Release(line, version, snapshot, folder, others[-1] if others else None)
    folder = line.reports / line.stream / version
    if not has_record(folder, "plan"):
        known = ", ".join([*(other.version for other in others), DRAFT])
        raise InputError(f"the stream {line.stream} has no release {version!r}", hint=f"known: {known}")
    earlier = [other for other in others if version_key(other.version) < version_key(version)]
    planned = read_record(folder, "plan")
    if planned["overrides"] != line.overrides:
        line = load_parameters(line.file, planned["overrides"])
    return Release(line, version, planned["snapshot"], folder, earlier[-1] if earlier else None)


def known_releases(line: Parameters) -> list[Release]:
    """Return every release of the stream that has a folder, oldest first."""
    releases: list[Release] = []
    folders = (line.reports / line.stream).glob("*/plan.json")
    for folder in sorted((path.parent for path in folders), key=lambda path: version_key(path.name)):
        finished = [release for release in releases if release.is_finished]
        snapshot = read_record(folder, "plan")["snapshot"]
        releases.append(Release(line, folder.name, snapshot, folder, finished[-1] if finished else None))
    return releases


def finished_releases(line: Parameters) -> list[Release]:
    """Return the finished releases of the stream, oldest first."""
    return [release for release in known_releases(line) if release.is_finished]


def discard(release: Release) -> None:
    """Remove the folder of a release that was begun and cannot go on."""
    shutil.rmtree(release.folder)
