"""The rpm-md source over servers that fail, stall, break off, lag behind or change while they are read."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from rpm_repository import Repository, Server, metalink, serving

from atomic_kit.download import download
from atomic_kit.errors import FetchError, StepError
from atomic_kit.files import Checksum, file_digest
from atomic_kit.packages.package_set import Package
from atomic_kit.parameters import RpmRepo
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.rpmmd import RpmMdSource
from atomic_kit.web import Pace, read_url, session

pytestmark = pytest.mark.integration
PACE = Pace(connect=5, stall=1, slowest=1000, retries=3, pause=0.01)
REPOMD = "/good/repodata/repomd.xml"


class Mirrored:
    """Two mirrors, good and bad, of one repository without signatures."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.good, self.bad = Repository(folder / "good"), folder / "bad"
        self.cache = folder / "cache"
        self.place: dict[str, object] = {"baseurl": [server.url("bad/"), server.url("good/")]}

    def publish(self) -> None:
        self.good.index()
        shutil.rmtree(self.bad, ignore_errors=True)
        shutil.copytree(self.good.folder, self.bad)

    def metalink(self, **options: bytes) -> None:
        """Let a metalink name both mirrors, the bad one first."""
        content = metalink(self.good.repomd.read_bytes(), self.server.url("bad/"), self.server.url("good/"), **options)
        (self.folder / "lists" / "metalink").write_bytes(content)
        self.place = {"metalink": self.server.url("lists/metalink?repo=test&arch=x86_64")}

    def source(self) -> RpmMdSource:
        repo = RpmRepo(id="test", gpgcheck=False, repo_gpgcheck=False, **self.place)
        return RpmMdSource(self.cache, [repo], pace=PACE)

    def all(self) -> dict[Package, Path]:
        source = self.source()
        (snapshot,) = source.snapshots()
        return source.fetch(Pool(snapshot.rpm_repos).solve(Request(("app",))).packages)

    def path(self, kind: str, mirror: str = "bad") -> str:
        return f"/{mirror}/repodata/{self.good.file(kind).name}"


@pytest.fixture
def mirrored(tmp_path: Path, make_rpm: Callable[..., Path]) -> Iterator[Mirrored]:
    for name in ("good", "lists"):
        (tmp_path / name).mkdir()
    make_rpm("app", requires=("lib",), folder=tmp_path / "good", content=Random(1).randbytes(300_000))
    make_rpm("lib", folder=tmp_path / "good")
    with serving(good=tmp_path / "good", bad=tmp_path / "bad", lists=tmp_path / "lists") as server:
        made = Mirrored(tmp_path, server)
        made.publish()
        yield made


APP = "/bad/app-1-1.noarch.rpm"
FAULTS: list[tuple[str, int | bytes | str]] = [
    ("repomd", 404),
    ("repomd", 503),
    ("repomd", b"<html>moved</html>"),
    ("repomd", "stall"),
    ("repomd", "cut"),
    ("repomd", "endless"),
    ("primary", 404),
    ("primary", b"something else"),
    ("primary", "stall"),
    ("primary", "trickle"),
    ("primary", "endless"),
    ("package", 404),
    ("package", 500),
    ("package", b"something else"),
    ("package", "stall"),
    ("package", "endless"),
]


@pytest.mark.parametrize(("what", "fault"), FAULTS)
def test_a_bad_mirror_costs_nothing_but_time(mirrored: Mirrored, what: str, fault: int | bytes | str) -> None:
    places = {"repomd": "/bad/repodata/repomd.xml", "primary": mirrored.path("primary"), "package": APP}
    mirrored.server.faults[places[what]] = fault
    started = time.monotonic()
    assert sorted(package.name for package in mirrored.all()) == ["app", "lib"]
    assert time.monotonic() - started < 20
    assert places[what] in mirrored.server.paths()
    assert not list(mirrored.cache.rglob("*.part*"))


def test_a_mirror_that_failed_is_not_asked_again(mirrored: Mirrored) -> None:
    mirrored.server.faults["/bad/repodata/repomd.xml"] = 404
    mirrored.all()
    assert [path for path in mirrored.server.paths() if path.startswith("/bad/")] == ["/bad/repodata/repomd.xml"]


def test_the_only_mirror_may_stall_once(mirrored: Mirrored) -> None:
    mirrored.place = {"baseurl": mirrored.server.url("bad/")}
    mirrored.server.faults[APP], mirrored.server.times[APP] = "stall", 1
    assert len(mirrored.all()) == 2
    assert [("Range" in headers) for path, headers in mirrored.server.asked if path == APP] == [False, True]
    shutil.rmtree(mirrored.cache)
    mirrored.server.times[APP] = 2
    with pytest.raises(FetchError, match=r"app-1-1.noarch.rpm cannot be fetched \(the server stalled"):
        mirrored.all()


