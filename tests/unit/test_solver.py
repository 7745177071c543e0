"""The solver over real RPM files: why a package is in, what cannot be, and in whose words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atomic_kit.errors import StepError, UnsolvableError
from atomic_kit.packages.package_set import Reason
from atomic_kit.solver import Pool, Request
from atomic_kit.sources import RpmRepoMetadata

Make = Callable[..., Path]
Index = Callable[[Path], RpmRepoMetadata]


@pytest.fixture
def pool(tmp_path: Path, make_rpm: Make, make_repo: Index) -> Pool:
    make_rpm("app", requires=("lib",), recommends=("extra",))
    make_rpm("lib", "1")
    make_rpm("lib", "2")
    make_rpm("extra")
    make_rpm("rival", conflicts=("app",))
    make_rpm("broken", requires=("nowhere",))
    return Pool([make_repo(tmp_path / "packages")])


def test_reasons_say_who_asked(pool: Pool) -> None:
    found = {package.name: package for package in pool.solve(Request(("app",)))}
    assert {name: package.reason for name, package in found.items()} == {
        "app": Reason.REQUESTED,
        "lib": Reason.REQUIRED,
        "extra": Reason.RECOMMENDED,
    }
    assert found["lib"].required_by == ("app",)
    assert found["lib"].version == "2"
    assert found["lib"].checksum.startswith("sha256:")


def test_recommends_can_be_left_out_and_packages_excluded(pool: Pool) -> None:
    assert [package.name for package in pool.solve(Request(("app",), recommends=False))] == ["app", "lib"]
    with pytest.raises(UnsolvableError, match="lib"):
        pool.solve(Request(("app",), exclude=("lib",)))


def test_a_version_can_be_asked_for(pool: Pool) -> None:
    assert [package.version for package in pool.solve(Request(("lib = 1-1",)))] == ["1"]


@pytest.mark.parametrize(
    ("requests", "sentence"),
    [
        (("libb",), "nothing provides 'libb'; did you mean lib"),
        (("broken",), "nothing provides nowhere needed by broken"),
        (("app", "rival"), "rival-1-1.noarch conflicts with app"),
    ],
)
def test_what_cannot_be_solved_is_said_in_words(pool: Pool, requests: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UnsolvableError) as caught:
        pool.solve(Request(requests))
    assert sentence in str(caught.value)


def test_a_second_pool_reads_what_the_first_kept(tmp_path: Path, make_rpm: Make, make_repo: Index) -> None:
    make_rpm("app")
    metadata = make_repo(tmp_path / "packages")
    first = len(Pool([metadata]))
    metadata.primary.unlink()
    assert len(Pool([metadata])) == first == 1


def test_damaged_metadata_is_named(tmp_path: Path, make_rpm: Make, make_repo: Index) -> None:
    make_rpm("app")
    metadata = make_repo(tmp_path / "packages")
    metadata.primary.write_bytes(b"<metadata><package")
    with pytest.raises(StepError, match="rpm_repo test cannot be read"):
        Pool([metadata])
