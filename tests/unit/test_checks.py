"""Results of checks as JUnit XML, the container image, and the probe of the accelerator."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Literal

import pytest
from junitparser import JUnitXml

from atomic_kit import qemu
from atomic_kit.checks import CheckResult, junit_xml
from atomic_kit.checks.server import served


def result(name: str, outcome: Literal["passed", "failed", "error"]) -> CheckResult:
    return CheckResult("boot", name, "title", "qemu", "bios", outcome, 1.0, "console \x1b[31m text")


def test_junit_counts_failures_and_errors() -> None:
    text = junit_xml([result("a", "passed"), result("b", "failed"), result("c", "error")])
    (suite,) = JUnitXml.fromstring(text.encode())
    assert suite.name == "boot-bios"
    assert [type(case.result[0]).__name__ if case.result else None for case in suite] == [None, "Failure", "Error"]


def test_the_server_gives_a_folder_on_loopback(tmp_path: Path) -> None:
    import requests

    (tmp_path / "config").write_text("mode=archive")
    with served(tmp_path) as port:
        assert requests.get(f"http://127.0.0.1:{port}/config", timeout=5).text == "mode=archive"


def test_an_oci_archive_names_each_blob_by_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    from atomic_kit.checks.container import write_oci_archive

    program = tmp_path / "busybox"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with tarfile.open(fileobj=io.BytesIO(write_oci_archive(tmp_path / "a.tar").read_bytes())) as archive:
        names = archive.getnames()
        for name in names:
            if name.startswith("blobs/"):
                content = archive.extractfile(name)
                assert content is not None
                assert hashlib.sha256(content.read()).hexdigest() == name.rpartition("/")[2]
        index = archive.extractfile("index.json")
        assert index is not None
        digest = json.load(index)["manifests"][0]["digest"]
    assert f"blobs/sha256/{digest.removeprefix('sha256:')}" in names


@pytest.mark.parametrize("ending", ["exit 134", "sleep 60"], ids=["aborts", "hangs"])
def test_a_kvm_that_fails_or_hangs_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    fake = tmp_path / "qemu-system-x86_64"
    fake.write_text(f"#!/bin/sh\n{ending}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(qemu, "_PROBE_SECONDS", 1)
    qemu.probe_accelerator.cache_clear()
    assert qemu.probe_accelerator() == "tcg"
    qemu.probe_accelerator.cache_clear()
