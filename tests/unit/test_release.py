"""Versions, records and the history that is read from them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from atomic_kit.checks.results import Boot, CheckOutcome
from atomic_kit.errors import StepError
from atomic_kit.history import stream_history
from atomic_kit.packages.package_set import PackageSet
from atomic_kit.parameters import PolicyParameters
from atomic_kit.policy.rules import Subject, find, treefile_warning
from atomic_kit.release.records import forget_records_from, has_record, read_record, read_table, write_record
from atomic_kit.release.release import open_release
from atomic_kit.release.version import next_version, version_key
from atomic_kit.report import write_release_page, write_stream_page
from atomic_kit.treefile import Treefile

MOMENT = datetime(2026, 7, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prefix", "last", "version"),
    [
        ("12.<date:%Y%m%d>", None, "12.20260711.0"),
        ("12.<date:%Y%m%d>", "12.20260710.3", "12.20260711.0"),
        ("12.<date:%Y%m%d>", "12.20260711.0", "12.20260711.1"),
        ("7.2018", None, "7.2018"),
        ("7.2018", "7.2018", "7.2018.1"),
        ("7.2018", "7.2018.9", "7.2018.10"),
        ("", None, "20260711.0"),
    ],
)
def test_versions_count_up_as_rpm_ostree_does(prefix: str, last: str | None, version: str) -> None:
    treefile = Treefile(files=(), digest="", ref="x", packages=("a",), automatic_version_prefix=prefix)
    assert next_version(treefile, generated=MOMENT, last=last) == version


@pytest.mark.parametrize(("last", "version"), [(None, "22"), ("22", "22-1"), ("22-9", "22-10"), ("22.1", "22")])
def test_the_number_stands_after_automatic_version_suffix(last: str | None, version: str) -> None:
    treefile = Treefile((), "", "x", ("a",), automatic_version_prefix="22", automatic_version_suffix="-")
    assert next_version(treefile, generated=MOMENT, last=last) == version


@pytest.mark.parametrize("versions", [["1.9", "1.9.1", "1.10"], ["22", "22-9", "22-10"], ["7.2018.9", "7.2018.10"]])
def test_versions_sort_by_number(versions: list[str]) -> None:
    assert sorted({*versions}, key=version_key) == versions


def test_a_record_is_read_back_with_its_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["a"], "size": [1]})
    write_record(tmp_path, "policy", {"x": 1}, tables={"findings": frame, "none": frame.iloc[:0]})
    assert read_record(tmp_path, "policy") == {"x": 1}
    assert read_table(tmp_path, "findings").to_dict("records") == [{"name": "a", "size": 1}]
    assert list(read_table(tmp_path, "none").columns) == ["name", "size"]


def test_a_step_that_runs_again_forgets_what_came_after(tmp_path: Path) -> None:
    for step in ("policy", "compose", "images"):
        write_record(tmp_path, step, {})
    forget_records_from(tmp_path, "compose")
    assert [has_record(tmp_path, step) for step in ("policy", "compose", "images")] == [True, False, False]


def test_missing_and_damaged_records_are_named(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="has no compose record"):
        read_record(tmp_path, "compose")
    (tmp_path / "compose.json").write_text("{")
    with pytest.raises(StepError, match="is not a record"):
        read_record(tmp_path, "compose")
    (tmp_path / "t.parquet").write_text("x")
    with pytest.raises(StepError, match="is damaged"):
        read_table(tmp_path, "t")


def release(reports: Path, version: str, *, size: int, outcome: str = "passed") -> Path:
    """Write the records of a release as the steps do."""
    folder = reports / "s" / version
    commit = {"checksum": "c" * 64, "version": version, "package_count": 9, "installed_size": size, "ref": "r"}
    checks = pd.DataFrame(
        [("boot", "running", "it runs", "qemu", "bios", outcome, 1.5, "<script>alert(1)</script>")],
        columns=["suite", "check", "title", "platform", "firmware", "outcome", "seconds", "evidence"],
    )
    boots = CheckOutcome((), (Boot(version, "bios", "first boot", 30.0, 20.0),), "tcg", 40.0).boots_frame()
    write_record(folder, "plan", {"snapshot": "base"})
    write_record(folder, "compose", commit | {"commit_size": 5, "delta_size": None})
    write_record(folder, "checks", {"passed": 1, "failed": 0}, tables={"checks": checks, "boots": boots})
    write_record(folder, "release", {"outcome": outcome})
    return folder


def test_the_history_has_one_row_a_finished_release_in_order(tmp_path: Path) -> None:
    for version, size in (("1.10", 3), ("1.9", 2)):
        release(tmp_path, version, size=size)
    release(tmp_path, "1.11", size=4, outcome="failed")
    history = stream_history(tmp_path, "s")
    assert list(history["version"]) == ["1.9", "1.10"]
    assert list(history["installed_size"]) == [2, 3]
    assert list(history[["boot_seconds", "boot_processor_seconds"]].iloc[0]) == [30.0, 20.0]
    assert history["delta_size"].isna().all()


def test_pages_need_nothing_from_elsewhere_and_escape_what_machines_said(tmp_path: Path) -> None:
    folder = release(tmp_path, "1.9", size=2)
    for page in (
        write_release_page(folder, title="A demo", version="1.9"),
        write_stream_page(folder.parent, title="A demo"),
    ):
        text = page.read_text()
        assert "http://" not in text
        assert "https://" not in text
        assert "<script>alert(1)" not in text
        assert "1.9" in text


def test_a_page_is_the_same_twice(tmp_path: Path) -> None:
    folder = release(tmp_path, "1.9", size=2)
    first = write_release_page(folder, title="A demo", version="1.9").read_bytes()
    assert write_release_page(folder, title="A demo", version="1.9").read_bytes() == first


def test_a_failed_release_has_a_page_that_says_what_to_do(tmp_path: Path) -> None:
    folder = release(tmp_path, "1.9", size=2)
    (folder / "release.json").unlink()
    (folder / "console-boot-bios.log").write_text("Kernel panic")
    write_record(folder, "failure", {"step": "checks", "error": "it did not boot", "resume": "./workbench release x"})
    text = write_release_page(folder, title="A demo", version="1.9").read_text()
    for sentence in ("it did not boot", "./workbench release x", "Kernel panic", "failed"):
        assert sentence in text


def test_what_there_is_to_warn_of_in_a_treefile_is_told_and_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "host.yaml").write_text("ref: x\npackages: [a]\nunitz: [b]\n")
    parameters = tmp_path / "line.yaml"
    parameters.write_text("line: a\ntitle: A\nstream: a-devel\ntreefile: host.yaml\nsource: {kind: demo}\n")
    treefile = open_release(parameters).treefile
    told = capsys.readouterr().err
    assert told.startswith(f"warning: {tmp_path}/host.yaml:3: unitz: unknown key, ignored; rpm-ostree")
    found = find(Subject(treefile, PackageSet(()), {}, PolicyParameters()), [treefile_warning])
    assert [(one.subject, one.severity.value) for one in found] == [("host.yaml:3", "warning")]