def test_a_download_that_fails_ends_the_others(mirrored: Mirrored) -> None:
    mirrored.place = {"baseurl": mirrored.server.url("good/")}
    mirrored.server.faults["/good/lib-1-1.noarch.rpm"] = 404
    mirrored.server.faults["/good/app-1-1.noarch.rpm"] = "drip"
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"lib-1-1.noarch.rpm cannot be fetched .*404.*; run again"):
        mirrored.all()
    assert time.monotonic() - started < 10


def test_when_no_mirror_has_it_the_last_one_is_quoted(mirrored: Mirrored) -> None:
    for mirror in ("good", "bad"):
        mirrored.server.faults[f"/{mirror}/repodata/repomd.xml"] = 500
    with pytest.raises(StepError, match=r"none of the 2 mirrors of rpm_repo test gives .*/good/.* answered 500"):
        mirrored.source().snapshots()


def test_a_metalink_is_followed_and_its_checksum_saves_the_request(mirrored: Mirrored) -> None:
    mirrored.metalink()
    first = mirrored.all()
    mirrored.server.asked.clear()
    assert mirrored.all() == first
    assert mirrored.server.paths() == ["/lists/metalink"]


def test_a_mirror_that_lags_behind_is_passed_over_unless_the_metalink_knows_its_state(mirrored: Mirrored) -> None:
    old = mirrored.good.repomd.read_bytes()
    mirrored.good.edit_repomd = lambda text: text.replace("<revision>1", "<revision>2")
    mirrored.good.index()
    mirrored.metalink()
    mirrored.all()
    assert "/good/repodata/repomd.xml" in mirrored.server.paths()
    mirrored.metalink(older=old)
    shutil.rmtree(mirrored.cache)
    mirrored.server.asked.clear()
    mirrored.all()
    assert "/good/repodata/repomd.xml" not in mirrored.server.paths()


@pytest.mark.parametrize("pinned", [True, False])
def test_a_mirror_cannot_say_that_nothing_changed_when_the_metalink_says_that_it_did(
    mirrored: Mirrored, pinned: bool
) -> None:
    mirrored.metalink()
    if not pinned:
        mirrored.place = {"baseurl": [mirrored.server.url("bad/"), mirrored.server.url("good/")]}
    old = mirrored.source().snapshots()[0].rpm_repos[0].digest
    mirrored.good.edit_repomd = lambda text: text.replace("<revision>1", "<revision>2")
    mirrored.good.index()
    if pinned:
        mirrored.metalink()
    mirrored.server.faults["/bad/repodata/repomd.xml"] = 304
    assert (mirrored.source().snapshots()[0].rpm_repos[0].digest != old) is pinned


@pytest.mark.parametrize("status", [204, 206, 304, 416])
def test_answers_that_nobody_asked_for(mirrored: Mirrored, status: int) -> None:
    mirrored.place = {"baseurl": mirrored.server.url("bad/")}
    mirrored.server.faults["/bad/repodata/repomd.xml"] = status
    with pytest.raises(FetchError, match=f"the server answered {status}"):
        mirrored.source().snapshots()


def test_the_present_state_is_asked_for_although_the_metalink_still_knows_the_kept_one(mirrored: Mirrored) -> None:
    old = mirrored.good.repomd.read_bytes()
    mirrored.metalink()
    mirrored.all()
    mirrored.good.edit_repomd = lambda text: text.replace("<revision>1", "<revision>2")
    mirrored.publish()
    mirrored.metalink(older=old)
    (snapshot,) = mirrored.source().snapshots()
    assert snapshot.rpm_repos[0].digest == file_digest(mirrored.good.repomd)


def test_a_mirrorlist_is_followed(mirrored: Mirrored) -> None:
    lines = ["# mirrors", "", "ftp://m.test/", mirrored.server.url("gone/"), mirrored.server.url("good/")]
    (mirrored.folder / "lists" / "list").write_text("\n".join(lines))
    mirrored.place = {"mirrorlist": mirrored.server.url("lists/list")}
    assert len(mirrored.all()) == 2
    (mirrored.folder / "lists" / "list").write_text("<html>")
    with pytest.raises(StepError, match="the mirrorlist of rpm_repo test names no mirror over http or https"):
        mirrored.source().snapshots()


def test_a_folder_is_a_repository_too(mirrored: Mirrored) -> None:
    mirrored.place = {"baseurl": mirrored.good.folder.as_uri()}
    assert len(mirrored.all()) == 2
    mirrored.place = {"baseurl": (mirrored.folder / "no").as_uri()}
    with pytest.raises(StepError, match=r"no/repodata/repomd.xml cannot be fetched \(no such file or directory\)"):
        mirrored.source().snapshots()


def test_a_repository_that_changes_while_it_is_read_is_read_again(mirrored: Mirrored) -> None:
    mirrored.place = {"baseurl": mirrored.server.url("good/")}
    old = mirrored.good.repomd.read_bytes()
    mirrored.good.pack = "xz"
    mirrored.good.index()
    mirrored.server.faults[REPOMD], mirrored.server.times[REPOMD] = old, 1
    assert len(mirrored.all()) == 2
    assert mirrored.server.paths().count(REPOMD) == 2


