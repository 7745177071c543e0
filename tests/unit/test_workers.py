"""Several things at a time: in order, one error for all, and nobody waits for what stalls after Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from atomic_kit.sources.workers import side_by_side


def test_results_keep_the_order_of_what_was_asked() -> None:
    done: list[None] = []
    found = side_by_side(
        lambda number: time.sleep((30 - number) / 1000) or number * 2,
        range(30),
        ended=threading.Event(),
        on_done=lambda: done.append(None),
    )
    assert found == [number * 2 for number in range(30)]
    assert len(done) == 30
    assert side_by_side(str, [], ended=threading.Event()) == []


def test_an_error_is_raised_when_the_others_have_ended() -> None:
    ended, begun, over = threading.Event(), [], []

    def action(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        ended.wait(5)
        over.append(number)

    with pytest.raises(ValueError, match="three"):
        side_by_side(action, range(100), ended=ended)
    assert len(begun) == len(over) + 1 <= 9


def test_ctrl_c_does_not_wait() -> None:
    free = threading.Event()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(lambda _: free.wait(20), range(3), ended=threading.Event())
    assert time.monotonic() - started < 3
    free.set()
