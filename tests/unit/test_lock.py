"""Lock files: rpm-ostree's shape both ways, and every fault in one sentence with its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atomic_kit.errors import InputError
from atomic_kit.packages.lock import Lock, LockedPackage, lock_of, make_lock
from atomic_kit.packages.lock_file import read_lock
from atomic_kit.packages.package_set import Package, PackageSet, Reason
from atomic_kit.release.listing import list_packages
from atomic_kit.sources import RpmRepoMetadata, Snapshot

MOMENT = datetime(2026, 7, 11, 8, 30, tzinfo=UTC)
SHA = "sha256:" + "a" * 64


def package(name: str, *, epoch: int = 0, version: str = "1", arch: str = "x86_64", checksum: str = SHA) -> Package:
    source = f"{name}-source-1-2.src.rpm"
    return Package(
        *(name, epoch, version, "2", arch, 10, 5, "MIT", source, "", "base", "", checksum, ""), Reason.REQUESTED
    )


SET = PackageSet((package("a"), package("b", epoch=2, arch="noarch"), package("c", checksum="sha1:" + "b" * 40)))
SNAPSHOT = Snapshot("current", MOMENT, (RpmRepoMetadata("base", Path("primary"), None, "", MOMENT),))


def write(folder: Path, document: Any, name: str = "lock.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    document = lock_of(SET, SNAPSHOT)
    assert document["packages"]["b"] == {"evra": "2:1-2.noarch", "digest": SHA, "metadata": {"sourcerpm": "b-source"}}
    lock = read_lock([write(tmp_path, document)])
    assert lock.packages == {
        "a": LockedPackage("a", "1-2", "x86_64", SHA, "a-source"),
        "b": LockedPackage("b", "2:1-2", "noarch", SHA, "b-source"),
        "c": LockedPackage("c", "1-2", "x86_64", None, "c-source"),
    }
    assert (lock.generated, lock.rpm_repos, lock.strict) == (MOMENT, {"base": MOMENT}, True)
    lock.check(SET)


def test_the_digest_of_a_fetched_package_is_that_of_its_file(tmp_path: Path) -> None:
    rpm_file = tmp_path / "a.rpm"
    rpm_file.write_bytes(b"")
    digest = make_lock({package("a"): rpm_file}, SNAPSHOT)["packages"]["a"]["digest"]
    assert digest == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


names = st.from_regex(r"[A-Za-z][A-Za-z0-9+._-]{0,20}", fullmatch=True)
part = st.from_regex(r"[A-Za-z0-9.~^+]{1,8}", fullmatch=True)
packages = st.builds(package, names, epoch=st.integers(0, 99), version=part, arch=st.sampled_from(["noarch", "x86_64"]))


@given(st.lists(packages, max_size=6, unique_by=lambda one: one.name))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_any_package_set_comes_back_from_its_lock(tmp_path: Path, chosen: list[Package]) -> None:
    package_set = PackageSet(tuple(chosen))
    lock = read_lock([write(tmp_path, lock_of(package_set, SNAPSHOT))])
    lock.check(package_set)
    assert list(lock.packages) == sorted(one.name for one in chosen)


def test_later_files_win_and_overrides_may_be_yaml(tmp_path: Path) -> None:
    overrides = """
packages:
  # held back
  a:
    evr: 0:0.9-1
    metadata: {type: pin, reason: "https://example.org/issues/1"}
  d:
    evra: 5-1.noarch
    metadata: {type: fast-track, bodhi: "https://example.org/updates/2", any: [1, {thing: true}]}
