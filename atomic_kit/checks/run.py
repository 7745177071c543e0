"""Running suites in machines, some of them at once."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from atomic_kit.checks.check import CheckResult
from atomic_kit.checks.container import write_archive
from atomic_kit.checks.plan import CheckPlan
from atomic_kit.checks.results import CheckOutcome
from atomic_kit.checks.server import serving
from atomic_kit.checks.walk import Walk
from atomic_kit.progress import step
from atomic_kit.qemu import probe_accelerator

# Two emulated machines keep two cores busy; more of them would only wait for each other.
_MACHINES = 2


def run_checks(plan: CheckPlan) -> CheckOutcome:
    """Run the plan's suites in machines side by side and return what came of every check.

    Each machine's console is kept whole as console-SUITE-FIRMWARE.log in the plan's folder. A machine
    that does not boot gives results with the outcome `error`; nothing is raised for it. Raises InputError
    for an unknown suite and ToolError when a tool of this machine is missing.
    """
    started = time.monotonic()
    machines = plan.machines()
    accelerator = probe_accelerator()
    with (
        TemporaryDirectory(dir=plan.workspace.build, prefix=".checks.") as folder,
        serving(plan.workspace.candidate_repo) as served,
    ):
        archive = Path(folder) / "check.oci.tar"
        with step("Making a container for the checks"):
            write_archive(archive, ostree_repo=plan.workspace.cache_repo, checksum=plan.this.commit.checksum)
        walks = [
            Walk(plan, suite=suite, firmware=firmware, served=served, archive=archive) for suite, firmware in machines
        ]
        text = f"Checking {plan.this.commit.version} in {len(walks)} machines ({accelerator})"
        with step(text, total=sum(map(len, walks))) as work:
            for result in _results(walks):
                work.describe(f"{text}: {result.suite} {result.firmware} {result.check}")
                work.advance()
            work.describe(text)
    return CheckOutcome(
        tuple(result for walk in walks for result in walk.results),
        tuple(boot for walk in walks for boot in walk.boots),
        accelerator,
        time.monotonic() - started,
    )


def _results(walks: Sequence[Walk]) -> Iterator[CheckResult]:
    """Let machines go their ways side by side and yield results as they come."""
    told: queue.SimpleQueue[CheckResult | None] = queue.SimpleQueue()
    with ThreadPoolExecutor(_MACHINES) as pool:
        try:
            # The longest way first, so that the short ones run beside it.
            ways = [pool.submit(walk.go, told.put) for walk in sorted(walks, key=len, reverse=True)]
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
            pool.shutdown(wait=False, cancel_futures=True)
            for walk in walks:
                walk.stop()
