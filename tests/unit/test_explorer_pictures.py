"""What the explorer's pictures show, as plain data."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atomic_kit.explorer import state as states
from atomic_kit.explorer.actions import bar, tick
from atomic_kit.explorer.catalogue import pack
from atomic_kit.explorer.details import describe
from atomic_kit.explorer.picture import ChangesBy, GroupBy, View, changes, comparison, draw
from atomic_kit.explorer.state import Candidate, History, started
from atomic_kit.explorer.study import SHARED, Study
from atomic_kit.explorer.treemap import Box, Item, squarified, treemap
from atomic_kit.explorer.waterfall import Step, waterfall
from atomic_kit.packages.lock import Lock, LockedPackage
from atomic_kit.parameters import Budget, PolicyParameters
from atomic_kit.policy import rules
from atomic_kit.solver import Pool, Request
from atomic_kit.solver.columns import Columns, read_columns
from atomic_kit.sources import RpmRepoMetadata

POLICY = PolicyParameters(forbidden=("telnet",), required=("kernel",), budget=Budget(installed=1, packages=3))


@pytest.fixture
def study(make_rpm: Callable[..., Path], make_repo: Callable[[Path], RpmRepoMetadata], tmp_path: Path) -> Study:
    """Two requests that share a library, one of them with a library of its own, and more to ask for."""
    make_rpm("app", requires=("libown", "libshared"), content=b"a" * 50_000)
    make_rpm("tool", requires=("libshared",), recommends=("extra",), content=b"t" * 30_000)
    make_rpm("libown", content=b"o" * 20_000)
    make_rpm("libshared", content=b"s" * 10_000)
    make_rpm("extra", content=b"e" * 5_000)
    make_rpm("telnet", content=b"n" * 1_000)
    make_rpm("telnet", "2", content=b"n" * 2_000)
    make_rpm("foe", conflicts=("app",))
    return Study(Pool([make_repo(tmp_path / "packages")]), policy=POLICY)


def names(study: Study, rows: Any) -> list[str]:
    return [study.pool.package(study.catalogue.ids[row]).name for row in rows]


def row(study: Study, name: str) -> int:
    return next(place for place, number in enumerate(study.catalogue.ids) if study.pool.package(number).name == name)


def started_with(*packages: str) -> History:
    return History(started(Candidate("treefile", packages)))


def test_the_columns_tell_every_package_the_newest_first(study: Study) -> None:
    columns = read_columns(study.pool)
    expected = ("app", "extra", "foe", "libown", "libshared", "telnet", "telnet", "tool")
    assert columns.name == expected
    assert columns.evr[5:7] == ("2-1", "1-1")
    assert columns.install_size[0] == 50_000
    assert set(columns.license) == {"MIT"}


def test_columns_are_packed_as_values_and_places() -> None:
    columns = Columns(
        name=("a", "b", "c"),
        evr=("1", "1", "2"),
        ids=(7, 8, 9),
        arch=("x86_64",) * 3,
        install_size=(1, 2, 2**40),
        download_size=(1, 2, 3),
        license=("MIT", "", "Apache"),
        source=("",) * 3,
        rpm_repo=("r",) * 3,
        summary=("two\nlines", "é", ""),
    )
    head, _, body = zlib.decompress(pack(columns)).partition(b"\n")
    described = json.loads(head)
    assert described["rows"] == 3
    unpacked: dict[str, list[Any]] = {}
    for column in described["columns"]:
        if column["kind"] == "number":
            unpacked[column["name"]] = list(array("d", body[: column["bytes"]]))
            body = body[column["bytes"] :]
        else:
            values = body[: column["values"]].decode().split("\n")
            body = body[column["values"] :]
            unpacked[column["name"]] = [values[place] for place in array("I", body[: column["codes"]])]
            body = body[column["codes"] :]
    assert body == b""
    assert unpacked["license"] == ["MIT", "", "Apache"]
    assert unpacked["install_size"] == [1, 2, 2**40]
    assert unpacked["summary"] == ["two lines", "é", ""]


def test_a_picture_tells_what_is_in_and_why(study: Study) -> None:
    picture = draw(study, started_with("app", "tool"), View())
    reasons = dict(zip(names(study, array("I", picture.rows)), picture.reasons, strict=True))
    assert reasons == {"app": 0, "tool": 0, "libown": 1, "libshared": 1, "extra": 2}
    totals = picture.data["totals"]
    assert (totals["packages"], totals["install_size"]) == (5, 115_000)
    assert (totals["budget"], totals["budget_packages"]) == (2**20, 3)
    assert {one["subject"] for one in picture.data["findings"]} == {"kernel", "number of packages"}
    json.dumps(picture.data)


def test_what_the_policy_forbids_is_marked_on_its_row(study: Study) -> None:
    marks = draw(study, started_with("telnet"), View()).data["marks"]
    (place,) = [place for place in marks if any(one["rule"] == "package-forbidden" for one in marks[place])]
    assert names(study, [place]) == ["telnet"]


def test_requests_that_cannot_be_solved_together_have_no_picture_and_cures(study: Study) -> None:
    history = started_with("app", "foe")
    picture = draw(study, history, View())
    assert not picture.data["solved"]
    assert [one["size"] for one in picture.data["candidates"]] == [None]
    error = study.explain(history.now.shown.request)
    assert set(error.cures) == {"not asking for app", "not asking for foe"}


def test_a_name_that_nothing_provides_has_a_cure(study: Study) -> None:
    error = study.explain(Request(("app", "nosuch")))
    assert error.cures == ("not asking for nosuch",)
    assert "nothing provides 'nosuch'" in error.problems[0]


def test_a_cure_that_is_not_enough_is_not_offered(study: Study) -> None:
    error = study.explain(Request(("app", "foe", "nosuch")))
    assert (error.cause, error.cures) == (("nosuch",), ())
    assert "not enough" in error.hint


def test_what_two_texts_ask_for_is_shared(study: Study) -> None:
    groups = study.by_request(Request(("app", "app-1", "tool", "libshared"), recommends=False))
    told = {study.pool.package(number).name: text for number, text in groups.items()}
    assert told == {"app": SHARED, "libown": SHARED, "tool": "tool", "libshared": SHARED}


def test_the_lines_lock_and_rpm_repos_hold_for_every_request(study: Study) -> None:
    lock = Lock({"telnet": LockedPackage("telnet", "1-1")}, strict=False)
    line = Request(("app",), from_rpm_repo=(("test", ("telnet",)), ("other", ("tool",))), lock=lock)
    framed = Study(study.pool, frame=line)
    answer = framed.answer(Request(("telnet",)))
    assert answer is not None
    assert {framed.pool.package(number).version for number in answer.chosen} == {"1"}
    assert framed.framed(Request(("telnet", "app"))) == replace(line, from_rpm_repo=(("test", ("telnet",)),))
    assert framed.answer(Request(("tool",))) is None, "the rpm_repo that it must come from has none"
    assert framed.explain(Request(("app", "tool"))).cures == ("not asking for tool",)


def test_packages_without_a_known_license_are_told_once(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    unread = rules.Finding("license-unread", "app", rules.Severity.WARNING, "license: none", "read it")
    monkeypatch.setattr(rules, "find", lambda *_: [unread, replace(unread, subject="libown")])
    drawn = draw(study, started_with("app"), View()).data
    (group,) = drawn["groups"]
    assert (group["severity"], group["count"], group["subjects"]) == ("note", 2, ["app", "libown"])
    assert not drawn["marks"]


def test_packages_hang_on_the_one_request_that_brings_them(study: Study) -> None:
    groups = study.by_request(Request(("app", "tool")))
    told = {study.pool.package(number).name: text for number, text in groups.items()}
    assert told == {"app": "app", "libown": "app", "tool": "tool", "extra": "tool", "libshared": SHARED}


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (GroupBy.PACKAGE, {""}),
        (GroupBy.REQUEST, {"app", "tool", SHARED}),
        (GroupBy.RPM_REPO, {"test"}),
        (GroupBy.SOURCE, {"app", "tool", "libown", "libshared", "extra"}),
    ],
)
def test_a_treemap_is_grouped(study: Study, by: GroupBy, groups: set[str]) -> None:
    cells = draw(study, started_with("app", "tool"), View(group_by=by)).data["treemap"]
    assert {cell["group"] for cell in cells} == groups
    assert sum(cell["size"] for cell in cells if cell["row"] is not None) == 115_000


def test_a_waterfall_leads_from_the_start_to_now(study: Study) -> None:
    state = states.withdraw(states.request(started(Candidate("treefile", ("app",))), ["tool"]), ["app"])
    shown = changes(study, state, ChangesBy.PACKAGE)
    assert shown is not None
    assert shown["start"] + sum(step["change"] for step in shown["steps"]) == shown["end"]
    steps = {step["label"]: step["change"] for step in shown["steps"]}
    assert steps == {"app": -50_000, "tool": 30_000, "libown": -20_000, "extra": 5_000}
    by_request = changes(study, state, ChangesBy.REQUEST)
    assert by_request is not None
    assert [(step["label"], step["change"], step["count"]) for step in by_request["steps"]] == [
        ("app", -70_000, 2),
        ("tool", 35_000, 2),
    ]


def test_a_long_waterfall_sums_up_what_is_small() -> None:
    sizes = {f"p{number}": (number * (-1) ** number, 1) for number in range(1, 9)}
    assert waterfall(sizes, at_most=3) == [
        *(Step("p8", 8), Step("p7", -7), Step("p6", 6)),
        *(Step("2 more added", 6, 2), Step("3 more removed", -9, 3)),
    ]


def test_candidates_are_compared_by_what_differs(study: Study) -> None:
    one = Candidate("one", ("app",))
    other = Candidate("other", ("app", "tool"), recommends=False)
    impossible = Candidate("impossible", ("app", "foe"))
    compared = comparison(study, (one, other, impossible))
    assert compared is not None
    assert names(study, [entry["row"] for entry in compared["rows"]]) == ["tool"]
    assert compared["rows"][0]["in"] == [False, True, None]
    assert comparison(study, (one,)) is None


def test_details_tell_why_a_package_is_in_and_what_hangs_on_it(study: Study) -> None:
    request = Request(("app", "tool"))
    details = describe(study, request, row(study, "libown"))
    assert details["hangs_on"] == "app"
    assert details["retained"] == 20_000
    assert names(study, details["leaving"]["rows"]) == ["app"]
    nodes = {node["label"]: (node["kind"], node["layer"]) for node in details["paths"]["nodes"]}
    assert nodes == {"app": ("request", 0), "libown": ("target", 1)}
    assert [(edge["kind"], edge["text"]) for edge in details["paths"]["edges"]] == [("requires", "libown")]
    json.dumps(details)


def test_details_tell_what_a_package_would_bring(study: Study) -> None:
    brings = describe(study, Request(("tool",), recommends=False), row(study, "app"))["brings"]
    assert names(study, brings["comes"]["rows"]) == ["app", "libown"]
    assert brings["change"] == 70_000
    assert describe(study, Request(("app",)), row(study, "foe"))["brings"] is None


@pytest.mark.parametrize(
    ("name", "packages", "exclude"),
    [
        ("tool", ("app",), ("extra",)),  # asked for: no longer
        ("libshared", ("app", "tool"), ("extra", "libshared")),  # brought by others: excluded
        ("extra", ("app", "tool"), ()),  # excluded: no longer
        ("telnet", ("app", "tool", "telnet"), ("extra",)),  # not there: asked for
    ],
)
def test_a_tick_does_what_it_looks_like(
    study: Study, name: str, packages: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    state = started(Candidate("one", ("app", "tool"), exclude=("extra",)))
    shown = tick(study, state, row(study, name)).shown
    assert (shown.packages, shown.exclude) == (packages, exclude)


def test_a_box_changes_nothing_but_its_own_package(study: Study) -> None:
    state = started(Candidate("one", ("lib*", "tool"), recommends=False))
    shown = tick(study, state, row(study, "libown")).shown
    assert (shown.packages, shown.exclude) == (("lib*", "tool"), ("libown",))
    barred = bar(study, state, row(study, "tool")).shown
    assert (barred.packages, barred.exclude) == (("lib*",), ("tool",))


def test_of_two_word_sizes_one_is_excluded(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    state = started(Candidate("one", ("app", "tool"), recommends=False))
    monkeypatch.setattr(study.pool, "twins", lambda number: frozenset({number + 1}))
    place = row(study, "libshared")
    shown = tick(study, state, place).shown
    assert shown.exclude == ("libshared.noarch",)
    assert tick(study, replace(state, candidates=(shown,)), place).shown.exclude == ()


def test_an_older_version_is_asked_for_by_its_full_name(study: Study) -> None:
    newest = row(study, "telnet")
    texts = [study.text_for(study.catalogue.ids[place]) for place in (newest, newest + 1)]
    assert texts == ["telnet", "telnet-1-1.noarch"]
    answer = study.answer(Request((texts[1],)))
    assert answer is not None
    assert {study.pool.package(number).version for number in answer.chosen} == {"1"}


def test_sizes_of_requests_are_alone_and_additional(study: Study) -> None:
    sizes = {size.text: (size.alone, size.additional) for size in study.request_sizes(Request(("app", "tool")))}
    assert sizes == {"app": (80_000, 70_000), "tool": (45_000, 35_000)}


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=80), st.floats(50, 2000), st.floats(50, 2000))
def test_rectangles_fill_their_box_without_overlap(sizes: list[int], width: float, height: float) -> None:
    ordered = sorted(sizes, reverse=True)
    boxes = squarified(ordered, Box(0, 0, width, height))
    area = width * height
    for size, box in zip(ordered, boxes, strict=True):
        assert box.width * box.height == pytest.approx(area * size / sum(sizes), rel=1e-6, abs=1e-6)
        assert box.x >= -1e-6
        assert box.y >= -1e-6
        assert box.x + box.width <= width * (1 + 1e-9) + 1e-6
        assert box.y + box.height <= height * (1 + 1e-9) + 1e-6


def test_a_treemap_of_many_packages_draws_the_smallest_as_one() -> None:
    items = [Item(number, 1000 - number % 7, "all") for number in range(3000)] + [Item(9999, 0, "all")]
    cells = treemap(items, Box(0, 0, 800, 400), grouped=True)
    assert len(cells) < 500
    assert sum(cell.count for cell in cells[1:]) == 3000
    assert treemap([], Box(0, 0, 1, 1), grouped=True) == []