"""
    lock = read_lock(
        [write(tmp_path, lock_of(SET, SNAPSHOT)), write(tmp_path, overrides, "manifest-lock.overrides.yaml")]
    )
    pinned, ahead = lock.packages["a"], lock.packages["d"]
    assert pinned == LockedPackage("a", "0.9-1", override="pin", reason="https://example.org/issues/1")
    assert pinned.place.endswith("manifest-lock.overrides.yaml:4")
    assert (str(ahead), ahead.override) == ("d-5-1.noarch", "fast-track")
    assert list(lock.packages) == ["a", "b", "c", "d"]


LOCK = Lock({one.name: one for one in (LockedPackage("a", "1-2", "x86_64", SHA), LockedPackage("b", "2:1-2"))})


@pytest.mark.parametrize(
    ("candidate", "fits"),
    [
        (package("a"), True),
        (package("a", version="2"), False),
        (package("a", arch="i686"), False),
        (package("a", epoch=1), False),
        (package("a", checksum="sha256:" + "b" * 64), False),
        (package("a", checksum="sha1:" + "b" * 40), True),
        (package("b", epoch=2, arch="i686"), True),
        (package("c"), None),
    ],
)
def test_a_package_fits_by_version_architecture_and_digest(candidate: Package, fits: bool | None) -> None:
    assert LOCK.allows(candidate) is bool(fits)
    assert Lock(LOCK.packages, strict=False).allows(candidate) is (fits is not False)


def test_a_set_that_is_not_the_locked_one_is_refused_with_names() -> None:
    with pytest.raises(InputError) as caught:
        LOCK.check(PackageSet((package("a", version="2"), package("c"))))
    said = str(caught.value)
    assert "a-1-2.x86_64 is missing" in said and "b-2:1-2 is missing" in said
    assert "a-2-2.x86_64 is not what the lock names" in said and "c-1-2.x86_64 is not" in said
    Lock(LOCK.packages, strict=False).check(PackageSet((package("a"), package("c"))))
    assert [str(one) for one in LOCK.missing([package("a")])] == ["b-2:1-2"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("packages:\n  a: {evra: 1-1.noarch, source: x}\n", "lock.yaml:2: packages.a.source: unknown key, known: evr"),
        ("packages: {}\nmore: 1\n", "lock.yaml:2: more: unknown key, known: packages, metadata"),
        ("packages: {}\nmetadata: {by: me}\n", "lock.yaml:2: metadata.by: unknown key, known: generated, rpmmd_repos"),
        ("metadata: {}\n", "lock.yaml:1: packages: is missing"),
        ("packages:\n  a: {}\n", "lock.yaml:2: packages.a: needs one of evr and evra"),
        ("packages:\n  a: {evr: 1-1, evra: 1-1.noarch}\n", "lock.yaml:2: packages.a: has both evr and evra"),
        ("packages:\n  a:\n    evra: '11'\n", "packages.a.evra: got '11', expected: [EPOCH:]VERSION-RELEASE.ARCH"),
        ("packages:\n  a:\n    evr: 1.5\n", "lock.yaml:3: packages.a.evr: got 1.5, expected: [EPOCH:]VERSION-RELEASE"),
        (
            "packages:\n  a:\n    evr: 1-1\n    digest: sha256:dada\n",
            "yaml:4: packages.a.digest: got 'sha256:dada'",
        ),
        ("packages:\n  a: {evr: 1-1, metadata: {type: pin}}\n", "packages.a.metadata: a pin needs a reason"),
        (
            "packages:\n  a: {evr: 1-1, metadata: {type: pin, reason: no}}\n",
            "metadata.reason: got 'no', expected: a U",
        ),
        ("packages:\n  a: {evr: 1-1, metadata: {type: x}}\n", "metadata.type: got 'x', expected: pin or fast-track"),
        ("packages: [a]\n", "lock.yaml:1: packages: got ['a'], expected: a map"),
        ("packages: {a: 1-1}\n", "lock.yaml:1: packages.a: got '1-1', expected: a map"),
        ("packages: {}\nmetadata: {generated: today}\n", "metadata.generated: got 'today', expected: a time like"),
        ("packages: {}\nmetadata: {generated: 2026-07-11T00:00:00}\n", "expected: a time like 2026-07-11T00:00:00Z"),
        (
            "packages: {}\nmetadata: {rpmmd_repos: {base: {}}}\n",
            "rpmmd_repos.base.generated: got None, expected",
        ),
        ("packages: {3: {evr: 1-1}}\n", "lock.yaml:1: packages.3: is no name of a package"),
        ("packages: {a: {evr: 1-1}, a: {evr: 1-2}}\n", "lock.yaml:1: duplicate key 'a'"),
        ("", "lock.yaml:1: lock file: got None, expected: a map"),
    ],
)
def test_a_fault_of_a_lock_file_is_one_sentence_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_lock([write(tmp_path, text, "lock.yaml")])
    assert sentence in str(caught.value)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
field = st.sampled_from(["evr", "evra", "digest", "metadata", "x"])
entry = st.dictionaries(field, junk | st.sampled_from(["1-1", "1-1.noarch", SHA]), max_size=4) | junk
document = st.fixed_dictionaries({"packages": st.dictionaries(st.text(max_size=8), entry, max_size=4) | junk}) | junk


@given(document, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_any_document_is_a_lock_or_a_short_sentence(tmp_path: Path, content: Any, with_metadata: bool) -> None:
    if with_metadata and isinstance(content, dict):
        content["metadata"] = {"rpmmd_repos": content.get("packages")}
    path = write(tmp_path, content)
    try:
        assert isinstance(read_lock([path]), Lock)
    except InputError as error:
        assert all(len(line) < 500 and "Traceback" not in line for line in str(error).splitlines())


def test_a_listing_may_be_a_lock_file(tmp_path: Path) -> None:
    found = list_packages(str(write(tmp_path, lock_of(SET, SNAPSHOT)))).packages
    assert [(one.name, one.evr, one.arch) for one in found][1] == ("b", "2:1-2", "noarch")
    with pytest.raises(InputError, match=r"lock\.json:1: packages: is missing"):
        list_packages(str(write(tmp_path, {})))
