"""What several tests build on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import createrepo_c
import pytest
import rpm_rs

from atomic_kit.files import file_digest
from atomic_kit.sources import RpmRepoMetadata


@pytest.fixture
def make_rpm(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that builds a real RPM file: name, version, requires, provides, content."""

    def make(
        name: str,
        version: str = "1",
        *,
        requires: tuple[str, ...] = (),
        recommends: tuple[str, ...] = (),
        conflicts: tuple[str, ...] = (),
        content: bytes = b"content",
        folder: Path | None = None,
    ) -> Path:
        builder = rpm_rs.PackageBuilder(name, version, "MIT", "noarch", f"the package {name}")
        builder.using_config(rpm_rs.BuildConfig(format=rpm_rs.RpmFormat.V4, source_date=1))
        builder.release("1")
        builder.vendor("Test")
        for one in requires:
            builder.requires(one)
        for one in recommends:
            builder.recommends(one)
        for one in conflicts:
            builder.conflicts(one)
        builder.with_file_contents(content, rpm_rs.FileOptions.new(f"/usr/share/{name}", permissions=0o644))
        target = folder or tmp_path / "packages"
        target.mkdir(parents=True, exist_ok=True)
        path = target / f"{name}-{version}-1.noarch.rpm"
        builder.build().write_file(str(path))
        return path

    return make


@pytest.fixture
def make_repo() -> Callable[[Path], RpmRepoMetadata]:
    """Return a function that writes the rpm-md metadata of a folder of RPM files."""

    def make(folder: Path, name: str = "test") -> RpmRepoMetadata:
        repodata = folder / "repodata"
        repodata.mkdir(exist_ok=True)
        files = sorted(folder.glob("*.rpm"))
        primary = createrepo_c.PrimaryXmlFile(str(repodata / "primary.xml.gz"))
        primary.set_num_of_pkgs(len(files))
        for path in files:
            primary.add_pkg(createrepo_c.package_from_rpm(str(path), location_href=path.name))
        primary.close()
        record = createrepo_c.RepomdRecord("primary", str(repodata / "primary.xml.gz"))
        record.fill(createrepo_c.SHA256)
        record.location_href = "repodata/primary.xml.gz"
        repomd = createrepo_c.Repomd()
        repomd.set_record(record)
        (repodata / "repomd.xml").write_text(repomd.xml_dump())
        digest = file_digest(repodata / "repomd.xml")
        return RpmRepoMetadata(name, repodata / "primary.xml.gz", None, digest, datetime(2026, 1, 1, tzinfo=UTC))

    return make
