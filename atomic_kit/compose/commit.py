"""What a compose made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """One composed OSTree commit.

    `timestamp` is seconds since 1970 (the release's epoch, not the clock). `installed_size` is the bytes
    of all regular files in the tree, each hard link once; `commit_size` the bytes of the objects of this
    commit in the archive repository; `delta_size` the bytes of the static delta from `parent`, None
    where none was made.
    """

    checksum: str
    ref: str
    version: str
    timestamp: int
    parent: str | None
    package_count: int
    file_count: int
    installed_size: int
    commit_size: int
    delta_size: int | None
    input_digest: str
