"""What the page may ask for, by name, as changes of a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atomic_kit.errors import InputError
from atomic_kit.explorer import state as states
from atomic_kit.explorer.state import State
from atomic_kit.explorer.study import Study

Message = Mapping[str, Any]
Action = Callable[[State, Message], State]


def _texts(message: Message) -> tuple[str, ...]:
    texts = message.get("texts")
    if not isinstance(texts, list) or not all(isinstance(one, str) and one.strip() for one in texts):
        raise InputError("a package, capability or path is needed", hint="type its name")
    return tuple(one.strip() for one in texts)


def whole(message: Message, key: str) -> int:
    """Return a number that the page sent; raises InputError for anything else."""
    value = message.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{key} must be a number, not {value!r}")
    return value


# Source of the names: the files of static.
ACTIONS: Mapping[str, Action] = {
    "request": lambda state, message: states.request(state, _texts(message)),
    "withdraw": lambda state, message: states.withdraw(state, _texts(message)),
    "exclude": lambda state, message: states.exclude(state, _texts(message)),
    "allow": lambda state, message: states.allow(state, _texts(message)),
    "recommends": lambda state, message: states.set_recommends(state, bool(message.get("value"))),
    "show": lambda state, message: states.show(state, whole(message, "place")),
    "copy": lambda state, message: states.copy(state),
    "rename": lambda state, message: states.rename(state, str(message.get("name", ""))),
    "remove": lambda state, message: states.remove(state, whole(message, "place")),
    "reset": lambda state, message: states.reset(state),
}


def cure(state: State, words: str) -> State:
    """Return a state after a cure that the solver named: `not asking for X`, `not excluding X`."""
    for start, change in (("not asking for ", states.withdraw), ("not excluding ", states.allow)):
        if words.startswith(start):
            return change(state, _known(state, words.removeprefix(start)))
    raise InputError(f"{words!r} cannot be done at a click", hint="change the requests by hand")


def _known(state: State, words: str) -> tuple[str, ...]:
    """Return the texts that stand in a cure; a text may hold ` and ` itself."""
    texts = (*state.shown.packages, *state.shown.exclude)
    return (words,) if words in texts else tuple(words.split(" and "))


def tick(study: Study, state: State, row: int) -> State:
    """Return a state after the box of a table's row was ticked or unticked.

    A package that only texts of its own ask for is asked for no longer; one that others bring, or that a group or a
    pattern asks for, is excluded; one that is excluded may come again; any other is asked for.
    """
    number = _number(study, row)
    request = state.shown.request
    answer = study.answer(request)
    if answer is not None and number in answer.chosen:
        asked = [text for text, ids in answer.requested.items() if number in ids]
        if asked and all(study.means_alone(request, text, number) for text in asked):
            return states.withdraw(state, asked)
        return bar(study, state, row)
    if barred := study.exclusions_of(request, number):
        return states.allow(state, barred)
    text = study.text_for(number)
    return states.withdraw(state, [text]) if text in state.shown.packages else states.request(state, [text])


def bar(study: Study, state: State, row: int) -> State:
    """Return a state in which a row's package is excluded, and is not asked for by a text of its own."""
    number = _number(study, row)
    request = state.shown.request
    answer = study.answer(request)
    asked = [text for text, ids in answer.requested.items() if number in ids] if answer else [study.text_for(number)]
    alone = [text for text in asked if answer is None or study.means_alone(request, text, number)]
    return states.exclude(states.withdraw(state, alone), [study.exclusion_for(number)])


def _number(study: Study, row: int) -> int:
    if not 0 <= row < len(study.catalogue.ids):
        raise InputError(f"there is no row {row}", hint="reload the page")
    return study.catalogue.ids[row]
