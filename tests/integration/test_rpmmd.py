"""The rpm-md source against a repository served on the loopback address."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from atomic_kit.checks.server import served
from atomic_kit.errors import InputError, StepError
from atomic_kit.files import file_digest
from atomic_kit.parameters import RpmRepo
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.metadata import MetadataReader
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


def unsigned(name: str, folder: Path) -> RpmRepo:
    return RpmRepo(id=name, baseurl=folder.as_uri(), gpgcheck=False, repo_gpgcheck=False)


def versions(source: RpmMdSource) -> set[str]:
    pool = Pool(source.snapshots()[0].rpm_repos)
    return {pool.package(one).version for one in pool.ids()}


def test_what_another_run_writes_meanwhile_is_not_taken_for_what_was_read(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_rpm("app", "1").parent
    make_repo(folder)
    old, rpm_repos = file_digest(folder / "repodata" / "repomd.xml"), [unsigned("test", folder)]
    keep = MetadataReader._keep

    def keep_and_be_overtaken(reader: MetadataReader, head: object) -> None:
        keep(reader, head)  # type: ignore[arg-type]
        monkeypatch.undo()
        (folder / "app-1-1.noarch.rpm").unlink()
        make_rpm("app", "2")
        shutil.rmtree(folder / "repodata")
        make_repo(folder)
        RpmMdSource(tmp_path / "cache", rpm_repos).snapshots()

    monkeypatch.setattr(MetadataReader, "_keep", keep_and_be_overtaken)
    (snapshot,) = RpmMdSource(tmp_path / "cache", rpm_repos).snapshots()
    assert snapshot.rpm_repos[0].digest == old
    pool = Pool(snapshot.rpm_repos)
    assert {pool.package(one).version for one in pool.ids()} == {"1"}
    assert versions(RpmMdSource(tmp_path / "cache", rpm_repos)) == {"2"}


def test_what_two_runs_left_mixed_is_not_used(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    folder = make_rpm("app").parent
    make_repo(folder)
    with served(folder) as port:
        url = f"http://127.0.0.1:{port}/"
        repo = RpmRepo(id="test", baseurl=url, gpgcheck=False, repo_gpgcheck=False)
        RpmMdSource(tmp_path / "cache", [repo]).snapshots()
        (kept,) = (tmp_path / "cache").rglob("repomd.xml")
        right = kept.read_bytes()
        kept.write_bytes(right.replace(b"</repomd>", b" </repomd>"))
        RpmMdSource(tmp_path / "cache", [repo]).snapshots()
        assert kept.read_bytes() == right


def test_two_rpm_repos_cannot_share_an_id(tmp_path: Path) -> None:
    two = [unsigned("a", tmp_path / "x"), unsigned("a", tmp_path / "y")]
    with pytest.raises(InputError, match="two rpm_repos have the id a; rename one of them"):
        RpmMdSource(tmp_path / "cache", two)
    RpmMdSource(tmp_path / "cache", [two[0], two[1].model_copy(update={"enabled": False})])


def test_offline_nothing_is_fetched_and_without_refresh_what_is_missing(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    folder = make_rpm("app").parent
    make_repo(folder)
    cache, rpm_repos = tmp_path / "cache", [unsigned("test", folder)]
    with pytest.raises(StepError, match="nothing is cached for test; run once without -C"):
        RpmMdSource(cache, rpm_repos, offline=True).snapshots()
    assert versions(RpmMdSource(cache, rpm_repos, refresh=False)) == {"1"}
    make_rpm("app", "2")
    shutil.rmtree(folder / "repodata")
    make_repo(folder)
    offline = RpmMdSource(cache, rpm_repos, offline=True)
    assert versions(offline) == {"1"}
    packages = Pool(offline.snapshots()[0].rpm_repos).solve(Request(("app",))).packages
    with pytest.raises(StepError, match="not all of rpm_repo test is cached; run once without -C"):
        offline.fetch(packages)
    next(cache.rglob("*primary*")).unlink()
    with pytest.raises(StepError, match="not all of rpm_repo test is cached"):
        RpmMdSource(cache, rpm_repos, offline=True).snapshots()


def test_a_folder_without_its_packages_is_told_apart_from_one_that_changed(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    path = make_rpm("app")
    make_repo(path.parent)
    source = RpmMdSource(tmp_path / "cache", [unsigned("test", path.parent)])
    packages = Pool(source.snapshots()[0].rpm_repos).solve(Request(("app",))).packages
    path.unlink()
    with pytest.raises(StepError, match=r"no such file or directory.; its metadata name what is not in the folder"):
        source.fetch(packages)


def test_a_cache_that_cannot_be_written_is_not_the_servers_fault(
    tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    folder = make_rpm("app").parent
    make_repo(folder)
    cache = tmp_path / "cache"
    RpmMdSource(cache, [unsigned("test", folder)]).snapshots()
    (kept,) = cache.rglob("repomd.xml")
    shutil.rmtree(cache)
    cache.mkdir()
    (cache / "metadata").write_text("")
    with pytest.raises(NotADirectoryError) as caught:
        RpmMdSource(cache, [unsigned("test", folder)]).snapshots()
    assert str(kept.parent) in str(caught.value.filename)
