"""What a check is, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Literal

Outcome = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is proved in a running machine.

    `script` runs there in bash as root, with the plan's facts as variables ($COMMIT, $REF, ...). The check
    passes when the script ends with 0 and what it printed matches `expected` whole: a regular expression
    in which the same variables stand for themselves. A check with `changes` prepares the next stage.
    """

    name: str
    title: str
    script: str
    expected: str
    timeout: float = 120  # seconds
    changes: bool = False

    def passes(self, printed: str, facts: Mapping[str, str]) -> bool:
        """Say whether what the script printed is what is expected."""
        return re.fullmatch(self.expectation(facts), printed.strip(), re.DOTALL) is not None

    def expectation(self, facts: Mapping[str, str]) -> str:
        """Return the expected text with the facts filled in."""
        return Template(self.expected).safe_substitute({key: re.escape(value) for key, value in facts.items()})


@dataclass(frozen=True, slots=True)
class Stage:
    """One boot of a machine and the checks that follow it.

    `entry` is the boot menu's entry, 0 the default. `tree` says whose commit must run then. An empty
    `name` leaves the checks' names as they are.
    """

    name: str
    tree: Literal["this", "previous"]
    checks: tuple[Check, ...]
    entry: int = 0

    def check_name(self, check: str) -> str:
        """Return the name under which a check of this stage is reported."""
        return f"{self.name}/{check}" if self.name else check


@dataclass(frozen=True, slots=True)
class Suite:
    """Stages that one machine goes through, from the image of this release or of the previous one."""

    name: str
    image: Literal["this", "previous"]
    firmware: tuple[Literal["bios", "uefi"], ...]
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check: `failed` is the tree's fault, `error` means that it could not be tried."""

    suite: str
    check: str
    title: str
    platform: str
    firmware: str
    outcome: Outcome
    seconds: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot: seconds from power-on or reboot until the machine answered over ssh."""

    suite: str
    stage: str
    platform: str
    firmware: str
    commit: str
    seconds: float
