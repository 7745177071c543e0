"""Steps tell one listener what they do; listeners differ in how that looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from atomic_kit import progress
from atomic_kit.progress import Event, Forward, TerminalBars, log_line


@pytest.fixture
def events() -> Iterator[list[Event]]:
    before = progress.listener()
    heard: list[Event] = []
    progress.listen(heard.append)
    yield heard
    progress.listen(before)


def test_a_step_tells_its_start_its_items_and_its_end(events: list[Event]) -> None:
    with progress.step("Converting", total=2) as work:
        work.advance()
        work.describe("Converting 2 packages")
        work.advance()
    assert events[0].kind == "start"
    assert events[-1].kind == "end"
    assert (events[-2].done, events[-2].total) == (2, 2), "the last item is never left out"
    assert events[-1].text == "Converting 2 packages"
    assert len({event.id for event in events}) == 1


def test_many_items_do_not_flood_the_listener(events: list[Event]) -> None:
    with progress.step("Reading", total=10_000) as work:
        for _ in range(10_000):
            work.advance()
    assert len(events) < 100
    assert events[-1].done == 10_000


def test_a_failed_step_says_so_and_lets_the_error_pass(events: list[Event]) -> None:
    with pytest.raises(KeyboardInterrupt), progress.step("Installing"):
        raise KeyboardInterrupt
    assert [event.kind for event in events] == ["start", "fail"]


def test_a_log_has_one_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("start", "advance", "end"):
        log_line(Event(kind, "1", "Committing", seconds=1.25))
    log_line(Event("fail", "2", "Signing", seconds=0))
    assert capsys.readouterr().err == "    1.2 s  Committing: done\n    0.0 s  Signing: FAILED\n"


def test_forwarded_events_are_read_back_by_another_process(tmp_path: Path) -> None:
    event = Event("advance", "7", "Pulling", done=3, total=9, seconds=0.5)
    Forward(str(tmp_path / "events"))(event)
    assert Event(**json.loads((tmp_path / "events").read_text())) == event


def test_the_environment_chooses_forwarding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_listener", None)
    monkeypatch.setenv(progress.FORWARD_VARIABLE, str(tmp_path / "events"))
    assert isinstance(progress.listener(), Forward)


def test_a_terminal_keeps_one_line_of_each_ended_step(capsys: pytest.CaptureFixture[str]) -> None:
    bars = TerminalBars()
    bars(Event("start", "1", "Fetching [all]", total=2))
    bars(Event("advance", "1", "Fetching [all]", done=1, total=2))
    bars(Event("end", "1", "Fetching [all]", done=2, total=2, seconds=1.5))
    assert "✓ Fetching [all] 1.5 s" in capsys.readouterr().err


def test_a_note_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress.note("warning: told once")
    progress.note("warning: told once")
    assert capsys.readouterr().err == "warning: told once\n"


@pytest.mark.parametrize(
    ("unit", "total", "count"), [("bytes", 3e8, "1.5/300.0 MB"), ("items", 2e6, "1500000/2000000"), ("items", None, "")]
)
def test_bytes_are_shown_as_megabytes(unit: Literal["bytes", "items"], total: float | None, count: str) -> None:
    assert Event("advance", "1", "Fetching", 1.5e6, total, unit=unit).count == count
