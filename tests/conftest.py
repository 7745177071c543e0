"""What several tests build on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import createrepo_c
import pytest
import rpm_rs

from atomic_kit.files import file_digest
from atomic_kit.solver import Pool
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


@pytest.fixture
def make_pool(tmp_path: Path) -> Callable[..., Pool]:
    """Return a function that makes a pool out of rpm-md metadata without RPM files.

    It takes a map from `name`, `name-version` or `name-version.arch` to what the package has: lists `requires`,
    `provides`, `recommends`, `supplements`, `conflicts`, `obsoletes` and `files`, and `size` in bytes.
    """

    def make(packages: dict[str, dict[str, Any]], name: str = "test", **metadata: Any) -> Pool:
        folder = tmp_path / name
        folder.mkdir()
        primary = createrepo_c.PrimaryXmlFile(str(folder / "primary.xml.gz"))
        primary.set_num_of_pkgs(len(packages))
        for number, (title, facts) in enumerate(packages.items()):
            primary.add_pkg(_package(number, title, facts))
        primary.close()
        made = datetime(2026, 1, 1, tzinfo=UTC)
        digest = file_digest(folder / "primary.xml.gz")
        return Pool([RpmRepoMetadata(name, folder / "primary.xml.gz", None, digest, made, **metadata)])

    return make


def _package(number: int, title: str, facts: dict[str, Any]) -> createrepo_c.Package:
    rest, dot, arch = title.rpartition(".")
    name, _, version = (rest if dot and not arch.isdigit() else title).partition("-")
    package = createrepo_c.Package()
    package.name, package.epoch, package.version, package.release = name, "0", version or "1", "1"
    package.arch = arch if dot and not arch.isdigit() else "noarch"
    package.checksum_type, package.pkgId = "sha256", f"{number:064x}"
    package.summary, package.description = f"the package {name}", ""
    package.rpm_license, package.rpm_sourcerpm = facts.get("license", "MIT"), f"{name}-{version or 1}-1.src.rpm"
    package.rpm_vendor = "Test"
    package.size_installed, package.size_package = facts.get("size", 1000), facts.get("size", 1000) // 2
    package.location_href = f"{title}.rpm"
    for kind in ("requires", "recommends", "supplements", "conflicts", "obsoletes"):
        setattr(package, kind, [_dependency(text) for text in facts.get(kind, ())])
    package.provides = [(name, "EQ", "0", package.version, "1", False), *map(_dependency, facts.get("provides", ()))]
    package.files = [("", f"{path.rpartition('/')[0]}/", path.rpartition("/")[2]) for path in facts.get("files", ())]
    return package


def _dependency(text: str) -> tuple[str, str | None, str | None, str | None, str | None, bool]:
    words = text.split()
    if text.startswith("(") or len(words) != 3:
        return (text, None, None, None, None, False)
    return (words[0], {"=": "EQ", ">=": "GE", "<=": "LE", "<": "LT", ">": "GT"}[words[1]], "0", words[2], None, False)
