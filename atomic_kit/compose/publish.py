"""From checked to published: the same bytes in the ostree_repo that hosts pull from."""

from __future__ import annotations

import shutil

from atomic_kit import ostree
from atomic_kit.compose.commit import Commit
from atomic_kit.compose.keys import signing_key, stop_agent
from atomic_kit.files import new_folder
from atomic_kit.workspace import Workspace


def publish_commit(commit: Commit, workspace: Workspace) -> None:
    """Bring a commit and its delta into the published ostree_repo, then its ref, then the signed summary.

    In this order a client sees either the state before or the state after.
    """
    published = workspace.published_repo
    signer = signing_key(workspace.keys)
    try:
        ostree.ensure_repo(published, mode="archive", settings={"archive.zlib-level": "3"})
        ostree.pull_local(workspace.candidate_repo, published, commit.checksum)
        if commit.parent is not None and commit.delta_size is not None:
            made = ostree.delta_folder(workspace.candidate_repo, commit.parent, commit.checksum)
            with new_folder(ostree.delta_folder(published, commit.parent, commit.checksum)) as part:
                shutil.copytree(made, part, dirs_exist_ok=True)
        ostree.set_ref(published, commit.ref, commit.checksum)
        ostree.update_summary(published, signer)
    finally:
        stop_agent(workspace.keys)
