"""Version numbers of releases, by rpm-ostree's automatic-version-prefix."""

from __future__ import annotations

import re
from datetime import datetime

from atomic_kit.treefile import Treefile, version_prefix


def next_version(treefile: Treefile, *, generated: datetime, last: str | None) -> str:
    """Return the version that follows `last` in a stream.

    The prefix takes its date from the snapshot, not from the clock. A number is counted up while the
    prefix stays; a dated prefix starts at .0, a plain one at itself (as rpm-ostree does).
    """
    prefix = version_prefix(treefile, generated) or generated.strftime("%Y%m%d")
    if last is not None and (match := re.fullmatch(re.escape(prefix) + r"(?:\.(\d+))?", last)):
        return f"{prefix}.{int(match[1] or 0) + 1}"
    dated = "<date:" in treefile.automatic_version_prefix or not treefile.automatic_version_prefix
    return f"{prefix}.0" if dated else prefix


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return a key by which versions sort: numbers by value, the rest by text."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in version.split("."))
