"""The one door through which programs are started.

Every tool that is used stands in `tools.tsv` with the Debian and Fedora package that brings it, so that
`./workbench` can install them, `doctor` can list them and a missing one is named with its cure.
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from atomic_kit.errors import NoRoomError, StepError, ToolError

Argument = str | Path
Process = subprocess.Popen[str]
_TAIL_LINES = 20
# What programs say when they cannot write; ostree keeps a part of each disk free.
_NO_ROOM = re.compile(r"(?im)^.*(?:no space left on device|min-free-space|disk quota exceeded).*$")
# Colours, and moves of the cursor.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\^_])|[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?=\n)")
# A parent that is killed takes the machines and composes that it started with it.
_WRAPPER = ["setpriv", "--pdeathsig", "KILL", "--"]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: its name on PATH, the packages that bring it and what it is used for."""

    name: str
    debian: str
    fedora: str
    purpose: str


@cache
def tools() -> dict[str, Tool]:
    """Return every tool that this package may start, by name."""
    with (Path(__file__).parent / "tools.tsv").open(encoding="utf-8") as file:
        rows = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        return {row[0]: Tool(*row) for row in rows}


def install_hint(names: Sequence[str]) -> str:
    """Return the command that installs the named tools on this machine."""
    debian = shutil.which("apt-get") is not None
    rows = [tools()[name] for name in names if name in tools()]
    packages = sorted({row.debian if debian else row.fedora for row in rows} - {"-"})
    if not packages:
        return f"no package of this system is known to bring {' '.join(names)}"
    return f"{'apt-get' if debian else 'dnf'} install {' '.join(packages)}"


def which(name: str) -> Path | None:
    """Return where a tool is, looking in the system folders that an ordinary user's PATH leaves out too.

    A name with a slash is a file, or several places joined by `|` where it may lie; the first one is returned.
    """
    if "/" in name:
        return next((Path(place) for place in name.split("|") if Path(place).exists()), None)
    found = shutil.which(name, path=_path())
    return Path(found) if found else None


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished program printed, and how long it took in seconds."""

    stdout: str
    stderr: str
    returncode: int
    seconds: float


def run(
    argv: Sequence[Argument],
    *,
    input: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    check: bool = True,
    on_line: Callable[[str], None] | None = None,
) -> Result:
    """Run a program to its end and return what it printed.

    `env` is added to this process's environment. `on_line` is called with each line of stdout as it
    comes. With `check`, a non-zero exit raises ToolError with the last lines of both streams, or NoRoomError
    when they speak of a full disk. A timeout (seconds) always raises ToolError. The program and its children
    end with this call.
    """
    started = time.monotonic()
    with _process(argv, cwd=cwd, env=env, stdin=input) as process:
        stdout, stderr = _talk(process, input=input, timeout=timeout, on_line=on_line)
    result = Result(stdout, stderr, process.returncode, time.monotonic() - started)
    if check and result.returncode:
        if full := _NO_ROOM.search(stdout + stderr):
            raise NoRoomError(full[0])
        raise ToolError(f"{describe(argv)} failed ({_ending(result.returncode)})", hint=tail(stdout + stderr))
    return result


@contextmanager
def start(
    argv: Sequence[Argument], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Start a program that runs beside the block and is ended with it; `log` takes both its streams."""
    with log.open("w", encoding="utf-8") as stream, _process(argv, cwd=cwd, env=env, output=stream) as process:
        yield process


def describe(argv: Sequence[Argument]) -> str:
    """Return a command as one would type it, shortened to 300 characters."""
    text = shlex.join(str(argument) for argument in argv)
    return text if len(text) <= 300 else f"{text[:297]}..."


def tail(text: str, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a text, without what only a terminal understands."""
    return "\n".join(_ESCAPES.sub("", text).rstrip().splitlines()[-lines:])


@contextmanager
def _process(
    argv: Sequence[Argument],
    *,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: str | None = None,
    output: IO[str] | None = None,
) -> Iterator[Process]:
    program = which(str(argv[0]))
    if program is None:
        raise ToolError(f"{argv[0]} is not installed", hint=install_hint([str(argv[0])]))
    process = subprocess.Popen(
        [*_WRAPPER, str(program), *(str(argument) for argument in argv[1:])],
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE if output is None else output,
        stderr=subprocess.PIPE if output is None else subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, "PATH": _path(), "LC_ALL": "C.UTF-8", **(env or {})},
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def _talk(
    process: Process,
    *,
    input: str | None,
    timeout: float | None,
    on_line: Callable[[str], None] | None,
) -> tuple[str, str]:
    if on_line is None:
        try:
            return process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise _too_late(process, timeout) from error
    if input is not None:
        raise StepError("a command cannot both be given input and followed line by line")
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    reader.start()
    late = threading.Event()

    def stop() -> None:
        late.set()
        _end(process)

    clock = threading.Timer(timeout, stop) if timeout else None
    if clock:
        clock.start()
    lines = []
    try:
        for line in process.stdout or ():
            lines.append(line)
            on_line(line.rstrip("\n"))
        process.wait()
        reader.join(timeout=5)
    finally:
        if clock:
            clock.cancel()
    if late.is_set():
        raise _too_late(process, timeout)
    return "".join(lines), "".join(errors)


def _too_late(process: Process, timeout: float | None) -> ToolError:
    assert isinstance(process.args, list)
    return ToolError(f"{describe(process.args[len(_WRAPPER) :])} took more than {timeout:g} s")


def _end(process: Process) -> None:
    """End the process's whole group: first asked, then forced after five seconds."""
    if process.poll() is not None:
        # Children that it left behind are still in its group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _ending(returncode: int) -> str:
    return f"exit {returncode}" if returncode > 0 else f"signal {signal.Signals(-returncode).name}"


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
