"""What documentation and languages weigh, read out of real RPM files by rpm."""

from __future__ import annotations

from pathlib import Path

import pytest
import rpm_rs

from atomic_kit.packages.contents import left_out
from atomic_kit.packages.package_set import Package, Reason

pytestmark = pytest.mark.integration


@pytest.fixture
def rpm_files(tmp_path: Path) -> dict[Package, Path]:
    """One package: 10 bytes for everybody, 1000 of documentation, 300 in French, 50 of French documentation."""
    builder = rpm_rs.PackageBuilder("app", "1", "MIT", "noarch", "the package app")
    builder.using_config(rpm_rs.BuildConfig(format=rpm_rs.RpmFormat.V4, source_date=1))
    builder.release("1")
    builder.with_file_contents(b"x" * 10, rpm_rs.FileOptions.new("/usr/bin/app"))
    builder.with_file_contents(b"d" * 1000, rpm_rs.FileOptions.new("/usr/share/doc/app/README", doc=True))
    builder.with_file_contents(b"f" * 300, rpm_rs.FileOptions.new("/usr/share/locale/fr/app.mo", language="fr"))
    both = rpm_rs.FileOptions.new("/usr/share/man/fr/man1/app.1", doc=True, language="fr")
    builder.with_file_contents(b"m" * 50, both)
    path = tmp_path / "app-1-1.noarch.rpm"
    builder.build().write_file(str(path))
    empty = dict.fromkeys(("license", "source", "vendor", "rpm_repo", "location", "checksum", "summary"), "")
    package = Package("app", 0, "1", "1", "noarch", 1360, 0, **empty, reason=Reason.REQUESTED)
    return {package: path}


@pytest.mark.parametrize(
    ("documentation", "languages", "docs", "foreign"),
    [
        (True, None, 0, 0),
        (False, None, 1050, 0),
        (True, ["de"], 0, 350),
        (True, ["de", "fr"], 0, 0),
        (False, ["de"], 1050, 300),
    ],
)
def test_what_rpm_would_leave_out(
    rpm_files: dict[Package, Path], documentation: bool, languages: list[str] | None, docs: int, foreign: int
) -> None:
    (row,) = left_out(rpm_files, documentation=documentation, languages=languages).to_dict("records")
    assert (row["documentation"], row["languages"], row["left_out"]) == (docs, foreign, docs + foreign)
