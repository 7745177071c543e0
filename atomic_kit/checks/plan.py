"""What a run of checks is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from atomic_kit.checks.check import Suite
from atomic_kit.checks.suites import suite as suite_named
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import StepError
from atomic_kit.images import Host
from atomic_kit.qemu import Firmware
from atomic_kit.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Target:
    """A tree and its image (qcow2), which is never written to."""

    image: Path
    commit: Commit


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What to check: this release, and the previous one if there is one.

    `platform` names the image that is checked. Consoles are kept in `folder`. Machines upgrade from the
    workspace's candidate ostree_repo; its cache ostree_repo holds the commit that a container is made of.
    """

    suites: tuple[str, ...]
    platform: str
    this: Target
    previous: Target | None
    host: Host
    workspace: Workspace
    folder: Path

    def machines(self) -> list[tuple[Suite, Firmware]]:
        """Return the machines that are needed: each goes through one suite under one firmware.

        Suites that start from the previous release are left out when there is none. Raises InputError for
        an unknown suite.
        """
        suites = [suite_named(name) for name in self.suites]
        due = [suite for suite in suites if suite.image == "this" or self.previous is not None]
        return [(suite, firmware) for suite in due for firmware in suite.firmware]

    def target(self, tree: Literal["this", "previous"]) -> Target:
        """Return one of the two trees."""
        if tree == "this":
            return self.this
        if self.previous is None:
            raise StepError("there is no previous release to start from", hint="leave out the suite upgrade")
        return self.previous
