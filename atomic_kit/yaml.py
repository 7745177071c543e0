"""YAML documents with the place of every key, so that a fault can be shown where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from atomic_kit.errors import InputError


def read_yaml(path: Path) -> Any:
    """Return a YAML or JSON document as plain containers that know their lines.

    Raises InputError for a missing or unreadable file, a syntax error and a repeated key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", hint="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error})", hint="it must be a UTF-8 text file") from error
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = (error.problem or "not YAML").splitlines()[0]
        raise InputError(f"{path}:{line}: {problem}", hint="mend the YAML there") from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: not YAML ({str(error).splitlines()[0]})", hint="mend the YAML") from error


def parse_value(text: str) -> Any:
    """Read one value as YAML would: numbers, booleans and lists have their types, the rest is text."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise InputError(f"{text!r} is not a YAML value", hint="quote it") from error


def line_of(document: Any, keys: Sequence[str | int]) -> int:
    """Return the line (from 1) of the key that `keys` leads to, or of its nearest parent."""
    line = 1
    for key in keys:
        place = getattr(document, "lc", None)
        if place is None:
            break
        try:
            line = (place.key(key) if isinstance(document, dict) else place.item(key))[0] + 1
            document = document[key]
        except (KeyError, IndexError, TypeError):
            break
    return line
