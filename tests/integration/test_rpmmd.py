"""The rpm-md source against a repository served on the loopback address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from atomic_kit.checks.server import served
from atomic_kit.errors import StepError
from atomic_kit.parameters import RpmRepo
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.rpmmd import RpmMdSource

pytestmark = pytest.mark.integration


def test_packages_are_resolved_fetched_and_verified(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    folder = make_rpm("app", requires=("lib",)).parent
    lib = make_rpm("lib")
    make_repo(folder)
    with served(folder) as port:
        repo = RpmRepo(id="test", baseurl=f"http://127.0.0.1:{port}/", gpgcheck=False, repo_gpgcheck=False)
        source = RpmMdSource(tmp_path / "cache", [repo])
        (snapshot,) = source.snapshots()
        package_set = Pool(snapshot.rpm_repos).solve(Request(("app",)))
        fetched = source.fetch(package_set.packages)
        assert sorted(path.read_bytes() for path in fetched.values()) == sorted(
            path.read_bytes() for path in folder.glob("*.rpm")
        )
        kept = fetched[next(package for package in fetched if package.name == "lib")]
        kept.write_bytes(b"damaged")
        assert source.fetch(package_set.packages) == fetched
        assert kept.read_bytes() == lib.read_bytes()
        kept.unlink()
        lib.write_bytes(b"tampered")
        with pytest.raises(StepError, match="its metadata says"):
            source.fetch(package_set.packages)
        assert not kept.exists()


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        source = RpmMdSource(
            tmp_path / "cache", [RpmRepo(id="x", baseurl=base_url, gpgcheck=False, repo_gpgcheck=False)]
        )
        with pytest.raises(StepError, match=r"repomd\.xml cannot be fetched \(no connection\)"):
            source.snapshots()
    assert not list((tmp_path / "cache").rglob("*.xml"))
