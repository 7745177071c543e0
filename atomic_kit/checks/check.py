"""What a check, a stage and a suite are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from atomic_kit.qemu import Firmware


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is proved in a running machine.

    `script` runs there in bash as root. The check passes when it ends with 0 and what it printed on stdout
    matches `expect`, a regular expression (multiline) in which {name} stands for a fact. Without a check
    that is `needed` the way cannot go on.
    """

    name: str
    title: str
    script: str
    expect: str = ""
    timeout: float = 180  # seconds
    needed: bool = False

    def expectation(self, facts: Mapping[str, str]) -> str:
        """Return the expected text with the facts, taken literally, in their places."""
        return re.sub(r"\{([A-Z_]+)\}", lambda match: re.escape(facts[match[1]]), self.expect)

    def passes(self, printed: str, facts: Mapping[str, str]) -> bool:
        """Say whether what the script printed is what is expected."""
        return re.search(self.expectation(facts), printed.strip(), re.MULTILINE) is not None


@dataclass(frozen=True, slots=True)
class Stage:
    """One boot of a machine and the checks that follow it.

    `name` is what its results are filed under, `occasion` names the boot. `entry` is the entry of the boot
    menu, 0 the default; `tree` says whose commit must run then.
    """

    name: str
    occasion: str
    tree: Literal["this", "previous"]
    checks: tuple[Check, ...]
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """Stages that one machine goes through, started from this release's image or the previous one's."""

    image: Literal["this", "previous"]
    firmware: tuple[Firmware, ...]
    stages: tuple[Stage, ...]
