"""Cutting runs of the command line off in a step of a line's first release."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from atomic_kit.parameters import Parameters
from atomic_kit.release.records import has_record
from atomic_kit.release.version import version_key

# Seconds from the beginning of a step until the run is deep in it; the others take less than one in all.
_DEPTH = {"package-set": 4, "compose": 4, "images": 2.5, "checks": 12}


@dataclass(frozen=True, slots=True)
class Interruption:
    """What came of a run that got a signal in a step."""

    step: str
    signal: signal.Signals
    was_in_step: bool
    returncode: int
    said: str
    left_running: list[str]


def interrupt(line: Parameters, step: str, before: Sequence[str], sent: signal.Signals, *, log: Path) -> Interruption:
    """Run the line, and once every step of `before` left its record send a signal, deep in `step`."""
    argv = [sys.executable, "-m", "atomic_kit.cli", "release", str(line.file)]
    with log.open("w") as stream, subprocess.Popen(argv, stdout=stream, stderr=stream) as run:
        while not (all(has_record(_first_release(line), one) for one in before) and _is_in(line, step, run.pid)):
            assert run.poll() is None, log.read_text()
            time.sleep(0.02)
        time.sleep(_DEPTH.get(step, 0))
        started = psutil.Process(run.pid).children(recursive=True)
        was_in_step = _is_in(line, step, run.pid)
        run.send_signal(sent)
        run.wait(30)
    _, waiting = psutil.wait_procs(started, timeout=10)
    alive = [str(one) for one in waiting if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    return Interruption(step, sent, was_in_step, run.returncode, log.read_text(), alive)


def _is_in(line: Parameters, step: str, pid: int) -> bool:
    """Say whether a run's process is executing the notebook of a step."""
    return bool(list(_first_release(line).glob(f".*-{step}.{pid}.part.ipynb")))


def _first_release(line: Parameters) -> Path:
    """Return the folder of the oldest release, which need not be there yet."""
    plans = (line.workspace.reports / line.stream).glob("*/plan.json")
    return min((plan.parent for plan in plans), key=lambda folder: version_key(folder.name), default=Path("none"))
