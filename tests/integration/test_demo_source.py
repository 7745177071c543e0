"""The demo source over the machine's own apt: real lists, a small real package, and what happens when it is damaged."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from atomic_kit import command
from atomic_kit.files import file_digest
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.demo import DemoSource
from atomic_kit.sources.demo.config_package import config_repo

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> DemoSource:
    return DemoSource(tmp_path_factory.mktemp("demo"))


def test_the_whole_archive_is_there_to_explore(source: DemoSource) -> None:
    base, updates = source.snapshots()
    assert base.generated < updates.generated
    assert len(Pool(base.rpm_repos)) > 50_000
    assert len(Pool(updates.rpm_repos)) > len(Pool(base.rpm_repos))


def test_a_package_becomes_an_rpm_that_rpm_accepts_the_same_each_time(source: DemoSource) -> None:
    base, _ = source.snapshots()
    (hostname,) = (one for one in Pool(base.rpm_repos).solve(Request(("hostname",))) if one.name == "hostname")
    path = source.fetch([hostname])[hostname]
    first = path.read_bytes()
    assert "digests OK" in command.run(["rpm", "-K", path]).stdout
    listed = command.run(["rpm", "-qp", "--queryformat", "%{NAME} %{VENDOR}\n[%{FILENAMES}\n]", path]).stdout
    assert listed.startswith("hostname Debian")
    assert "/usr/bin/hostname" in listed.splitlines()
    path.write_bytes(b"damaged")
    assert source.fetch([hostname])[hostname].read_bytes() == first


def test_the_demo_s_own_package_and_its_metadata_are_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("first", "second"):
        _, folder = config_repo(tmp_path / name)
        made.append({path.relative_to(folder): file_digest(path) for path in folder.rglob("*") if path.is_file()})
        # The clock must not enter.
        time.sleep(1.1)
    assert made[0] == made[1]
