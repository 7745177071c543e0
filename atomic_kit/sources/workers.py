"""Several things at a time, which Ctrl-C ends at once.

The standard pool waits for its threads when a program ends, and one that reads from a server that stalls comes back
only when its patience is over. These threads are left behind; files that they were at are whole or have no name.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
_Result = tuple[int, R | None, BaseException | None]

_AT_ONCE = 8
_GRACE = 0.5  # seconds that threads have to end after Ctrl-C


def side_by_side(
    action: Callable[[T], R], items: Sequence[T], *, ended: threading.Event, on_done: Callable[[], None] | None = None
) -> list[R]:
    """Return what `action` returns for each item, in their order; `on_done` is called when one is done.

    The first error is raised, after nothing new has begun and what was begun has ended. `ended` tells an action that
    nobody needs it any more.
    """
    todo, results = deque(enumerate(items)), SimpleQueue[_Result[R]]()

    def work() -> None:
        while not ended.is_set():
            try:
                number, item = todo.popleft()
            except IndexError:
                return
            try:
                results.put((number, action(item), None))
            except BaseException as error:  # whoever waits for it raises it
                results.put((number, None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in items[:_AT_ONCE]]
    try:
        for thread in threads:
            thread.start()
        found = _gathered(results, len(items), on_done or (lambda: None))
    except Exception:
        _end(threads, ended, patience=None)
        raise
    except BaseException:
        _end(threads, ended, patience=_GRACE)
        raise
    return found


def _gathered(results: SimpleQueue[_Result[R]], amount: int, on_done: Callable[[], None]) -> list[R]:
    found: dict[int, R | None] = {}
    for _ in range(amount):
        number, result, error = results.get()
        if error is not None:
            raise error
        found[number] = result
        on_done()
    return [result for _, result in sorted(found.items(), key=lambda pair: pair[0])]  # type: ignore[misc]


def _end(threads: Sequence[threading.Thread], ended: threading.Event, *, patience: float | None) -> None:
    """Let threads begin nothing new and wait for them, `patience` seconds at most."""
    ended.set()
    until = None if patience is None else time.monotonic() + patience
    for thread in threads:
        if thread.ident is not None:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
