"""Running suites of checks in machines that boot a release's images."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from atomic_kit.checks.catalog import SUITES
from atomic_kit.checks.container import write_oci_archive
from atomic_kit.checks.results import CheckOutcome, CheckResult
from atomic_kit.checks.server import served
from atomic_kit.checks.walk import Walk
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import InputError
from atomic_kit.files import scratch_folder
from atomic_kit.progress import step
from atomic_kit.qemu import probe_accelerator

# The machine's address of the host that runs it, in QEMU's user network.
_HOST = "10.0.2.2"
# Two emulated machines keep two cores busy; more of them would only wait for each other.
_AT_A_TIME = 2
# The longest way decides when the checks end: what runs beside it takes the time that it leaves.
_BESIDE = 10


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
    platform: str = "qemu"


def run_checks(plan: CheckPlan) -> CheckOutcome:
    """Run the suites in machines side by side and return what came of every check.

    A suite that starts from the previous release is left out when there is none. A machine that does not boot
    gives results of outcome error. Each machine's console is kept as console-SUITE-FIRMWARE.log in the plan's
    folder. Raises InputError for an unknown suite.
    """
    if unknown := set(plan.suites) - SUITES.keys():
        raise InputError(f"unknown suite {min(unknown)!r}", hint=f"known: {', '.join(SUITES)}")
    started = time.monotonic()
    accelerator = probe_accelerator()
    with scratch_folder("checks") as folder, served(plan.ostree_repo) as port:
        archive = write_oci_archive(folder / "check.oci.tar")
        walks = list(_walks(plan, server=f"http://{_HOST}:{port}", archive=archive))
        text = f"Checking in {len(walks)} running machines ({accelerator})"
        with step(text, total=sum(map(len, walks))) as work:
            for result in _results(walks):
                work.describe(f"{text}: {result.suite} {result.firmware} {result.check}")
                work.advance()
            work.describe(text)
    return CheckOutcome(
        results=tuple(result for walk in walks for result in walk.results),
        boots=tuple(boot for walk in walks for boot in walk.boots),
        accelerator=accelerator,
        seconds=round(time.monotonic() - started, 1),
    )


def _walks(plan: CheckPlan, *, server: str, archive: Path) -> Iterator[Walk]:
    """Yield the machines that are needed: each goes through one suite under one firmware."""
    commits, images = {"this": plan.commit}, {"this": plan.image}
    if plan.previous is not None and plan.previous_image is not None:
        commits["previous"], images["previous"] = plan.previous, plan.previous_image
    facts = {"OS_NAME": plan.os_name, "REMOTE": plan.remote_name, "SERVER": server, "NEW": plan.commit.checksum}
    for name in plan.suites:
        suite = SUITES[name]
        if suite.image not in images:
            continue
        for firmware in suite.firmware:
            console = plan.folder / f"console-{name}-{firmware}.log"
            yield Walk(suite, plan.platform, firmware, images[suite.image], console, commits, facts, archive)


def _results(walks: Sequence[Walk]) -> Iterator[CheckResult]:
    """Let machines go their ways side by side and yield results as they come."""
    told: queue.SimpleQueue[CheckResult | None] = queue.SimpleQueue()
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        try:
            longest_first = sorted(walks, key=len, reverse=True)
            for walk in longest_first:
                walk.niceness = _BESIDE if len(walk) < len(longest_first[0]) else 0
            ways = [pool.submit(walk.go, told.put) for walk in longest_first]
            for way in ways:
                way.add_done_callback(lambda _: told.put(None))
            under_way = len(ways)
            while under_way:
                result = told.get()
                if result is None:
                    under_way -= 1
                else:
                    yield result
            for way in ways:
                way.result()
        finally:
            # After an interrupt the pool would wait for the machines' last checks.
            for walk in walks:
                walk.stop()
