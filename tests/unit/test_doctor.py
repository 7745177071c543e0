"""The doctor says what is here, what is missing and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atomic_kit import command
from atomic_kit.doctor import Finding, State, diagnose, is_healthy


def put_tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def by_subject(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def test_every_tool_and_ability_is_looked_at_once(tmp_path: Path) -> None:
    findings = diagnose(tmp_path / "build")
    subjects = [finding.subject for finding in findings]
    assert len(set(subjects)) == len(subjects)
    assert {name.split("|")[0] for name in command.tools()} <= set(subjects)
    assert {"package archive", "accelerator", "user namespaces", "sandbox", "memory", "disk space"} <= set(subjects)
    assert all(finding.cure for finding in findings if finding.state is State.MISSING)
    assert list(tmp_path.iterdir()) == [], "a diagnosis changes nothing"


def test_a_sandbox_that_is_installed_but_forbidden_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tool(tmp_path, "bwrap", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    sandbox = by_subject(diagnose(tmp_path))["sandbox"]
    assert (sandbox.state, sandbox.detail) == (State.MISSING, "bwrap: No permissions to create new namespace")
    assert "container" in sandbox.cure
    assert not is_healthy([sandbox])


def test_what_is_only_limited_does_not_stop_a_release() -> None:
    limited = Finding("accelerator", State.LIMITED, "no KVM", "boots are slower")
    assert is_healthy([limited, Finding("rpm", State.PRESENT, "/usr/bin/rpm")])
    assert json.loads(json.dumps(limited.as_dict()))["state"] == "limited"


def test_an_apt_without_sources_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tool(tmp_path, "apt-get", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    archive = by_subject(diagnose(tmp_path))["package archive"]
    assert archive.state is State.MISSING
    assert "sources.list" in archive.cure
