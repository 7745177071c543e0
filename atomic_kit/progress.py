"""One voice for long work.

Work says what it does through `step`; a listener decides how that looks. The listener is chosen once by
where the process runs: bars in a terminal, lines in a log, a bar in a notebook, or, for a kernel that
the pipeline started, a line of JSON to the pipeline's terminal (`ATOMIC_KIT_PROGRESS` names the file).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.progress import TaskID

FORWARD_VARIABLE = "ATOMIC_KIT_PROGRESS"


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a step: `done` and `total` count items, or bytes; `seconds` is the time since its start."""

    kind: Literal["start", "advance", "end", "fail"]
    id: str
    text: str
    done: float = 0
    total: float | None = None
    seconds: float = 0.0
    unit: Literal["items", "bytes"] = "items"

    @property
    def count(self) -> str:
        """How much is done of how much, for a reader; empty when the total is not known."""
        if not self.total:
            return ""
        if self.unit == "bytes":
            return f"{self.done / 1e6:.1f}/{self.total / 1e6:.1f} MB"
        return f"{self.done:.0f}/{self.total:.0f}"


Listener = Callable[[Event], None]
_listener: Listener | None = None
_noted: set[str] = set()


class Step:
    """A piece of long work under way."""

    def __init__(self, text: str, total: float | None, unit: Literal["items", "bytes"] = "items") -> None:
        self.text, self.total, self.done, self._unit = text, total, 0.0, unit
        self._started = time.monotonic()
        self._told = 0.0
        self._id = f"{os.getpid()}-{id(self)}"

    def advance(self, amount: float = 1) -> None:
        """Count `amount` more items as done."""
        self.done += amount
        now = time.monotonic()
        if now - self._told > 0.1 or self.done == self.total:
            self._told = now
            self.tell("advance")

    def describe(self, text: str) -> None:
        """Change the text, e.g. when what the work found changes what is said of it."""
        self.text = text
        self.tell("advance")

    def tell(self, kind: Literal["start", "advance", "end", "fail"]) -> None:
        """Send the state to the listener."""
        seconds = time.monotonic() - self._started
        listener()(Event(kind, self._id, self.text, self.done, self.total, seconds, self._unit))


@contextmanager
def step(text: str, *, total: float | None = None, unit: Literal["items", "bytes"] = "items") -> Iterator[Step]:
    """Announce a piece of long work; `total` is its number of items or bytes, when that is known."""
    work = Step(text, total, unit)
    work.tell("start")
    try:
        yield work
    except BaseException:
        work.tell("fail")
        raise
    work.tell("end")


def note(text: str) -> None:
    """Tell whoever reads this process's messages, in a terminal or under a notebook's cell, something; once."""
    if text not in _noted:
        _noted.add(text)
        print(text, file=sys.stderr, flush=True)


def listen(new: Listener) -> None:
    """Send all further events to `new`."""
    global _listener
    _listener = new


def listener() -> Listener:
    """Return the listener of this process, choosing it at the first call."""
    global _listener
    if _listener is None:
        _listener = _choose()
    return _listener


def _choose() -> Listener:
    if path := os.environ.get(FORWARD_VARIABLE):
        return Forward(path)
    if "ipykernel" in sys.modules:
        return NotebookBars()
    if sys.stderr.isatty():
        return TerminalBars()
    return log_line


def log_line(event: Event) -> None:
    """Write a line to stderr when a step ends."""
    if event.kind in ("end", "fail"):
        mark = "done" if event.kind == "end" else "FAILED"
        print(f"{event.seconds:7.1f} s  {event.text}: {mark}", file=sys.stderr, flush=True)


class Forward:
    """Appends events as JSON lines to a file that another process follows."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __call__(self, event: Event) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(event)) + "\n")


class TerminalBars:
    """Bars on stderr by rich; a finished step leaves one line."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        from rich.markup import escape

        text = escape(event.text)
        if event.kind == "start":
            self._tasks[event.id] = self._bars.add_task(text, total=event.total, count="")
            self._bars.start()
            return
        task = self._tasks.get(event.id)
        if task is None:
            return
        self._bars.update(task, description=text, completed=event.done, total=event.total, count=event.count)
        if event.kind in ("end", "fail"):
            mark = "[green]✓[/]" if event.kind == "end" else "[red]✗[/]"
            self._bars.remove_task(self._tasks.pop(event.id))
            self._bars.console.print(f"{mark} {text} [dim]{event.seconds:.1f} s[/]")
            if not self._tasks:
                self._bars.stop()


class NotebookBars:
    """A bar of ipywidgets for each running step; it goes away when the step ends."""

    def __init__(self) -> None:
        self._bars: dict[str, object] = {}

    def __call__(self, event: Event) -> None:
        from IPython.display import display
        from ipywidgets import FloatProgress

        if event.kind == "start":
            bar = FloatProgress(max=event.total or 1, description="", bar_style="info", layout={"width": "60%"})
            bar.style.description_width = "initial"
            self._bars[event.id] = bar
            display(bar)  # type: ignore[no-untyped-call]
        bar = self._bars.get(event.id)
        if isinstance(bar, FloatProgress):
            bar.description = f"{event.text} ({event.count})" if event.count else event.text
            bar.value = event.done
            if event.kind == "end":
                bar.close()
                del self._bars[event.id]
            elif event.kind == "fail":
                bar.bar_style = "danger"
