"""One run of the demo line, which serves all tests that start machines; it takes several minutes."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from interruption import Interruption, interrupt

from atomic_kit.parameters import Parameters, load_parameters
from atomic_kit.pipeline import run_line
from atomic_kit.release.records import STEPS
from atomic_kit.release.release import Release, finished_releases

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parameters, list[Interruption]]]:
    """A copy of the demo line in a folder of its own, whose releases were made, and how often that was cut off.

    The first release was cut off in every step, by Ctrl-C and by a kill; the second ran through.
    """
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(PROJECT / "parameters", folder / "parameters")
    made = load_parameters(folder / "parameters" / "demo.yaml")
    log = folder / "log"
    interruptions = [
        interrupt(made, step, STEPS[:number], sent, log=log)
        for number, step in enumerate(STEPS)
        for sent in (signal.SIGINT, signal.SIGKILL)
    ]
    run_line(made, say=print)
    yield made, interruptions
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def line(demo: tuple[Parameters, list[Interruption]]) -> Parameters:
    """The copy of the demo line."""
    return demo[0]


@pytest.fixture(scope="session")
def interruptions(demo: tuple[Parameters, list[Interruption]]) -> list[Interruption]:
    """What became of the runs that were cut off."""
    return demo[1]


@pytest.fixture(scope="session")
def releases(line: Parameters) -> list[Release]:
    """The releases of the line, oldest first."""
    return finished_releases(line)
