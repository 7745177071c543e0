"""Package sets, locks and diffs."""

from __future__ import annotations

import pytest

from atomic_kit.packages.diff import InstalledPackage, changes_frame, diff_packages, rpm_ostree_diff


def package(name: str, evr: str, *, size: int = 10, log: tuple[tuple[str, str], ...] = ()) -> InstalledPackage:
    return InstalledPackage(name, evr, "x86_64", size, f"{name}.src.rpm", log)


OLD = [
    package("same", "1-1"),
    package("gone", "1-1"),
    package("up", "1.9-1", log=(("1.9-1", "first"),)),
    package("down", "1:1-1"),
]
NEW = [
    package("same", "1-1"),
    package("new", "1-1", size=5),
    package("up", "1.10-1", size=12, log=(("1.10-1", "fix"), ("1.9-1", "first"))),
    package("down", "2-1"),
]


def test_kinds_order_sizes_and_news() -> None:
    changes = diff_packages(OLD, NEW)
    assert [(change.name, change.change.value, change.size_change) for change in changes] == [
        ("new", "added", 5),
        ("gone", "removed", -10),
        ("up", "upgraded", 2),
        ("down", "downgraded", 0),
    ]
    assert changes[2].changelog == "1.10-1\nfix"


def test_the_diff_has_rpm_ostrees_shape() -> None:
    document = rpm_ostree_diff(diff_packages(OLD, NEW), old_commit="a", new_commit="b")
    assert document["pkgdiff"][0] == ["new", 0, {"NewPackage": ["new", "1-1", "x86_64"]}]
    assert document["pkgdiff"][2] == [
        "up",
        2,
        {"PreviousPackage": ["up", "1.9-1", "x86_64"], "NewPackage": ["up", "1.10-1", "x86_64"]},
    ]


@pytest.mark.parametrize("changes", [[], diff_packages(OLD, NEW)], ids=["none", "some"])
def test_the_table_has_the_same_types_with_and_without_rows(changes: list) -> None:  # type: ignore[type-arg]
    frame = changes_frame(changes)
    assert str(frame.dtypes["size_change"]) == "Int64"
    assert str(frame.dtypes["name"]) == "str"
