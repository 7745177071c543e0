"""Running suites of checks in machines that boot a release's images."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from atomic_kit.checks import catalog
from atomic_kit.checks.catalog import Check
from atomic_kit.checks.container import write_oci_archive
from atomic_kit.checks.results import Boot, CheckOutcome, CheckResult
from atomic_kit.checks.server import served
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import AtomicKitError, InputError
from atomic_kit.progress import Step, step
from atomic_kit.qemu import Firmware, Machine, MachinePlan, probe_accelerator, running

# The machine's address of the host that runs it, in QEMU's user network.
_HOST = "10.0.2.2"
_AT_A_TIME = 2


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What to check: the image (qcow2) of a commit, and, for upgrades, the previous release's.

    `ostree_repo` is the archive that machines upgrade from; consoles are written to `folder`.
    """

    suites: tuple[str, ...]
    image: Path
    commit: Commit
    previous_image: Path | None
    previous: Commit | None
    os_name: str
    remote_name: str
    ostree_repo: Path
    folder: Path


@dataclass
class _Run:
    """One machine under test and what it has shown so far."""

    plan: CheckPlan
    suite: str
    firmware: Firmware
    server: str
    archive: Path
    work: Step
    results: list[CheckResult] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=list)

    def boot(self, occasion: str, version: str, wait: Callable[[], float]) -> None:
        """Boot, and note how long it took; a machine that does not come up raises."""
        seconds = wait()
        self.boots.append(Boot(version, self.firmware, occasion, round(seconds, 1)))

    def prove(self, machine: Machine, checks: Sequence[Check], commit: Commit) -> None:
        """Run checks; each gives one result."""
        for check in checks:
            self.results.append(self._one(machine, check, commit))
            self.work.advance()

    def _one(self, machine: Machine, check: Check, commit: Commit) -> CheckResult:
        previous = self.plan.previous
        values = {
            "COMMIT": commit.checksum,
            "PREVIOUS": previous.checksum if previous else "",
            "PACKAGES": str(commit.package_count),
            "OS_NAME": self.plan.os_name,
            "REMOTE": self.plan.remote_name,
            "SERVER": self.server,
            "VERSION": commit.version,
        }
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
        started = time.monotonic()
        try:
            answer = machine.ssh(exports + check.script + "\n", timeout=check.timeout)
        except AtomicKitError as error:
            return self.result(check.name, check.title, "error", str(error), time.monotonic() - started)
        output = (answer.stdout + answer.stderr).strip()
        expected = re.sub(r"\{([a-z_]+)\}", lambda match: re.escape(values[match[1].upper()]), check.expect)
        passed = answer.returncode == 0 and re.search(expected, answer.stdout.strip(), re.MULTILINE) is not None
        evidence = output if passed else f"exit {answer.returncode}, expected {expected!r}, got:\n{output}"
        return self.result(check.name, check.title, "passed" if passed else "failed", evidence, answer.seconds)

    def result(self, check: str, title: str, outcome: str, evidence: str, seconds: float) -> CheckResult:
        """Return a result of this machine."""
        kept = evidence if len(evidence) < 4000 else evidence[:2000] + "\n…\n" + evidence[-2000:]
        return CheckResult(
            self.suite,
            check,
            title,
            "qemu",
            self.firmware,
            outcome,
            round(seconds, 2),
            kept,  # type: ignore[arg-type]
        )


def run_checks(plan: CheckPlan) -> CheckOutcome:
    """Run the suites, two machines at a time; a machine that does not boot gives a result of outcome error.

    The suite `upgrade` is left out for a release without a previous one. Raises InputError for an unknown suite.
    """
    if unknown := set(plan.suites) - SUITES.keys():
        raise InputError(f"unknown suite {min(unknown)!r}", hint=f"known: {', '.join(SUITES)}")
    jobs = [(name, firmware) for name in plan.suites for firmware in SUITES[name].firmware]
    if plan.previous is None or plan.previous_image is None:
        jobs = [job for job in jobs if job[0] != "upgrade"]
    # The longest first.
    jobs.sort(key=lambda job: -SUITES[job[0]].length)
    started = time.monotonic()
    with (
        TemporaryDirectory() as folder,
        served(plan.ostree_repo) as port,
        step("Checking in running machines", total=sum(SUITES[name].length for name, _ in jobs)) as work,
        ThreadPoolExecutor(_AT_A_TIME) as pool,
    ):
        archive = write_oci_archive(Path(folder) / "check.oci.tar")
        server = f"http://{_HOST}:{port}"
        runs = [_Run(plan, name, firmware, server, archive, work) for name, firmware in jobs]
        list(pool.map(_run_suite, runs))
    return CheckOutcome(
        results=tuple(result for run in runs for result in run.results),
        boots=tuple(boot for run in runs for boot in run.boots),
        accelerator=probe_accelerator(),
        seconds=round(time.monotonic() - started, 1),
    )


def _run_suite(run: _Run) -> None:
    image = run.plan.previous_image if run.suite == "upgrade" else run.plan.image
    assert image is not None
    console = run.plan.folder / f"console-{run.suite}-{run.firmware}.log"
    started = time.monotonic()
    try:
        with running(MachinePlan(image, run.firmware, console)) as machine:
            SUITES[run.suite].run(run, machine)
            found = machine.failures()
        outcome = "failed" if found else "passed"
        evidence = "\n".join(found) or "no text of a failure"
        run.results.append(run.result("console", "the console shows no failure", outcome, evidence, 0))
    except AtomicKitError as error:
        seconds = time.monotonic() - started
        run.results.append(run.result("machine", "the machine boots and answers", "error", str(error), seconds))
    run.work.advance()


def _boot(run: _Run, machine: Machine) -> None:
    commit = run.plan.commit
    run.boot("first boot", commit.version, machine.wait)
    run.prove(machine, catalog.BOOTED, commit)
    machine.copy(run.archive, "/var/tmp/check.oci.tar")
    run.prove(machine, catalog.CONTAINERS, commit)


def _upgrade(run: _Run, machine: Machine) -> None:
    commit, previous = run.plan.commit, run.plan.previous
    assert previous is not None
    run.boot("before the upgrade", previous.version, machine.wait)
    run.prove(machine, (*catalog.LEAVE_MARKS, *catalog.UPGRADE), commit)
    run.boot("after the upgrade", commit.version, machine.reboot)
    run.prove(machine, (*catalog.BOOTED, *catalog.AFTER_UPGRADE), commit)
    run.boot("rollback", previous.version, lambda: machine.reboot(menu_entry=1))
    run.prove(machine, catalog.AFTER_ROLLBACK, previous)
    run.boot("after the rollback", previous.version, machine.reboot)
    run.prove(machine, catalog.AFTER_ROLLBACK[:1], previous)


@dataclass(frozen=True, slots=True)
class Suite:
    """A list of checks for a machine; `length` is how many results it gives."""

    run: Callable[[_Run, Machine], None]
    firmware: tuple[Firmware, ...]
    length: int


SUITES = {
    "boot": Suite(_boot, ("bios", "uefi"), len(catalog.BOOTED) + len(catalog.CONTAINERS) + 1),
    "upgrade": Suite(
        _upgrade,
        ("bios",),
        sum(map(len, (catalog.LEAVE_MARKS, catalog.UPGRADE, catalog.BOOTED, catalog.AFTER_UPGRADE)))
        + len(catalog.AFTER_ROLLBACK)
        + 2,
    ),
}
