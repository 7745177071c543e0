"""Names of packages, and versions in RPM's order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atomic_kit.errors import InputError
from atomic_kit.nevra import Nevra, compare_evr

PART = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9+~^_]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "nevra", "evr"),
    [
        ("bash-5.2.15-2.x86_64", Nevra("bash", 0, "5.2.15", "2", "x86_64"), "5.2.15-2"),
        ("vim-tiny-2:9.0.1378-2.x86_64", Nevra("vim-tiny", 2, "9.0.1378", "2", "x86_64"), "2:9.0.1378-2"),
        ("libstdc++6-12.2.0-14.el9.noarch", Nevra("libstdc++6", 0, "12.2.0", "14.el9", "noarch"), "12.2.0-14.el9"),
        ("gtk-3.0-common-0:1-1.noarch", Nevra("gtk-3.0-common", 0, "1", "1", "noarch"), "1-1"),
    ],
)
def test_full_names_are_read(text: str, nevra: Nevra, evr: str) -> None:
    assert Nevra.parse(text) == nevra
    assert nevra.evr == evr


@given(name=PART, epoch=st.integers(0, 99), version=PART, release=PART, arch=st.sampled_from(["x86_64", "noarch"]))
def test_what_is_written_is_read_back(name: str, epoch: int, version: str, release: str, arch: str) -> None:
    nevra = Nevra(name, epoch, version, release, arch)
    assert Nevra.parse(str(nevra)) == nevra


@pytest.mark.parametrize("text", ["", "bash", "bash-5.2", "bash-5.2-1", "-5-1.noarch", "bash-x:5-1.noarch"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match="not a package's full name"):
        Nevra.parse(text)


# The order of rpm's own test suite (rpmvercmp.at), and of epochs.
@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ("1.0-1", "1.0-1", 0),
        ("1.0-1", "2.0-1", -1),
        ("10-1", "9-1", 1),
        ("1.0~rc1-1", "1.0-1", -1),
        ("1.0^git1-1", "1.0-1", 1),
        ("1.0^git1-1", "1.0.1-1", -1),
        ("1:1.0-1", "2.0-1", 1),
        ("2.0-1", "0:2.0-1", 0),
        ("1.0a-1", "1.0-1", 1),
        ("2.36-9", "2.36-9.1", -1),
        ("1.001-1", "1.1-1", 0),
    ],
)
def test_versions_have_rpms_order(left: str, right: str, order: int) -> None:
    assert compare_evr(left, right) == order
    assert compare_evr(right, left) == -order
