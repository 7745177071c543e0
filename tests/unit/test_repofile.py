"""rpm_repos out of .repo files and of ID,URL pairs: safe where nothing is said, and every fault in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from atomic_kit.errors import InputError
from atomic_kit.parameters import load_parameters
from atomic_kit.rpm_repos import RpmMdSource, RpmRepo
from atomic_kit.sources.arches import basearch_of, solver_arch
from atomic_kit.sources.repofile import read_repo_file, rpm_repos_from_paths

PIN = "99DB70FAE1D7CE227FB6488205B555B38483C65D"
CENTOS = """
# as centos-stream-repos has it
[baseos]
name=CentOS Stream $releasever - BaseOS
metalink=https://mirrors.test/metalink?repo=centos-baseos-$stream&arch=$basearch&protocol=https,http
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial
gpgcheck=1
repo_gpgcheck=0
metadata_expire=6h
countme=1
enabled=1

[baseos-source]
metalink=https://mirrors.test/metalink?repo=centos-baseos-source-$stream&arch=source
gpgkey=https://keys.test/unpinned
enabled=0
"""
VARIABLES = {"releasever": "9", "stream": "9-stream", "basearch": "x86_64", "arch": "x86_64"}


def write(folder: Path, text: str) -> Path:
    path = folder / "test.repo"
    path.write_text(text)
    return path


def test_a_file_as_centos_has_it(tmp_path: Path) -> None:
    baseos, source = read_repo_file(write(tmp_path, CENTOS), variables=VARIABLES)
    assert (
        baseos.metalink == "https://mirrors.test/metalink?repo=centos-baseos-9-stream&arch=x86_64&protocol=https,http"
    )
    assert baseos.gpgcheck and not baseos.repo_gpgcheck and baseos.enabled
    assert baseos.gpgkey[0].file == Path("/etc/pki/rpm-gpg/RPM-GPG-KEY-centosofficial")
    assert not source.enabled


def test_what_is_not_said_is_checked(tmp_path: Path) -> None:
    text = "[a]\nbaseurl=/srv/a\n  https://b.test/a\ngpgkey=file:///k1, https://k.test/2\nexclude=a*, b\npriority=5\n"
    (repo,) = read_repo_file(write(tmp_path, text), fingerprints=[PIN])
    assert repo.gpgcheck and repo.repo_gpgcheck
    assert repo.baseurl == ("file:///srv/a", "https://b.test/a")
    assert [key.fingerprint for key in repo.gpgkey] == [(), (PIN,)]
    assert (repo.excludepkgs, repo.priority, repo.cost) == (("a*", "b"), 5, 1000)


def test_a_metalink_under_its_old_name(tmp_path: Path) -> None:
    text = "[a]\nmirrorlist=https://m.test/metalink?a\ngpgcheck=0\nrepo_gpgcheck=0\n"
    (repo,) = read_repo_file(write(tmp_path, text))
    assert (repo.metalink, repo.mirrorlist) == ("https://m.test/metalink?a", None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a]\nbaseurl=https://a.test/\n", "[a]: gpgcheck and repo_gpgcheck (on by default) needs gpgkey"),
        ("[a]\ngpgcheck=0\nrepo_gpgcheck=0\n", "[a]: an rpm_repo needs baseurl, metalink or mirrorlist"),
        ("[a]\nbaseurl=https://a.test/$stream/\n", "[a] baseurl: $stream has no value; set source.variables.stream"),
        ("[a]\nbaseurl=https://a.test/\ngpgkey=https://k.test/k\n", "https://k.test/k has no fingerprint"),
        (
            "[a]\nbaseurl=ftp://a.test/\ngpgcheck=0\nrepo_gpgcheck=0\n",
            "[a] baseurl.0: got 'ftp://a.test/', expected a",
        ),
        ("[a]\nbaseurl=https://a.test/\ngpgcheck=maybe\n", "[a] gpgcheck: got 'maybe', expected 1 or 0"),
        ("[a]\nbaseurl=https://a.test/\nproxy=http://p.test\n", "[a] proxy: a key that is not supported yet"),
        ("[a/../b]\nbaseurl=/x\ngpgcheck=0\nrepo_gpgcheck=0\n", "id: got 'a/../b'"),
        ("baseurl=https://a.test/\n", "is not a .repo file"),
        ("[a]\n[a]\n", "is not a .repo file"),
    ],
)
def test_every_fault_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_repo_file(write(tmp_path, text))
    assert sentence in str(caught.value)
    assert "test.repo" in str(caught.value)


def test_a_key_that_dnf_does_not_know_is_warned_of(tmp_path: Path) -> None:
    text = "[a]\nbaseurl=/a\ngpgcheck=0\nrepo_gpgcheck=0\ngpgchek=1\n"
    with pytest.warns(UserWarning, match="gpgchek: unknown key"):
        read_repo_file(write(tmp_path, text))


def test_pairs_of_a_command_line() -> None:
    one, two = rpm_repos_from_paths(["a,/srv/a b", "c,http://c.test/"], gpgcheck=False)
    assert (one.baseurl, two.baseurl) == (("file:///srv/a%20b",), ("http://c.test/",))
    assert not one.gpgcheck and not one.repo_gpgcheck
    with pytest.raises(InputError, match="no key to check the signatures of a with; pass --no-gpgcheck, or --gpgkey"):
        rpm_repos_from_paths(["a,/srv/a"])
    for pair in ("a", "a,", ",/x", "a b,/x"):
        with pytest.raises(InputError):
            rpm_repos_from_paths([pair], gpgcheck=False)


@pytest.mark.parametrize(
    "place",
    [
        *(
            "relative/path",
            "http://[::bad/",
            "http://",
            "http:///x",
            "http://a.test:99999/",
            "http://a.test:x/",
            "file://",
        ),
        *("file://elsewhere.test/x", "http://a.test/a b", "ftp://a.test/", "https://a.test/" + "x" * 2048),
    ],
)
def test_a_place_that_is_none_is_told_with_what_is_expected(place: str) -> None:
    with pytest.raises(InputError, match=r"baseurl.0: got .*, expected a URL of http, https or file, .* absolute path"):
        rpm_repos_from_paths([f"a,{place}"], gpgcheck=False)


def test_a_password_in_a_url_is_not_told() -> None:
    (repo,) = rpm_repos_from_paths(["a,http://me:secret@a.test/x"], gpgcheck=False)
    assert repo.baseurl == ("http://me:secret@a.test/x",)
    with pytest.raises(InputError) as caught:
        rpm_repos_from_paths(["a,http://me:se@cret@a.test:99999/x"], gpgcheck=False)
    assert "http://me:***@a.test:99999/x" in str(caught.value)
    assert "cret" not in str(caught.value)


def test_signatures_are_switched_off_for_a_file_too(tmp_path: Path) -> None:
    path = write(tmp_path, "[a]\nbaseurl=/a\ngpgkey=https://k.test/k\ngpgcheck=1\n[b]\nbaseurl=/b\ngpgkey=file:///k\n")
    with pytest.raises(InputError, match="has no fingerprint"):
        read_repo_file(path)
    unchecked = read_repo_file(path, gpgcheck=False)
    assert [(repo.gpgcheck, repo.repo_gpgcheck, repo.gpgkey) for repo in unchecked] == [(False, False, ())] * 2
    packages = read_repo_file(path, fingerprints=[PIN], repo_gpgcheck=False)
    assert [(repo.gpgcheck, repo.repo_gpgcheck, len(repo.gpgkey)) for repo in packages] == [(True, False, 1)] * 2


def test_basearch_is_dnfs() -> None:
    pairs = {"i686": "i386", "athlon": "i386", "amd64": "x86_64", "x86_64_v3": "x86_64", "armv7hl": "armhfp"}
    assert {arch: basearch_of(arch) for arch in pairs} == pairs
    assert [basearch_of(arch) for arch in ("aarch64", "ppc64le", "s390x")] == ["aarch64", "ppc64le", "s390x"]
    assert [solver_arch(arch) for arch in ("amd64", "athlon", "x86_64_v3")] == ["x86_64", "i686", "x86_64_v3"]
    with pytest.raises(InputError, match="unknown architecture 'foo'; known: aarch64, amd64, "):
        basearch_of("foo")


LINE = "line: a\ntitle: A\nstream: a-devel\ntreefile: host.yaml\nsource:\n  kind: rpm-md\n"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("", "source: an rpm-md source needs rpm_repos or repo_files"),
        ("  rpm_repos:\n  - {id: a}\n", "source.rpm_repos.0: an rpm_repo needs baseurl"),
        ("  rpm_repos:\n  - {id: a, baseurl: 'file:///a'}\n", "(on by default) needs gpgkey"),
        ("  rpm_repos:\n  - {id: a, baseurl: 'file:///a', gpgkey: [{url: 'https://k.test/k'}]}\n", "its fingerprint"),
        (
            "  rpm_repos:\n  - {id: a, baseurl: 'file:///a', gpgkey: [{file: k, fingerprint: ABCD1234}]}\n",
            "got 'ABCD1234'",
        ),
        ("  rpm_repos: []\n  repo_file: x\n", "repo_file: unknown key, did you mean repo_files?"),
    ],
)
def test_faults_in_parameters_have_their_place(tmp_path: Path, source: str, sentence: str) -> None:
    path = tmp_path / "line.yaml"
    path.write_text(LINE + source)
    with pytest.raises(InputError) as caught:
        load_parameters(path)
    assert sentence in str(caught.value)


def test_paths_of_a_source_are_relative_to_its_parameters(tmp_path: Path) -> None:
    path = tmp_path / "line.yaml"
    pinned = f"gpgkey: [{{file: keys/a.asc, fingerprint: {' '.join(PIN[i : i + 4] for i in range(0, 40, 4))}}}]"
    path.write_text(LINE + f"  repo_files: [a.repo]\n  rpm_repos:\n  - {{id: a, baseurl: 'file:///a', {pinned}}}\n")
    source = load_parameters(path).source
    assert source.kind == "rpm-md"
    assert source.repo_files == (tmp_path / "a.repo",)
    assert source.rpm_repos[0].gpgkey[0].file == tmp_path / "keys" / "a.asc"
    assert source.rpm_repos[0].gpgkey[0].fingerprint == (PIN,)


def test_the_page_about_rpm_repos_names_every_key() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rpm-repos.md").read_text(encoding="utf-8")
    keys = {*RpmRepo.model_fields, *RpmMdSource.model_fields}
    assert [key for key in sorted(keys) if key not in text] == []
