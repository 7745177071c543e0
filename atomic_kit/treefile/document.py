"""One treefile as written: keys under their one name, values checked, every fault with its place."""

from __future__ import annotations

import difflib
import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from atomic_kit.errors import InputError
from atomic_kit.treefile import kinds
from atomic_kit.treefile.keys import ARCH_PACKAGES, KEYS, OF_A_HOST, OLD_SPELLINGS, Fate
from atomic_kit.words import first_of
from atomic_kit.yaml import YamlMap, line_of, read_yaml

_ARCH_KIND: TypeAdapter[Any] = TypeAdapter(kinds.Packages)
_HINT = "mend the treefile and run again"
_MAX_TOLD = 20
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 100


@dataclass
class Document:
    """The checked values of a treefile or of one inlined into another, and what there is to warn of.

    `values` is by key name; files that a key names are paths. `root` is the whole file, `at` leads to the
    document in it, `spelled` has the spelling of each key in it by the key's name. `absent` has what is wrong with
    files that a key names and that are not there.
    """

    path: Path
    root: YamlMap
    at: tuple[str | int, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    spelled: dict[str, str] = field(default_factory=dict)
    absent: dict[Path, str] = field(default_factory=dict)

    @property
    def written(self) -> Any:
        """The map as it stands in the file."""
        written: Any = self.root
        for key in self.at:
            written = written[key]
        return written

    @property
    def is_yaml(self) -> bool:
        """Whether rpm-ostree takes the file for YAML, in which it accepts no unknown key; else it is JSON."""
        return self.path.suffix in (".yaml", ".yml")

    def place(self, *keys: str | int) -> str:
        """Return FILE:LINE: KEY of a key of this document."""
        first, *rest = keys
        written = [*self.at, self.spelled.get(str(first), first), *rest]
        named = ".".join(str(key) if len(str(key)) < 40 else shown(key) for key in written)
        return f"{self.path}:{line_of(self.root, written)}: {named if named.isprintable() else repr(named)}"


def read_document(path: Path, *, basearch: str) -> Document:
    """Read one treefile, not what it includes.

    Raises InputError that lists the faults, each as FILE:LINE: KEY: what is wrong.
    """
    repeats: list[tuple[str, int, int]] = []
    written = read_yaml(path, on_repeat=lambda *repeat: repeats.append(repeat))
    if written is None:
        written = YamlMap()  # nothing but remarks
    if not isinstance(written, YamlMap):
        raise InputError(f"{path} is not a treefile", hint="it must be a YAML or JSON map with ref and packages")
    document = Document(path, written)
    for key, first, second in repeats:
        text = f"stands in line {first} too, and the last one counts; rpm-ostree itself would refuse this"
        document.warnings.append(f"{path}:{second}: {shown(key)}: {text}")
    if not document.is_yaml and not _is_json(path):
        text = "rpm-ostree itself takes a file of this name for JSON and would refuse it, name it .yaml"
        document.warnings.append(f"{path}:1: treefile: {text}")
    check(document, basearch=basearch)
    return document


def check(document: Document, *, basearch: str) -> None:
    """Fill in a document's values and warnings; raise InputError with its faults."""
    for key, name in _named(document).items():
        value = document.written[key]
        if value is None:
            continue
        if name in OF_A_HOST:
            document.faults.append(f"{document.place(key)}: belongs to a host that layers packages, not to a tree")
        elif name.startswith(ARCH_PACKAGES) and name not in KEYS:
            wanted = _checked(document, name, kind=_ARCH_KIND, value=value)
            if name == ARCH_PACKAGES + basearch and wanted is not None:
                document.values["packages"] = document.values.get("packages", frozenset()) | wanted
        elif name in KEYS:
            _take(document, name, value=value)
    if document.values.get("edition") == "2024":
        document.values = {"boot-location": "modules", "tmp-is-dir": True} | document.values
    _resolve_files(document)
    if document.faults:
        raise InputError("\n".join(first_of(document.faults, _MAX_TOLD, "faults")), hint=_HINT)
    document.warnings = first_of(document.warnings, _MAX_TOLD, "warnings")


def _named(document: Document) -> dict[Any, str]:
    """Return the name in the table of each key that is written, and warn of or refuse the others."""
    names: dict[Any, str] = {}
    for key in document.written:
        if not isinstance(key, str):
            document.faults.append(f"{document.place(key)}: a key must be text, quote it")
            continue
        name = key if _is_known(key) else key.replace("_", "-")
        if not _is_known(name):
            _warn_of_unknown(document, key)
        elif name in document.spelled:
            both = f"{shown(key)} and {shown(document.spelled[name])} are the same key"
            document.faults.append(f"{document.place(key)}: {both}")
        else:
            names[key], document.spelled[name] = name, key
            if key != name and key not in OLD_SPELLINGS:
                _warn_of_spelling(document, key, name=name)
    return names


def _is_known(name: str) -> bool:
    return name in KEYS or name in OF_A_HOST or name.startswith(ARCH_PACKAGES)


def _warn_of_unknown(document: Document, key: str) -> None:
    if document.is_yaml:
        text = "unknown key, ignored; rpm-ostree itself would refuse this"
    elif key.startswith("comment") or key.endswith("comment"):
        return  # how remarks are written in JSON
    else:
        text = "unknown key, ignored as rpm-ostree does"
    # Comparing takes time, and nobody reads on.
    few = len(document.warnings) < _MAX_TOLD
    close = difflib.get_close_matches(key[:80], KEYS, n=1, cutoff=0.75) if few else []
    document.warnings.append(f"{document.place(key)}: {text}{f'; did you mean {close[0]}?' if close else ''}")


def _warn_of_spelling(document: Document, key: str, *, name: str) -> None:
    does = "refuse this" if document.is_yaml else "drop it without a word"
    instead = "packages" if name == "bootstrap-packages" else name
    document.warnings.append(f"{document.place(key)}: today's rpm-ostree would {does}; write {instead}")


def _take(document: Document, name: str, *, value: Any) -> None:
    key = KEYS[name]
    checked = _checked(document, name, kind=key.kind, value=value)
    if checked is None:
        return
    if key.fate is Fate.REFUSED:
        if checked not in key.harmless:
            document.faults.append(f"{document.place(name)}: not supported, and without it the tree would be another")
    elif name in ("packages", "bootstrap-packages"):
        document.values["packages"] = document.values.get("packages", frozenset()) | checked
    else:
        document.values[name] = checked


def _checked(document: Document, name: str, *, kind: TypeAdapter[Any], value: Any) -> Any:
    """Return the value in its merged form; None, and faults, when it is not of its kind."""
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        faults = dict.fromkeys(_fault(document, name, fault=fault) for fault in error.errors(include_url=False))
        document.faults += faults
        return None


def _fault(document: Document, name: str, *, fault: Any) -> str:
    place = document.place(name, *_leading(document.written[document.spelled[name]], fault["loc"]))
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    if fault["type"] == "missing":
        return f"{place}: lacks the key {fault['loc'][-1]}"
    expected = fault["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    return f"{place}: got {shown(fault['input'])}, expected: {expected}"


def _leading(value: Any, keys: tuple[str | int, ...]) -> list[str | int]:
    """Return those of pydantic's keys that are keys of the file: the rest names members of unions."""
    real: list[str | int] = []
    for key in keys:
        inside = isinstance(value, Mapping) and key in value
        inside = inside or (isinstance(value, list) and isinstance(key, int) and key < len(value))
        if not inside:
            break
        real.append(key)
        value = value[key]
    return real


def _resolve_files(document: Document) -> None:
    for name in ("postprocess-script", "check-passwd", "check-groups"):
        value = document.values.get(name)
        named = value.filename if isinstance(value, kinds.Accounts) and value.type == "file" else value
        if not isinstance(named, str):
            continue
        if document.at:
            document.faults.append(f"{document.place(name)}: an inlined treefile cannot name a file")
            continue
        path = document.path.parent / named
        if not is_file(path):
            text = f"names {shown(named)}, which does not exist (paths are relative to the treefile)"
            document.absent[path] = f"{document.place(name)}: {text}"
        document.values[name] = path


def shown(value: Any) -> str:
    """Return a value in quotes as far as a sentence has room for it."""
    return _SHORT.repr(value)


def is_file(path: Path) -> bool:
    """Say whether a regular file is there; False too for a name that can be none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
