"""Compose: from a package set to a signed OSTree commit."""

from atomic_kit.compose.commit import Commit
from atomic_kit.compose.compose import compose_tree, serve_commit
from atomic_kit.compose.delta import with_delta
from atomic_kit.compose.installed import commit_packages
from atomic_kit.compose.publish import publish_commit

__all__ = ["Commit", "commit_packages", "compose_tree", "publish_commit", "serve_commit", "with_delta"]
