"""Debian's relations in RPM's words, and the traps between them."""

from __future__ import annotations

import pytest

from atomic_kit.nevra import compare_evr
from atomic_kit.sources.demo.metadata import paragraphs
from atomic_kit.sources.demo.relations import relations, rpm_version


@pytest.mark.parametrize(
    ("version", "parts"),
    [
        ("2.36-9+deb12u1", (0, "2.36", "9+deb12u1")),
        ("1:1.2-3-4", (1, "1.2^3", "4")),
        ("12.4", (0, "12.4", "0")),
        ("1.0~rc1-1", (0, "1.0~rc1", "1")),
    ],
)
def test_versions(version: str, parts: tuple[int, str, str]) -> None:
    assert rpm_version(version) == parts


@pytest.mark.parametrize(("older", "newer"), [("1.0~rc1-1", "1.0-1"), ("1-1", "1-1+b1"), ("9-1", "1:1-1")])
def test_the_order_of_versions_is_kept(older: str, newer: str) -> None:
    def evr(text: str) -> str:
        epoch, version, release = rpm_version(text)
        return f"{epoch}:{version}-{release}"

    assert compare_evr(evr(older), evr(newer)) == -1


def of(**fields: str) -> dict[str, str]:
    return {"Package": "p", "Version": "1-1"} | {name.replace("_", "-"): text for name, text in fields.items()}


@pytest.mark.parametrize(
    ("field", "relation"),
    [
        ("libc6 (>= 2.36)", "libc6 >= 2.36"),
        ("libc6 (>> 2.36)", "libc6 >= 2.36"),
        ("libc6 (>> 2.36-1)", "libc6 > 2.36-1"),
        ("libc6 (<= 2.36)", "libc6 < 2.36"),
        ("libc6 (<< 2.36~)", "libc6 < 2.36~"),
        ("python3:any", "python3"),
        ("a | b (>= 2)", "(a or b >= 2)"),
    ],
)
def test_a_dependency(field: str, relation: str) -> None:
    assert [str(one) for one in relations(of(Depends=field), virtual=set()).requires] == [relation]


def test_a_versioned_conflict_with_a_virtual_name_is_left_out() -> None:
    its = relations(of(Conflicts="mta, awk (<< 2)", Breaks="libc (<< 2)", Provides="mta"), virtual={"awk"})
    assert [str(one) for one in its.conflicts] == ["libc < 2"]


def test_a_package_provides_its_own_version() -> None:
    assert str(relations(of(), virtual=set()).provides[0]) == "p = 1-1"


def test_continued_lines_are_joined() -> None:
    text = "Package: a\nDepends: b,\n c\n\nPackage: d\n"
    assert list(paragraphs(text)) == [{"Package": "a", "Depends": "b, c"}, {"Package": "d"}]
