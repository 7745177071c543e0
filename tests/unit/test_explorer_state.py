"""States of the explorer: what each act changes, undo and redo, documents and links."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atomic_kit.errors import InputError
from atomic_kit.explorer import state as states
from atomic_kit.explorer.actions import cure
from atomic_kit.explorer.document import from_document, from_text, to_document, to_text
from atomic_kit.explorer.state import Candidate, History, State, started

START = started(Candidate("treefile", ("bash", "podman"), exclude=("nano",)))


@pytest.mark.parametrize(
    ("act", "packages", "exclude"),
    [
        (lambda state: states.request(state, ["git"]), ("bash", "podman", "git"), ("nano",)),
        (lambda state: states.request(state, ["bash"]), ("bash", "podman"), ("nano",)),
        (lambda state: states.request(state, ["nano"]), ("bash", "podman", "nano"), ()),
        (lambda state: states.withdraw(state, ["bash"]), ("podman",), ("nano",)),
        (lambda state: states.exclude(state, ["podman"]), ("bash",), ("nano", "podman")),
        (lambda state: states.exclude(state, ["nano"]), ("bash", "podman"), ("nano",)),
        (lambda state: states.allow(state, ["nano"]), ("bash", "podman"), ()),
        (lambda state: cure(state, "not asking for bash and podman"), (), ("nano",)),
        (lambda state: cure(state, "not excluding nano"), ("bash", "podman"), ()),
        (lambda state: states.reset(states.request(state, ["git"])), ("bash", "podman"), ("nano",)),
    ],
)
def test_an_act_changes_the_shown_candidate(
    act: Callable[[State], State], packages: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    shown = act(START).shown
    assert (shown.packages, shown.exclude) == (packages, exclude)


def test_a_cure_may_name_a_request_that_has_and_in_it() -> None:
    state = started(Candidate("one", ("(bash and podman)", "git")))
    assert cure(state, "not asking for (bash and podman)").shown.packages == ("git",)


def test_other_candidates_stay_as_they_are() -> None:
    state = states.withdraw(states.copy(START), ["bash"])
    assert [one.packages for one in state.candidates] == [("bash", "podman"), ("podman",)]
    assert state.known_requests == ("bash", "podman")
    assert states.show(state, 0).shown == START.shown


def test_candidates_have_different_names() -> None:
    state = states.copy(states.copy(START))
    assert [one.name for one in state.candidates] == ["treefile", "candidate 2", "candidate 3"]
    assert states.rename(state, " small ").shown.name == "small"
    for name in ("treefile", "", "  "):
        with pytest.raises(InputError):
            states.rename(state, name)


@pytest.mark.parametrize(("active", "removed", "shown"), [(2, 0, 1), (2, 2, 1), (0, 2, 0), (1, 1, 1)])
def test_a_removed_candidate_leaves_another_one_shown(active: int, removed: int, shown: int) -> None:
    state = replace(states.copy(states.copy(START)), active=active)
    assert states.remove(state, removed).active == shown


@pytest.mark.parametrize("text", ["ü" * 301, "\ud800", "a\0b", "two\nlines"])
def test_what_could_not_be_opened_again_is_refused(text: str) -> None:
    for act in (states.request, states.exclude):
        with pytest.raises(InputError):
            act(START, [text])
    with pytest.raises(InputError):
        states.rename(START, text)
    with pytest.raises(InputError):
        from_document(to_document(START) | {"start": {"name": "x", "packages": [text]}})


def test_there_are_as_many_candidates_as_a_file_may_have() -> None:
    state = START
    for _ in range(49):
        state = states.copy(state)
    assert from_text(to_text(state)) == state
    with pytest.raises(InputError, match="the most"):
        states.copy(state)


def test_the_last_candidate_stays() -> None:
    with pytest.raises(InputError, match="last candidate"):
        states.remove(START, 0)
    with pytest.raises(InputError, match="no candidate 3"):
        states.show(START, 3)


def test_changes_are_undone_and_done_again() -> None:
    one = states.request(START, ["git"])
    two = states.set_recommends(one, False)
    history = History(START).to(one).to(two)
    assert history.undo().now == one
    assert history.undo().undo().undo().now == START
    assert history.undo().undo().redo().redo().redo() == history
    assert history.undo().to(states.request(one, ["vim"])).redo().now.shown.packages[-1] == "vim"


def test_looking_at_another_candidate_is_no_change() -> None:
    state = states.copy(START)
    history = History(START).to(state).to(states.show(state, 0)).to(state)
    assert len(history.past) == 1


LINES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
TEXTS = st.lists(LINES, max_size=5).map(tuple)
CANDIDATES = st.builds(Candidate, LINES, TEXTS, TEXTS, st.booleans())


@given(st.lists(CANDIDATES, min_size=1, max_size=4, unique_by=lambda one: one.name), CANDIDATES)
def test_a_link_and_a_file_bring_the_same_state_back(candidates: list[Candidate], start: Candidate) -> None:
    state = State(tuple(candidates), start, len(candidates) - 1)
    assert from_text(to_text(state)) == state
    assert from_document(json.loads(json.dumps(to_document(state)))) == state


def test_a_link_is_short() -> None:
    packages = tuple(f"package-number-{number}" for number in range(60))
    text = to_text(started(Candidate("treefile", packages)))
    assert len(text) < 500
    assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"candidates": []}, "candidates"),
        ({"active": 4}, "candidate 4"),
        ({"active": "0"}, "active"),
        ({"more": 1}, "more"),
        ({"start": {"name": "x", "packages": [1]}}, "start.packages.0"),
        ({"candidates": [{"name": "x", "packages": []}] * 2}, "one name"),
    ],
)
def test_a_bad_document_is_refused_by_its_fault(change: dict[str, object], place: str) -> None:
    with pytest.raises(InputError, match=place):
        from_document(to_document(START) | change)


@pytest.mark.parametrize("text", ["", "%%%", "abc", "x" * 500, to_text(START)[:-6], "eNpLSgIAAkwBJQ"])
def test_a_damaged_link_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="state"):
        from_text(text)
