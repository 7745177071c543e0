"""The history of a stream, read from the records of its releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from atomic_kit.release.records import has_record, read_record, read_table
from atomic_kit.release.version import version_key

# Columns of the history: text, then numbers (bytes, counts, seconds).
TEXTS = ("version", "snapshot_generated", "commit")
NUMBERS = (
    "package_count",
    "installed_size",
    "commit_size",
    "delta_size",
    "image_size",
    "packages_changed",
    "checks_passed",
    "checks_failed",
    "boot_seconds",
    "boot_processor_seconds",
)


def stream_history(reports: Path, stream: str, *, with_folder: Path | None = None) -> pd.DataFrame:
    """Return one row a finished release of a stream, oldest first.

    Columns: version, snapshot_generated (ISO 8601), commit, package_count, installed_size, commit_size,
    delta_size and image_size (bytes, the first platform's image), packages_changed, checks_passed,
    checks_failed, boot_seconds and boot_processor_seconds (medians of first boots). What a release did not
    measure is NA. `with_folder` adds a release that is still being made, as the last.
    """
    folders = {path.parent for path in (reports / stream).glob("*/release.json")}
    finished = [folder for folder in folders if read_record(folder, "release")["outcome"] == "passed"]
    before = sorted(set(finished) - {with_folder}, key=lambda folder: version_key(folder.name))
    rows = [_row(folder) for folder in [*before, *([with_folder] if with_folder else [])]]
    frame = pd.DataFrame(rows, columns=[*TEXTS, *NUMBERS])
    return frame.astype(dict.fromkeys(TEXTS, "str") | dict.fromkeys(NUMBERS, "Float64"))


def _row(folder: Path) -> dict[str, Any]:
    facts = {step: read_record(folder, step) if has_record(folder, step) else {} for step in _STEPS}
    compose, changes, checks = facts["compose"], facts["changes"], facts["checks"]
    images = facts["images"].get("images", [])
    changed = [changes[kind] for kind in ("added", "removed", "upgraded", "downgraded") if kind in changes]
    return {
        "version": compose.get("version", folder.name),
        "snapshot_generated": facts["package-set"].get("snapshot_generated", ""),
        "commit": compose.get("checksum", ""),
        "package_count": compose.get("package_count"),
        "installed_size": compose.get("installed_size"),
        "commit_size": compose.get("commit_size"),
        "delta_size": compose.get("delta_size"),
        "image_size": images[0]["size"] if images else None,
        # A first release has nothing to be compared with.
        "packages_changed": sum(changed) if changes.get("from") else None,
        "checks_passed": checks.get("passed"),
        "checks_failed": checks.get("failed"),
        **(_boots(folder) if checks else {}),
    }


_STEPS = ("package-set", "compose", "changes", "images", "checks")


def _boots(folder: Path) -> dict[str, float]:
    boots = read_table(folder, "boots")
    first = boots[boots["occasion"] == "first boot"]
    columns = [column for column in ("seconds", "processor_seconds") if column in first]  # older ones have less
    return {f"boot_{column}": first[column].median() for column in columns}
