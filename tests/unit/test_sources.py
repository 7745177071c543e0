"""What comes from servers is not trusted: places, checksums, packed files, metalinks, redirections."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import zstandard
from requests.adapters import BaseAdapter

from atomic_kit.errors import FetchError, InputError, StepError
from atomic_kit.files import Checksum
from atomic_kit.parameters import load_parameters
from atomic_kit.sources.documents import safe_location
from atomic_kit.sources.mirrors import Mirrors, parse_metalink
from atomic_kit.sources.opening import open_source, rpm_repos_of
from atomic_kit.sources.unpacking import check_unpacked, unpacked
from atomic_kit.web import Pace, read_url, session


@pytest.mark.parametrize("place", ["a.rpm", "Packages/c/c++-1~rc^2-1.rpm", "repodata/a.xml.gz", "a..b/c..rpm"])
def test_places_below_a_repository(place: str) -> None:
    assert safe_location(place, of="x") == place


@pytest.mark.parametrize(
    "place",
    [
        *("", "/etc/passwd", "../a", "a/../../b", "a/%2E%2e/b", "%2fetc/passwd", "./a", "a/.", "http://e.test/a"),
        *("file:///etc/passwd", "//e.test/a", "a\\..\\b", "a?b", "a#b", "a\nb", "a%0ab", "javascript:x"),
    ],
)
def test_places_elsewhere(place: str) -> None:
    with pytest.raises(StepError, match=r"x names the location .* which is not below the repository"):
        safe_location(place, of="x")


def test_a_name_that_no_file_system_takes() -> None:
    with pytest.raises(StepError, match="x names a file by more than 170 bytes"):
        safe_location("a/" + "b" * 200, of="x")


@pytest.mark.parametrize(
    ("algorithm", "digest", "sentence"),
    [
        ("sha", "a" * 40, "the file is named by sha; sha256, sha384 or sha512 is needed"),
        ("md5", "a" * 32, "is named by md5"),
        ("", "", "is named by no checksum"),
        ("sha256", "a" * 63, "has the sha256 'a+', which is none"),
        ("sha256", "g" * 64, "which is none"),
    ],
)
def test_checksums_that_prove_nothing(algorithm: str, digest: str, sentence: str) -> None:
    with pytest.raises(StepError, match=sentence):
        Checksum.parse(algorithm, digest, of="the file")


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
    "bz2": bz2.compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_packed_files_are_unpacked_up_to_their_size(tmp_path: Path, name: str) -> None:
    content = b"<metadata/>" + b" " * 5_000_000
    path = tmp_path / "file"
    path.write_bytes(PACKERS[name](content))
    assert b"".join(unpacked(path, size=len(content), of="x")) == content
    with pytest.raises(StepError, match="x unpacks to more than the 1000000 bytes"):
        list(unpacked(path, size=1_000_000, of="x"))
    with pytest.raises(StepError, match="x unpacks to the checksum sha256:"):
        list(check_unpacked(unpacked(path, of="x"), Checksum("sha256", "0" * 64), of="x"))


@pytest.mark.parametrize("name", [name for name in PACKERS if name != "plain"])
@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: packed[:20] + b"!!!!" + packed[24:]])
def test_damaged_packed_files_are_one_sentence(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    content = bytes(index * index % 251 for index in range(300_000))
    path = tmp_path / "file"
    path.write_bytes(damage(PACKERS[name](content)))
    with pytest.raises(StepError, match=r"x (cannot be unpacked|unpacks to the checksum)"):
        list(check_unpacked(unpacked(path, of="x"), Checksum("sha256", "0" * 64), of="x"))


def test_the_strongest_checksum_of_a_metalink_counts() -> None:
    hashes = (
        f'<hash type="md5">{"a" * 32}</hash><hash type="sha256">{"b" * 64}</hash><hash type="sha512">{"c" * 128}</hash>'
    )
    places = (
        "<url preference='10'>https://b.test/x/repodata/repomd.xml</url><url preference='90'>http://a.test/repodata/"
        "repomd.xml</url><url>file:///etc/repodata/repomd.xml</url><url>https://c.test/other</url>"
    )
    text = (
        "<metalink xmlns='http://www.metalinker.org/'><files><file name='repomd.xml'><size>7</size>"
        f"<verification>{hashes}</verification><resources>{places}</resources></file></files></metalink>"
    )
    bases, (pin,) = parse_metalink(text.encode(), of="x")
    assert bases == ("http://a.test", "https://b.test/x")
    assert (pin.checksum, pin.size) == (Checksum("sha512", "c" * 128), 7)


def test_mirrors_are_tried_in_order_and_remembered() -> None:
    mirrors, asked = Mirrors("test", ("a", "b")), []

    def action(base: str) -> str:
        asked.append(base)
        if base == "a":
            raise FetchError("a is broken")
        return base

    assert [mirrors.first(action, what="x") for _ in range(2)] == ["b", "b"]
    assert asked == ["a", "b", "b"]


class Elsewhere(BaseAdapter):
    """A server that sends everybody to one place."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target, self.asked = target, 0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.asked += 1
        answer = requests.Response()
        answer.status_code, answer.url = 302, str(request.url)
        answer.headers["Location"], answer.raw = self.target, io.BytesIO()
        return answer

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("http://b.test/x", "it leads from https to http://b.test/x"),
        ("file:///etc/passwd", "it leads from https to file:///etc/passwd"),
        ("https://a.test/again", "more than 10 redirections"),
        ("https://[::bad/", r"it leads to 'https://\[::bad/', which is no URL"),
    ],
)
def test_a_redirection_never_leaves_https(target: str, sentence: str) -> None:
    web = session(Pace(retries=0))
    web.http.mount("https://", Elsewhere(target))
    with pytest.raises(FetchError, match=sentence):
        read_url(web, "https://a.test/x", limit=10)


LINE = """
line: a
title: A
stream: a-devel
treefile: host.yaml
source:
  kind: rpm-md
  modules: ['nodejs:20']
  variables: {stream: 9-stream}
  repo_files: [a.repo]
  rpm_repos:
  - {id: own, baseurl: 'file:///own', gpgcheck: false, repo_gpgcheck: false}
"""
FILE = """
[%s]
baseurl=https://a.test/$stream/$releasever/$basearch/
gpgcheck=0
repo_gpgcheck=0
[off]
baseurl=https://a.test/
enabled=0
"""


def test_a_line_brings_its_repositories_together(tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text(LINE)
    (tmp_path / "host.yaml").write_text("ref: a/b\nreleasever: 9\npackages: [bash]\n")
    (tmp_path / "a.repo").write_text(FILE % "file")
    line = load_parameters(tmp_path / "line.yaml")
    assert line.source.kind == "rpm-md"
    repos = rpm_repos_of(line, line.source, releasever="9")
    assert [(repo.id, repo.baseurl) for repo in repos] == [
        ("own", ("file:///own",)),
        ("file", ("https://a.test/9-stream/9/x86_64/",)),
    ]
    open_source(line)
    (tmp_path / "a.repo").write_text(FILE % "own")
    with pytest.raises(InputError, match="two rpm_repos have the id own"):
        open_source(line)