def test_a_repository_that_keeps_changing_is_one_sentence(mirrored: Mirrored) -> None:
    mirrored.place = {"baseurl": mirrored.server.url("good/")}
    mirrored.good.file("primary").unlink()
    with pytest.raises(StepError, match=r"rpm_repo test: \S+primary.xml.gz cannot be fetched .*404"):
        mirrored.source().snapshots()
    assert mirrored.server.paths().count(REPOMD) == 2
    assert not [path for path in mirrored.cache.rglob("*") if path.is_file()]


# --- one file ------------------------------------------------------------------------------------------------------


@pytest.fixture
def served_file(tmp_path: Path) -> Iterator[tuple[Server, Path, Checksum]]:
    (tmp_path / "f").mkdir()
    path = tmp_path / "f" / "file"
    path.write_bytes(bytes(range(256)) * 4000)
    with serving(f=tmp_path / "f") as server:
        yield server, path, Checksum("sha256", file_digest(path))


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    tmp_path: Path, served_file: tuple[Server, Path, Checksum]
) -> None:
    server, path, checksum = served_file
    server.faults["/f/file"], server.times["/f/file"] = "cut", 1
    counted: list[int] = []
    got = download(session(PACE), server.url("f/file"), to=tmp_path / "to", checksum=checksum, on_bytes=counted.append)
    assert got.read_bytes() == path.read_bytes()
    assert sum(counted) == path.stat().st_size
    assert server.asked[-1][1]["Range"] == f"bytes={path.stat().st_size // 2}-"


def test_the_next_run_goes_on_from_what_was_kept(tmp_path: Path, served_file: tuple[Server, Path, Checksum]) -> None:
    server, _, checksum = served_file
    server.faults["/f/file"] = "stall"
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"cannot be fetched \(the server stalled for 1 s\)"):
        download(session(PACE), server.url("f/file"), to=tmp_path / "to", checksum=checksum)
    assert time.monotonic() - started < 10
    assert [one.name for one in tmp_path.iterdir() if "to" in one.name] == [".to.partial"]
    server.faults.clear()
    download(session(PACE), server.url("f/file"), to=tmp_path / "to", checksum=checksum)
    assert "Range" in server.asked[-1][1]
    assert [one.name for one in tmp_path.iterdir() if "to" in one.name] == ["to"]


@pytest.mark.parametrize("kept", [b"not its beginning", b"x" * 2_000_000], ids=["wrong", "too long"])
@pytest.mark.parametrize("stated", [True, False])
def test_what_was_kept_wrongly_is_thrown_away(
    tmp_path: Path, served_file: tuple[Server, Path, Checksum], kept: bytes, stated: bool
) -> None:
    server, path, checksum = served_file
    (tmp_path / ".to.partial").write_bytes(kept)
    size = path.stat().st_size if stated else None
    counted: list[int] = []
    web = session(PACE)
    download(web, server.url("f/file"), to=tmp_path / "to", checksum=checksum, size=size, on_bytes=counted.append)
    assert (tmp_path / "to").read_bytes() == path.read_bytes()
    assert sum(counted) == path.stat().st_size


def test_a_busy_server_is_asked_again(tmp_path: Path, served_file: tuple[Server, Path, Checksum]) -> None:
    server, path, _ = served_file
    server.faults["/f/file"], server.times["/f/file"] = 503, 2
    assert download(session(PACE), server.url("f/file"), to=tmp_path / "to").read_bytes() == path.read_bytes()
    assert len(server.asked) == 3


def test_a_redirection_is_followed(tmp_path: Path, served_file: tuple[Server, Path, Checksum]) -> None:
    server, path, checksum = served_file
    server.faults["/f/other"] = f"to:{server.url('f/file')}"
    got = download(session(PACE), server.url("f/other"), to=tmp_path / "to", checksum=checksum)
    assert got.read_bytes() == path.read_bytes()
    server.faults["/f/file"] = "to:/f/other"
    with pytest.raises(FetchError, match="more than 10 redirections"):
        download(session(PACE), server.url("f/other"), to=tmp_path / "to", checksum=checksum)


@pytest.mark.parametrize("fault", ["endless", "trickle", "stall", 404])
def test_a_file_without_a_checksum_is_whole_or_not_there(
    tmp_path: Path, served_file: tuple[Server, Path, Checksum], fault: str | int
) -> None:
    server, path, _ = served_file
    server.faults["/f/file"] = fault
    with pytest.raises(FetchError):
        download(session(PACE), server.url("f/file"), to=tmp_path / "to", limit=path.stat().st_size)
    assert not [one for one in tmp_path.iterdir() if "to" in one.name]


def test_a_document_that_did_not_change_does_not_come_again(served_file: tuple[Server, Path, Checksum]) -> None:
    server, path, _ = served_file
    web = session(PACE)
    first = read_url(web, server.url("f/file"), limit=1 << 21)
    assert first is not None and first.content == path.read_bytes()
    assert read_url(web, server.url("f/file"), limit=1 << 21, known=first.validators) is None
    with pytest.raises(FetchError, match="longer than the 1000 bytes"):
        read_url(web, server.url("f/file"), limit=1000)
