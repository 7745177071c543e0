"""Version numbers of releases, by rpm-ostree's automatic-version-prefix."""

from __future__ import annotations

import re
from datetime import datetime

from atomic_kit.treefile import Treefile, version_prefix


def next_version(treefile: Treefile, *, generated: datetime, last: str | None) -> str:
    """Return the version that follows `last` in a stream.

    The prefix takes its date from the snapshot, not from the clock. A number is counted up while the
    prefix stays, after automatic-version-suffix; a dated prefix starts at 0, a plain one at itself (as
    rpm-ostree does).
    """
    prefix = version_prefix(treefile, generated) or generated.strftime("%Y%m%d")
    suffix = treefile.automatic_version_suffix
    if last is not None and (match := re.fullmatch(rf"{re.escape(prefix + suffix)}(\d+)|{re.escape(prefix)}", last)):
        return f"{prefix}{suffix}{int(match[1] or 0) + 1}"
    dated = "<date:" in treefile.automatic_version_prefix or not treefile.automatic_version_prefix
    return f"{prefix}{suffix}0" if dated else prefix


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return a key by which versions sort: numbers by value, the rest by text, whatever stands between them."""
    parts = re.findall(r"[0-9]+|[^0-9.]+", version)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
