"""One run of a line at a time: runs share the candidate ostree_repo, its ref and the agent that signs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from atomic_kit.errors import StepError
from atomic_kit.parameters import Parameters


@contextmanager
def alone(line: Parameters) -> Iterator[None]:
    """Hold the line's lock; raise StepError when another run of it is under way."""
    line.build.mkdir(parents=True, exist_ok=True)
    with (line.build / f"{line.stream}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepError(f"another run of {line.stream} is under way", hint="wait until it ends") from None
        yield
