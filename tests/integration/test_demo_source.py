"""The demo source over the machine's own apt: real lists, a small real package, and what happens when it is damaged."""

from __future__ import annotations

import pytest

from atomic_kit import command
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.demo import DemoSource

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
