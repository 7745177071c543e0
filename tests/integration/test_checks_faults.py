"""Machines that do not come up, and runs that are interrupted: a stand-in for QEMU on PATH, all else real."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from atomic_kit import command, qemu
from atomic_kit.checks import SUITES, CheckPlan, run_checks
from atomic_kit.compose.commit import Commit
from atomic_kit.errors import InputError

pytestmark = pytest.mark.integration

COMMIT = Commit("a" * 64, "test/1/x86_64/devel", "1", 0, None, 0, 0, 0, 0, None, "")
PANIC = "Kernel panic - not syncing: VFS: Unable to mount root fs"


def fake_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, console: str, then: str) -> None:
    """Put a QEMU on PATH that writes `console` to the log of its serial port and then does what `then` says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "qemu-system-x86_64"
    log = 'log=$(printf "%s\\n" "$@" | sed -n "s/.*logfile=//p")'
    program.write_text(f'#!/bin/sh\n{log}\n[ -z "$log" ] || echo \'{console}\' > "$log"\n{then}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    qemu.probe_accelerator.cache_clear()
    monkeypatch.setattr(qemu, "_PROBE_SECONDS", 1)


def plan(tmp_path: Path, *suites: str) -> CheckPlan:
    image = tmp_path / "image.qcow2"
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1M"])
    repo = tmp_path / "repo"
    repo.mkdir()
    folder = tmp_path / "record"
    return CheckPlan(suites, image, COMMIT, None, None, "test", "test", repo, folder)


def test_a_machine_that_panics_gives_errors_with_the_tail_of_its_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_qemu(tmp_path, monkeypatch, console=PANIC, then="exec sleep 60")
    outcome = run_checks(plan(tmp_path, "boot"))
    assert len(outcome.results) == 2 * (len(SUITES["boot"].stages[0].checks) + 2)
    assert {result.outcome for result in outcome.results} == {"error"}
    first, second = outcome.results[:2]
    assert (first.check, PANIC in first.evidence) == ("boots", True)
    assert second.evidence == "not tried: boot did not boot"
    assert PANIC in (tmp_path / "record" / "console-boot-bios.log").read_text()
    assert outcome.boots_frame().empty


def test_a_machine_that_ends_by_itself_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_qemu(tmp_path, monkeypatch, console="no bootable device", then="exit 1")
    started = time.monotonic()
    (first, *_) = run_checks(plan(tmp_path, "boot")).results
    assert time.monotonic() - started < 30
    assert "ended by itself" in first.evidence
    assert "no bootable device" in first.evidence


def test_a_full_disk_is_told_before_a_machine_stands_still_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_ROOM", 1 << 60)
    (first, *_) = run_checks(plan(tmp_path, "boot")).results
    assert "the disk is full" in first.evidence
    assert "make room there and run again" in first.evidence


def test_an_interrupt_ends_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_qemu(tmp_path, monkeypatch, console="booting", then=f"echo $$ >> {tmp_path}/pids; exec sleep 120")
    threading.Timer(6, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_checks(plan(tmp_path, "boot"))
    assert time.monotonic() - started < 30
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) >= 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_an_upgrade_is_left_out_when_there_is_nothing_to_upgrade_from(tmp_path: Path) -> None:
    assert run_checks(plan(tmp_path, "upgrade")).results == ()


def test_an_unknown_suite_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="known: boot, upgrade"):
        run_checks(plan(tmp_path, "smoke"))
