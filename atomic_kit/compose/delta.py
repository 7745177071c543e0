"""The static delta: what a host of the previous release fetches in one piece instead of object by object."""

from __future__ import annotations

from dataclasses import replace

from atomic_kit import ostree
from atomic_kit.compose.commit import Commit
from atomic_kit.compose.keys import signing_key, stop_agent
from atomic_kit.progress import step
from atomic_kit.workspace import Workspace


def with_delta(commit: Commit, workspace: Workspace) -> Commit:
    """Return a commit with the size of its static delta from its parent, made in the candidate ostree_repo.

    A delta that is there already is not made again; a commit without a parent has none.
    """
    candidate, parent = workspace.candidate_repo, commit.parent
    if parent is None:
        return commit
    size = ostree.delta_size(candidate, parent, commit.checksum)
    if size is None:
        if not ostree.has_commit(candidate, parent):
            ostree.pull_local(workspace.published_repo, candidate, parent)
        with step("Making the static delta from the previous release"):
            size = ostree.make_delta(candidate, parent, commit.checksum)
    try:
        ostree.update_summary(candidate, signing_key(workspace.keys))
    finally:
        stop_agent(workspace.keys)
    return replace(commit, delta_size=size)
