"""Where a release line keeps its work and its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """The two folders: `build` is cache and may be deleted, `reports` is what is published."""

    build: Path
    reports: Path

    @property
    def cache_repo(self) -> Path:
        """The bare ostree_repo that composes commit to."""
        return self.build / "ostree" / "cache"

    @property
    def candidate_repo(self) -> Path:
        """The archive ostree_repo with commits that are being checked."""
        return self.build / "ostree" / "candidate"

    @property
    def published_repo(self) -> Path:
        """The archive ostree_repo with the commits of finished releases."""
        return self.build / "ostree" / "published"

    @property
    def keys(self) -> Path:
        """The GnuPG home that signs commits and summaries."""
        return self.build / "keys"
