"""The way of one machine through a suite."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from atomic_kit.checks.check import Boot, Check, CheckResult, Outcome, Stage, Suite
from atomic_kit.checks.plan import CheckPlan
from atomic_kit.checks.server import HOST_IN_MACHINE, Served
from atomic_kit.errors import AtomicKitError, StepError
from atomic_kit.qemu import Firmware, Machine, MachinePlan, running

# Where the OCI archive lies in the machine.
ARCHIVE = "/var/tmp/atomic-check.oci.tar"

_EVIDENCE = 4000  # characters that are kept of what a check printed
_BOOTS = Check("boots", "the machine boots and answers over ssh with a key", "", "")
_CONSOLE = Check("console", "the console shows no panic, no emergency shell and no kernel fault", "", "")


class Walk:
    """One machine, one suite, one firmware; `results` and `boots` fill while `go` runs."""

    def __init__(self, plan: CheckPlan, *, suite: Suite, firmware: Firmware, served: Served, archive: Path) -> None:
        self.results: list[CheckResult] = []
        self.boots: list[Boot] = []
        self._plan, self._suite, self._firmware = plan, suite, firmware
        self._served, self._archive = served, archive
        self._machine: Machine | None = None
        self._stopped = Event()
        self._due = [(stage, check) for stage in suite.stages for check in (_BOOTS, *stage.checks, _CONSOLE)]

    def __len__(self) -> int:
        """The number of results that this way gives."""
        return len(self._due)

    def go(self, tell: Callable[[CheckResult], None]) -> None:
        """Boot the machine and run every stage; what cannot be tried after a fault is an error.

        `tell` is called with each result. Nothing is raised for what goes wrong in the machine.
        """
        image = self._plan.target(self._suite.image).image
        console = self._plan.folder / f"console-{self._suite.name}-{self._firmware}.log"
        try:
            with running(MachinePlan(image, self._firmware, console)) as machine:
                self._machine = machine
                while len(self.results) < len(self._due) and not self._stopped.is_set():
                    self._next(machine, tell)
        except AtomicKitError as error:
            self._give_up(error, tell)

    def stop(self) -> None:
        """Switch the machine off, whatever it does; without effect on one that has gone its way."""
        self._stopped.set()
        if self._machine is not None:
            self._machine.process.kill()

    def _next(self, machine: Machine, tell: Callable[[CheckResult], None]) -> None:
        """Make the next step of the way. Raises AtomicKitError when there is no way on."""
        stage, check = self._due[len(self.results)]
        if check is _BOOTS:
            seconds = self._boot(stage, machine)
            self._add("passed", seconds, f"answered after {seconds:.1f} s", tell)
        elif check is _CONSOLE:
            shown = machine.failures()
            self._add("failed" if shown else "passed", 0.0, "\n".join(shown), tell)
        else:
            outcome, seconds, evidence = self._try(check, stage, machine)
            self._add(outcome, seconds, evidence, tell)
            if check.changes and outcome != "passed":
                raise StepError(f"{stage.check_name(check.name)} did not pass")

    def _boot(self, stage: Stage, machine: Machine) -> float:
        """Bring the machine up in a stage; return the seconds until it answers."""
        if self.boots:
            seconds = machine.reboot(menu_entry=stage.entry)
        else:
            seconds = machine.wait()
            machine.copy(self._archive, ARCHIVE)
        place = (self._suite.name, stage.name, self._plan.platform, self._firmware)
        self.boots.append(Boot(*place, self._plan.target(stage.tree).commit.checksum, seconds))
        return seconds

    def _try(self, check: Check, stage: Stage, machine: Machine) -> tuple[Outcome, float, str]:
        """Run a check; return its outcome, its seconds and what it printed."""
        facts = self._facts(stage)
        started = time.monotonic()
        try:
            ran = machine.ssh(as_script(check, facts), timeout=check.timeout)
        except AtomicKitError as error:
            return "error", time.monotonic() - started, str(error)
        printed = ran.stdout.strip()
        if ran.returncode == 0 and check.passes(printed, facts):
            return "passed", ran.seconds, printed
        expected = f"expected {check.expectation(facts)!r} and exit 0, got exit {ran.returncode} and:"
        return "failed", ran.seconds, "\n".join(part for part in (expected, printed, ran.stderr.strip()) if part)

    def _facts(self, stage: Stage) -> dict[str, str]:
        plan = self._plan
        tree = plan.target(stage.tree).commit
        return {
            "COMMIT": tree.checksum,
            "VERSION": tree.version,
            "PACKAGES": str(tree.package_count),
            "NEW_COMMIT": plan.this.commit.checksum,
            "OLD_COMMIT": plan.previous.commit.checksum if plan.previous else "",
            "OS": plan.host.os_name,
            "REF": tree.ref,
            "REMOTE": plan.host.remote_name,
            "SERVER": self._served.url,
            "SERVER_HOST": HOST_IN_MACHINE,
            "SERVER_PORT": str(self._served.port),
            "ARCHIVE": ARCHIVE,
        }

    def _add(self, outcome: Outcome, seconds: float, evidence: str, tell: Callable[[CheckResult], None]) -> None:
        stage, check = self._due[len(self.results)]
        name = stage.check_name(check.name)
        place = (self._suite.name, name, check.title, self._plan.platform, self._firmware)
        result = CheckResult(*place, outcome, round(seconds, 3), evidence[-_EVIDENCE:])
        self.results.append(result)
        tell(result)

    def _give_up(self, error: AtomicKitError, tell: Callable[[CheckResult], None]) -> None:
        """Report the step that failed with the whole error, and the rest as not tried."""
        stage, check = self._due[min(len(self.results), len(self._due) - 1)]
        evidence = str(error)
        while len(self.results) < len(self._due):
            self._add("error", 0.0, evidence, tell)
            evidence = f"not tried after {stage.check_name(check.name)}: {error.what}"


def as_script(check: Check, facts: Mapping[str, str]) -> str:
    """Return the text that bash reads: the facts as variables, then the check, which cannot eat the text itself."""
    variables = "".join(f"{name}={shlex.quote(value)}\n" for name, value in facts.items())
    return f"set -o pipefail\n{variables}check() {{\n{check.script}\n}}\ncheck < /dev/null\n"
