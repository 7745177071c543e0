"""Runs that are cut off and machines that lack something: one sentence, nothing half-written, and on it goes."""

from __future__ import annotations

import signal

import pytest
from interruption import Interruption

from atomic_kit.release.records import STEPS

pytestmark = pytest.mark.boot


def test_a_run_that_is_cut_off_says_so_and_leaves_nothing_running(interruptions: list[Interruption]) -> None:
    assert [(cut.step, cut.signal) for cut in interruptions] == [
        (step, sent) for step in STEPS for sent in (signal.SIGINT, signal.SIGKILL)
    ]
    assert {cut.step for cut in interruptions if cut.was_in_step} >= {"package-set", "compose", "images", "checks"}
    for cut in interruptions:
        assert not cut.left_running
        assert "Traceback" not in cut.said
        if cut.signal == signal.SIGINT:
            assert cut.returncode == 130
            assert "goes on from the last whole step" in cut.said
