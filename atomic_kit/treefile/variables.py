"""Variables of a treefile: conditions over them, and their places in texts.

Source: rpm-ostree 2026.2, IncludeCondition and substitute_vars in rust/src/treefile.rs, and the crate envsubst.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Value = str | int | bool

# Only the digits of one number may stand at an operator without a space between, as in rpm-ostree.
_CONDITION = re.compile(
    r"""\s*+(?P<name>[A-Za-z0-9_]++)\s*+(?P<operator>==|!=|<=|>=|<|>)
        (?:\s*+(?P<word>true|false|[0-9])|\s++(?P<number>[0-9]++)|\s*+"(?P<text>.*)")\s*""",
    re.VERBOSE,
)
_EQUALITIES: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NAMED = re.compile(r"\$\{([^${}]*)\}")


def holds(condition: str, variables: Mapping[str, Value]) -> bool:
    """Evaluate `NAME OPERATOR VALUE`; the value is true, false, a whole number or a "text".

    Raises ValueError for another form, an undefined variable, a value of another type than the variable's, and
    an order between what are no numbers.
    """
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise ValueError(f"{condition[:80]!r} is no condition, expected: NAME OPERATOR VALUE, a text in double quotes")
    name, value = match["name"], _value(match)
    if name not in variables:
        raise ValueError(f"the variable {name[:80]} is not defined, known: {names_of(variables)}")
    known = variables[name]
    if type(known) is not type(value):
        raise ValueError(f"{name} is {_kind(known)} and is compared with {_kind(value)}")
    if compare := _EQUALITIES.get(match["operator"]):
        return compare(known, value)
    if isinstance(value, bool | str):
        raise ValueError(f"{match['operator']} orders numbers only, and {name} is {_kind(known)}")
    return _ORDERS[match["operator"]](known, value)


def fill_in(text: str, variables: Mapping[str, Value]) -> str:
    """Put the values of variables into the places `${NAME}` of a text; what is not defined stays."""
    return _NAMED.sub(lambda match: as_text(variables[match[1]]) if match[1] in variables else match[0], text)


def missing(text: str) -> list[str]:
    """Return the names whose places in a text were not filled in."""
    return _NAMED.findall(text)


def names_of(variables: Mapping[str, Value]) -> str:
    """Return the names of variables as far as a sentence has room for them."""
    return ", ".join(name if name.isprintable() else repr(name) for name in sorted(variables))[:200]


def as_text(value: Value) -> str:
    """Return how a variable's value reads inside a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(match: re.Match[str]) -> Value:
    if match["text"] is not None:
        return match["text"]
    word = match["word"] or match["number"]
    if word in ("true", "false"):
        return word == "true"
    if len(word) > 20 or int(word) >= 1 << 64:
        raise ValueError("the number does not fit into 64 bits")
    return int(word)


def _kind(value: Value) -> str:
    return "a boolean" if isinstance(value, bool) else "a number" if isinstance(value, int) else "a text"
