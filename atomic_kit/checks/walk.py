"""The way of one machine through a suite."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from atomic_kit.checks.catalog import BOOTS, CONSOLE
from atomic_kit.checks.check import Check, Stage, Suite
from atomic_kit.checks.results import Boot, CheckResult, Outcome
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import AtomicKitError, StepError
from atomic_kit.qemu import Firmware, Machine, MachinePlan, running

# Where the OCI archive lies in the machine.
ARCHIVE = "/var/tmp/atomic-check.oci.tar"

_EVIDENCE = 4000  # characters that are kept of what a check printed

Tell = Callable[[CheckResult], None]


@dataclass
class Walk:
    """One machine: its image, the commits that its stages run, and what has come of it so far.

    `facts` are those that hold in every stage; `archive` is the OCI archive on this machine.
    """

    suite: Suite
    platform: str
    firmware: Firmware
    image: Path
    console: Path
    commits: Mapping[str, Commit]
    facts: Mapping[str, str]
    archive: Path
    niceness: int = 0
    results: list[CheckResult] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=list)
    _machine: Machine | None = None
    _stopped: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._due = [(stage, one) for stage in self.suite.stages for one in (BOOTS, *stage.checks, CONSOLE)]

    def __len__(self) -> int:
        """The number of results that this way gives, whatever happens."""
        return len(self._due)

    def go(self, tell: Tell) -> None:
        """Boot the machine and go through the stages; what a fault keeps from being tried is an error.

        `tell` is called with each result. Nothing is raised for what goes wrong in the machine.
        """
        try:
            if self._stopped.is_set():
                return
            plan = MachinePlan(self.image, self.firmware, self.console, niceness=self.niceness)
            plan = replace(plan, boot_timeout=plan.boot_timeout * self._patience)
            with running(plan) as machine:
                self._machine = machine
                while len(self.results) < len(self._due) and not self._stopped.is_set():
                    self._next(machine, tell)
        except AtomicKitError as error:
            self._give_up(error, tell)

    @property
    def _patience(self) -> int:
        """How many times as long as usual to wait for the machine: one that gives way may get little time."""
        return 3 if self.niceness else 1

    def stop(self) -> None:
        """Switch the machine off, whatever it does; without effect on one that has gone its way."""
        self._stopped.set()
        if self._machine is not None:
            self._machine.process.kill()

    def _next(self, machine: Machine, tell: Tell) -> None:
        """Take the next step. Raises AtomicKitError when there is no way on."""
        stage, check = self._due[len(self.results)]
        if check is BOOTS:
            seconds = self._boot(stage, machine)
            self._add("passed", f"answered after {seconds:.1f} s", seconds=seconds, tell=tell)
        elif check is CONSOLE:
            shown = machine.failures()
            evidence = "\n".join(shown) or f"nothing of the kind in {self.console.name}"
            self._add("failed" if shown else "passed", evidence, seconds=0, tell=tell)
        else:
            started = time.monotonic()
            outcome, evidence = self._try(check, stage, machine)
            self._add(outcome, evidence, seconds=time.monotonic() - started, tell=tell)
            if check.needed and outcome != "passed":
                raise StepError(f"{stage.name}/{check.name} did not pass")

    def _boot(self, stage: Stage, machine: Machine) -> float:
        """Bring the machine up for a stage; return the seconds until it answers."""
        before = machine.processor_seconds if self.boots else 0
        seconds = machine.reboot(menu_entry=stage.entry) if self.boots else machine.wait()
        self.boots.append(
            Boot(
                release_version=self.commits[stage.tree].version,
                firmware=self.firmware,
                occasion=stage.occasion,
                seconds=round(seconds, 1),
                processor_seconds=round(machine.processor_seconds - before, 1),
            )
        )
        if len(self.boots) == 1:
            machine.copy(self.archive, ARCHIVE)
        return seconds

    def _try(self, check: Check, stage: Stage, machine: Machine) -> tuple[Outcome, str]:
        """Run a check; return its outcome and what it printed."""
        facts = self._facts(stage)
        try:
            answer = machine.ssh(as_script(check, facts), timeout=check.timeout * self._patience)
        except AtomicKitError as error:
            return "error", str(error)
        printed = "\n".join(text for text in (answer.stdout.strip(), answer.stderr.strip()) if text)
        if answer.returncode == 0 and check.passes(answer.stdout, facts):
            return "passed", printed
        return "failed", f"exit {answer.returncode}, expected {check.expectation(facts)!r}, got:\n{printed}"

    def _facts(self, stage: Stage) -> dict[str, str]:
        commit = self.commits[stage.tree]
        own = {"COMMIT": commit.checksum, "VERSION": commit.version, "PACKAGES": str(commit.package_count)}
        return {**self.facts, **own, "ARCHIVE": ARCHIVE}

    def _add(self, outcome: Outcome, evidence: str, *, seconds: float, tell: Tell) -> None:
        stage, check = self._due[len(self.results)]
        if len(evidence) > _EVIDENCE:
            evidence = f"{evidence[: _EVIDENCE // 2]}\n…\n{evidence[-_EVIDENCE // 2 :]}"
        place = (stage.name, check.name, check.title, self.platform, self.firmware)
        self.results.append(CheckResult(*place, outcome, round(seconds, 2), evidence))
        tell(self.results[-1])

    def _give_up(self, error: AtomicKitError, tell: Tell) -> None:
        """Report what is still due: with the whole error where the way ended, after that as not tried."""
        evidence = str(error)
        for stage, check in self._due[len(self.results) :]:
            self._add("error", evidence, seconds=0, tell=tell)
            if evidence == str(error):
                evidence = f"not tried: {error.what}" if check is not BOOTS else f"not tried: {stage.name} did not boot"


def as_script(check: Check, facts: Mapping[str, str]) -> str:
    """Return the text that bash reads: the facts as variables, then the check, which cannot read the text itself."""
    variables = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in facts.items())
    return f"set -o pipefail\n{variables}check() {{\n{check.script}\n}}\ncheck < /dev/null\n"
