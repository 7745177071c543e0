"""What the explorer is looking at: candidate requests, which one is shown, and what it started from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from atomic_kit.errors import InputError
from atomic_kit.solver import Request

_UNDO_STEPS = 200
# What a state may hold, so that it can be opened again as it was saved.
MOST_CANDIDATES, LONGEST_TEXT = 50, 300


def check_text(text: str) -> str:
    """Return a text that a state can hold; raises InputError for one that is too long or not one line of text."""
    if not text or len(text) > LONGEST_TEXT:
        raise InputError(
            f"{text[:40]!r}… has {len(text)} characters" if text else "there is an empty text",
            hint=f"at most {LONGEST_TEXT}, at least one",
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise InputError(f"{text!r} holds what is no text", hint="leave out control characters")
    return text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request under a name of its own: what is asked for, what may not come, and whether weak dependencies do."""

    name: str
    packages: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    recommends: bool = True

    @property
    def request(self) -> Request:
        """The candidate as the solver takes it."""
        return Request(self.packages, exclude=self.exclude, recommends=self.recommends)


@dataclass(frozen=True, slots=True)
class State:
    """All candidates; `active` is the place of the one that is shown, `start` what changes are counted from."""

    candidates: tuple[Candidate, ...]
    start: Candidate
    active: int = 0

    @property
    def shown(self) -> Candidate:
        """The candidate that is shown."""
        return self.candidates[self.active]

    @property
    def known_requests(self) -> tuple[str, ...]:
        """Everything that the start or a candidate asks for, in that order: what can be ticked again."""
        texts = (text for one in (self.start, *self.candidates) for text in one.packages)
        return tuple(dict.fromkeys(texts))


def started(start: Candidate) -> State:
    """Return the state in which a candidate is looked at for the first time."""
    return State((start,), start)


def _with_shown(state: State, candidate: Candidate) -> State:
    return replace(state, candidates=_put(state.candidates, state.active, candidate))


def _put(candidates: tuple[Candidate, ...], place: int, candidate: Candidate) -> tuple[Candidate, ...]:
    return (*candidates[:place], candidate, *candidates[place + 1 :])


def request(state: State, texts: Iterable[str]) -> State:
    """Ask for more in the shown candidate; what is asked for is excluded no longer."""
    texts = tuple(map(check_text, texts))
    shown = state.shown
    packages = tuple(dict.fromkeys((*shown.packages, *texts)))
    exclude = tuple(text for text in shown.exclude if text not in texts)
    return _with_shown(state, replace(shown, packages=packages, exclude=exclude))


def withdraw(state: State, texts: Iterable[str]) -> State:
    """Ask no longer for something in the shown candidate."""
    texts = tuple(texts)
    return _with_shown(
        state, replace(state.shown, packages=tuple(text for text in state.shown.packages if text not in texts))
    )


def exclude(state: State, texts: Iterable[str]) -> State:
    """Let something not come into the shown candidate; it is not asked for either."""
    texts = tuple(map(check_text, texts))
    shown = withdraw(state, texts).shown
    return _with_shown(state, replace(shown, exclude=tuple(dict.fromkeys((*shown.exclude, *texts)))))


def allow(state: State, texts: Iterable[str]) -> State:
    """Exclude something no longer in the shown candidate."""
    texts = tuple(texts)
    return _with_shown(
        state, replace(state.shown, exclude=tuple(text for text in state.shown.exclude if text not in texts))
    )


def set_recommends(state: State, recommends: bool) -> State:
    """Take weak dependencies into the shown candidate, or leave them out."""
    return _with_shown(state, replace(state.shown, recommends=recommends))


def show(state: State, place: int) -> State:
    """Show another candidate."""
    return replace(state, active=_place(state, place))


def copy(state: State) -> State:
    """Add a copy of the shown candidate beside it, under a new name, and show it."""
    if len(state.candidates) >= MOST_CANDIDATES:
        raise InputError(f"there are {MOST_CANDIDATES} candidates, which is the most", hint="remove one first")
    taken = {one.name for one in state.candidates}
    name = next(name for number in range(2, len(taken) + 3) if (name := f"candidate {number}") not in taken)
    candidates = (*state.candidates, replace(state.shown, name=name))
    return replace(state, candidates=candidates, active=len(candidates) - 1)


def rename(state: State, name: str) -> State:
    """Give the shown candidate another name; raises InputError when it is empty or taken."""
    name = name.strip()
    if not name or any(one.name == name for one in state.candidates if one is not state.shown):
        raise InputError(f"a candidate cannot be named {name!r}", hint="choose a name that no other candidate has")
    return _with_shown(state, replace(state.shown, name=check_text(name)))


def remove(state: State, place: int) -> State:
    """Drop a candidate; raises InputError for the last one."""
    place = _place(state, place)
    if len(state.candidates) == 1:
        raise InputError("the last candidate cannot be removed", hint="add another one first")
    candidates = (*state.candidates[:place], *state.candidates[place + 1 :])
    active = state.active - 1 if place < state.active else min(state.active, len(candidates) - 1)
    return replace(state, candidates=candidates, active=active)


def reset(state: State) -> State:
    """Let the shown candidate ask for what the start asks for."""
    return _with_shown(state, replace(state.start, name=state.shown.name))


def _place(state: State, place: int) -> int:
    if not 0 <= place < len(state.candidates):
        raise InputError(f"there is no candidate {place}", hint=f"there are {len(state.candidates)}")
    return place


@dataclass(frozen=True, slots=True)
class History:
    """A state, those before it and those that were undone, nearest last."""

    now: State
    past: tuple[State, ...] = ()
    undone: tuple[State, ...] = ()

    def to(self, state: State) -> History:
        """Return the history after a change; looking at another candidate is none, and neither is nothing."""
        if replace(state, active=self.now.active) == self.now:
            return replace(self, now=state)
        return History(state, (*self.past, self.now)[-_UNDO_STEPS:])

    def undo(self) -> History:
        """Return the history one change back, if there is one."""
        return History(self.past[-1], self.past[:-1], (*self.undone, self.now)) if self.past else self

    def redo(self) -> History:
        """Return the history with the last undone change made again, if there is one."""
        return History(self.undone[-1], (*self.past, self.now), self.undone[:-1]) if self.undone else self
