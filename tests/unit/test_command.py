"""Programs are started through one door, which ends them and says what went wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from atomic_kit import command
from atomic_kit.errors import ToolError


def wait_for(condition: Callable[[], bool], *, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return done


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_both_streams_come_back_apart() -> None:
    result = command.run(
        ["sh", "-c", 'read line; echo "$line $WORD"; echo warning >&2'], input="a\n", env={"WORD": "b"}
    )
    assert (result.stdout, result.stderr, result.returncode) == ("a b\n", "warning\n", 0)


def test_a_failure_shows_the_command_its_exit_and_the_end_of_both_streams() -> None:
    with pytest.raises(ToolError) as caught:
        command.run(["sh", "-c", "seq 100; echo 'disk full' >&2; exit 3"])
    text = str(caught.value)
    assert "sh -c" in text and "failed (exit 3)" in text
    assert text.endswith("99\n100\ndisk full")
    assert "\n50\n" not in text


def test_a_failure_can_be_looked_at_instead() -> None:
    assert command.run(["sh", "-c", "exit 3"], check=False).returncode == 3


def test_a_missing_tool_is_named_with_the_package_that_brings_it() -> None:
    with pytest.raises(ToolError, match=r"nonesuch is not installed; no package .* nonesuch"):
        command.run(["nonesuch"])
    assert command.install_hint(["mkfs.vfat", "bwrap", "mcopy"]) in (
        "apt-get install bubblewrap dosfstools mtools",
        "dnf install bubblewrap dosfstools mtools",
    )


def test_a_tool_in_the_system_folders_is_found_without_them_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert command.which("mkfs.ext4") in (Path("/usr/sbin/mkfs.ext4"), Path("/sbin/mkfs.ext4"))


def test_a_file_is_found_in_any_of_its_places(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    assert command.which(f"{tmp_path}/a|{tmp_path}/b") == tmp_path / "b"
    assert command.which(f"{tmp_path}/a|{tmp_path}/c") is None


@pytest.mark.parametrize("on_line", [None, lambda line: None])
def test_a_timeout_ends_the_program_and_its_children(tmp_path: Path, on_line: Callable[[str], None] | None) -> None:
    started = time.monotonic()
    script = f"sleep 60 & echo $! >{tmp_path}/child; wait"
    with pytest.raises(ToolError, match=r"took more than 0\.5 s"):
        command.run(["sh", "-c", script], timeout=0.5, on_line=on_line)
    assert time.monotonic() - started < 5
    child = int((tmp_path / "child").read_text())
    assert wait_for(lambda: not is_running(child))


def test_lines_are_handed_on_while_the_program_runs(tmp_path: Path) -> None:
    seen: list[str] = []

    def note(line: str) -> None:
        seen.append(line)
        (tmp_path / line).touch()

    # The program goes on only when its first line was seen.
    script = f"echo one; until [ -e {tmp_path}/one ]; do sleep 0.02; done; echo two; echo error >&2"
    result = command.run(["sh", "-c", script], on_line=note, timeout=10)
    assert seen == ["one", "two"]
    assert (result.stdout, result.stderr) == ("one\ntwo\n", "error\n")


def test_a_program_beside_a_block_ends_with_it_and_leaves_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with command.start(["sh", "-c", "sleep 60 & echo $! ; echo ready >&2; wait"], log=log) as process:
        assert wait_for(lambda: "ready" in log.read_text())
        child = int(log.read_text().split()[0])
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM
    assert wait_for(lambda: not is_running(child))


def test_children_end_even_when_the_program_ended_before_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with command.start(["sh", "-c", "sleep 60 & echo $!"], log=log) as process:
        assert wait_for(lambda: process.poll() is not None)
    assert wait_for(lambda: not is_running(int(log.read_text())))


def test_a_program_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"from atomic_kit import command; command.run(['sh', '-c', 'echo $$ >{pid_file}; exec sleep 60'])"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        assert wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        os.kill(parent.pid, signal.SIGKILL)
    assert wait_for(lambda: not is_running(int(pid_file.read_text())))


def test_a_long_command_is_shortened_in_messages() -> None:
    assert command.describe(["rpm", "-U", Path("/a b")]) == "rpm -U '/a b'"
    assert len(command.describe(["rpm", *["package.rpm"] * 100])) == 300
