"""A release whose parameters name a lock file takes exactly what is locked, to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atomic_kit.errors import InputError
from atomic_kit.files import file_digest
from atomic_kit.release.release import open_release
from atomic_kit.steps import resolve_step

pytestmark = pytest.mark.integration


@pytest.fixture
def packages(tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]) -> dict[str, Path]:
    made = {f"{name}-{version}": make_rpm(name, version) for name, version in (("lib", "1"), ("lib", "2"))}
    made["app-1"] = make_rpm("app", requires=("lib",))
    made["more-1"] = make_rpm("more")
    make_repo(tmp_path / "packages")
    return made


def line_with(folder: Path, locked: dict[str, str]) -> Path:
    """Write a line whose lock names packages (name-version) by their digests."""
    entries = {one.partition("-")[0]: (one.partition("-")[2], digest) for one, digest in locked.items()}
    lock = {name: {"evra": f"{version}-1.noarch", "digest": digest} for name, (version, digest) in entries.items()}
    (folder / "lock.json").write_text(json.dumps({"packages": lock}))
    (folder / "host.yaml").write_text("ref: test/x86_64/devel\npackages: [app]\n")
    place = f"baseurl: 'file://{folder}/packages', gpgcheck: false, repo_gpgcheck: false"
    (folder / "line.yaml").write_text(
        "line: test\ntitle: A host to test\nstream: test-devel\ntreefile: host.yaml\nlockfiles: [lock.json]\n"
        f"source: {{kind: rpm-md, rpm_repos: [{{id: test, {place}}}]}}\nbuild: build\nreports: reports\n"
    )
    return folder / "line.yaml"


def digest_of(path: Path) -> str:
    return f"sha256:{file_digest(path)}"


def test_exactly_the_locked_packages_are_taken(tmp_path: Path, packages: dict[str, Path]) -> None:
    locked = {one: digest_of(packages[one]) for one in ("app-1", "lib-1", "more-1")}
    release = open_release(line_with(tmp_path, locked))
    taken = resolve_step(release)
    assert {f"{one.name}-{one.version}": one.checksum for one in taken} == locked
    written = json.loads((release.folder / "manifest-lock.x86_64.json").read_text())["packages"]
    assert {name: entry["digest"] for name, entry in written.items()} == {
        one.partition("-")[0]: digest for one, digest in locked.items()
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lib-3": "sha256:" + 64 * "0"}, r"lib-3-1.noarch is locked .* and no rpm_repo has it"),
        ({"lib-1": "sha256:" + 64 * "0"}, r"lib-1-1.noarch is locked .* and no rpm_repo has it"),
        ({}, "requires lib"),
    ],
)
def test_what_misses_is_named(tmp_path: Path, packages: dict[str, Path], change: dict[str, str], sentence: str) -> None:
    release = open_release(line_with(tmp_path, {"app-1": digest_of(packages["app-1"])} | change))
    with pytest.raises(InputError, match=sentence):
        resolve_step(release)
    assert not (release.folder / "package-set.json").exists()
