"""YAML documents with the place of every key, so that a fault can be shown where it stands.

Plain scalars have the types that rpm-ostree's reader gives them (YAML 1.2's core schema, where `yes`, `010` and
dates are text). libyaml reads, because the same files are read again at each edit in a notebook.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from atomic_kit.errors import InputError

OnRepeat = Callable[[str, int, int], None]

# What no file written by hand comes near; aliases within aliases get there with ten lines.
_MAX_BYTES = 4 * 1024**2
_MAX_NODES = 100_000
_MAX_DEPTH = 64

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BASED = re.compile(r"[-+]?0(x[0-9a-fA-F]+|o[0-7]+|b[01]+)")
_BROKEN = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_NAMED = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq")}


class YamlMap(dict[Any, Any]):
    """A mapping that knows the line (from 1) of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}


class YamlList(list[Any]):
    """A list that knows the line (from 1) of each of its entries."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def read_yaml(path: Path, *, on_repeat: OnRepeat | None = None) -> Any:
    """Return a YAML or JSON document as plain containers that know their lines.

    A repeated key is refused; with `on_repeat` the last one counts, and it is called with the key and the
    lines of both. Raises InputError for a missing or unreadable file, a syntax error, and for a document that
    is nested or grows by its aliases beyond any use.
    """
    text = _text(path)
    try:
        return _Reader(text, on_repeat).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = (error.problem or "not YAML").splitlines()[0]
        raise InputError(f"{path}:{line}: {problem[:200]}", hint="mend the YAML there") from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise InputError(f"{path}:{line}: {error.reason}", hint="take the character out") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: not YAML ({str(error)[:200]!r})", hint="mend the YAML") from error


def parse_value(text: str) -> Any:
    """Read one value as YAML would: numbers, booleans and lists have their types, the rest is text."""
    try:
        return _Reader(text, None).document()
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{text!r} is not a YAML value", hint="quote it") from error


def line_of(document: Any, keys: Sequence[str | int]) -> int:
    """Return the line (from 1) of the key that `keys` leads to, or of its nearest parent."""
    line = 1
    for key in keys:
        lines: Any = getattr(document, "lines", None)
        try:
            line = lines[key]
            document = document[key]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _text(path: Path) -> str:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"{path} is not a file", hint="check the path")
        if about.st_size > _MAX_BYTES:
            raise InputError(f"{path} has {about.st_size} bytes", hint="a file of over 4 MiB is not read as YAML")
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} does not exist", hint="check the path") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"{error}"
        raise InputError(f"{str(path)[:200]} cannot be read ({why})", hint="it must be a UTF-8 text file") from error


class _Reader:
    """One pass over libyaml's events; each value comes with the number of nodes that its aliases stand for."""

    def __init__(self, text: str, on_repeat: OnRepeat | None) -> None:
        self._events = yaml.parse(text, Loader=yaml.CBaseLoader)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._on_repeat = on_repeat

    def document(self) -> Any:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value, _ = self._value(next(self._events), 0)
        next(self._events)
        rest = next(self._events)
        if not isinstance(rest, yaml.StreamEndEvent):
            raise _fault("a second document begins here", rest)
        return value

    def _value(self, event: Any, depth: int) -> tuple[Any, int]:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _fault(f"*{event.anchor} names nothing that stands whole before it", event)
            return self._anchors[event.anchor]
        if event.tag is not None and event.tag not in ("!", *_TAGS):
            raise _fault(f"the tag {event.tag[:80]} is not known", event)
        if depth > _MAX_DEPTH:
            raise _fault(f"nested more than {_MAX_DEPTH} deep", event)
        if isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:
                raise _fault("a text cannot hold the character NUL", event)
            found: tuple[Any, int] = _scalar(event), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            found = self._list(depth)
        else:
            found = self._map(depth)
        if found[1] > _MAX_NODES:
            raise _fault(f"more than {_MAX_NODES} values, counting what aliases repeat", event)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _list(self, depth: int) -> tuple[YamlList, int]:
        values, count = YamlList(), 1
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, nodes = self._value(event, depth + 1)
            values.append(value)
            values.lines.append(event.start_mark.line + 1)
            count += nodes
        return values, count

    def _map(self, depth: int) -> tuple[YamlMap, int]:
        values, count = YamlMap(), 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, _ = self._value(event, depth + 1)
            if isinstance(key, YamlMap | YamlList):
                raise _fault("a key must be one word", event)
            line = event.start_mark.line + 1
            if key in values:
                self._repeated(key, values.lines[key], event)
            value, nodes = self._value(next(self._events), depth + 1)
            values[key] = value
            values.lines[key] = line
            count += nodes + 1
        return values, count

    def _repeated(self, key: Any, first: int, event: Any) -> None:
        if self._on_repeat is None:
            raise _fault(f"duplicate key {str(key)[:80]!r}, which is in line {first} already", event)
        self._on_repeat(str(key), first, event.start_mark.line + 1)


def _fault(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _scalar(event: Any) -> Any:
    text: str = event.value
    kind = (event.tag or "").rpartition(":")[2]
    if kind in ("str", "!") or (not kind and event.style):
        return text
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if _WHOLE.fullmatch(text) or _BASED.fullmatch(text):
        # What does not fit into 64 bits is no whole number to rpm-ostree either, and costs time without bound.
        number = int(text, 0) if len(text) < 80 else 1 << 80
        return number if -(1 << 63) <= number < 1 << 64 else float("inf" if len(text) >= 80 else number)
    if _BROKEN.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1)) if _NAMED.fullmatch(text) else text
