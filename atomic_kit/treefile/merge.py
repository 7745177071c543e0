"""A treefile and all that it includes as one set of values.

Source: rpm-ostree 2026.2, treefile_parse_recurse and treefile_merge in rust/src/treefile.rs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atomic_kit.errors import InputError
from atomic_kit.treefile.document import Document, check, is_file, read_document, shown
from atomic_kit.treefile.keys import KEYS, Merge
from atomic_kit.treefile.kinds import Conditional, RepoEntry
from atomic_kit.treefile.variables import Value, holds

_MAX_DEPTH = 50
_INCLUDES = ("include", "arch-include", "conditional-include")


@dataclass
class Merged:
    """What a treefile and its includes say together; `places` has FILE:LINE: KEY of each key's outermost value."""

    basearch: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    absent: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Include:
    """A file to include and the key that asks for it."""

    path: Path
    place: str


def read_merged(path: Path, *, basearch: str) -> Merged:
    """Read a treefile for trees of an architecture, with everything it includes.

    Raises InputError for what read_document refuses, a file that is reached twice, a condition that cannot be
    evaluated and a basearch that is another.
    """
    merged = Merged(basearch)
    merged.values, merged.places = _read(path, merged, seen={}, above=())
    return merged


def _read(
    path: Path, merged: Merged, *, seen: dict[tuple[int, int], Path], above: tuple[Path, ...]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a file and its includes; the variables of what was read before win over its own."""
    _refuse_second_reading(path, seen=seen, above=above)
    document = read_document(path, basearch=merged.basearch)
    merged.files.append(path)
    merged.warnings += document.warnings
    merged.absent |= document.absent
    _refuse_what_is_beside(document, merged.basearch)
    values = document.values
    places = {name: document.place(name) for name in values}
    own = {**values.pop("variables", {}), "basearch": merged.basearch}
    if "releasever" in values:
        own["releasever"] = values["releasever"]
    merged.variables = {**own, **merged.variables}
    includes = [*_files(document, "include"), *_files(document, "arch-include", merged.basearch)]
    includes += _conditional(document, merged, values=values, places=places)
    for name in _INCLUDES:
        values.pop(name, None)
    for include in includes:
        if len(above) == _MAX_DEPTH:
            raise InputError(f"{include.place}: more than {_MAX_DEPTH} includes deep", hint="include less deeply")
        _check_include(include)
        inner, inner_places = _read(include.path, merged, seen=seen, above=(*above, path))
        _merge(values, inner)
        places = inner_places | places
    return values, places


def _files(document: Document, name: str, *keys: str) -> Iterable[_Include]:
    listed: Any = document.values.get(name, ())
    for key in keys:
        listed = listed.get(key, ()) if isinstance(listed, Mapping) else ()
    return [_include(document, file, keys=(name, *keys)) for file in listed]


def _include(document: Document, file: str, *, keys: tuple[str | int, ...]) -> _Include:
    path = document.path.parent / file
    plain = Path(os.path.normpath(path)) if "\0" not in file else path
    # Without the dots, unless they lead through a symlink to another place.
    return _Include(plain if is_file(path) and is_file(plain) and plain.samefile(path) else path, document.place(*keys))


def _conditional(
    document: Document, merged: Merged, *, values: dict[str, Any], places: dict[str, str]
) -> Iterable[_Include]:
    """Return the files whose conditions hold, and merge the inlined treefiles whose conditions hold."""
    found: list[_Include] = []
    entries: list[Conditional] = values.get("conditional-include", [])
    for number, entry in enumerate(entries):
        at = ("conditional-include", number)
        if not _all_hold(document, entry, at=at, variables=merged.variables):
            continue
        found += [_include(document, file, keys=(*at, "include")) for file in entry.files]
        if isinstance(entry.include, dict):
            spelled = document.spelled["conditional-include"]
            inlined = Document(document.path, document.root, (spelled, number, "include"))
            check(inlined, basearch=merged.basearch)
            merged.warnings += inlined.warnings
            for name in ("variables", *_INCLUDES):
                if inlined.values.pop(name, None):
                    text = "rpm-ostree does not look at this in an inlined treefile, nor is it looked at here"
                    merged.warnings.append(f"{inlined.place(name)}: {text}")
            _merge(values, inlined.values)
            places |= {name: inlined.place(name) for name in inlined.values if name not in places}
    return found


def _all_hold(
    document: Document, entry: Conditional, *, at: tuple[str | int, ...], variables: Mapping[str, Value]
) -> bool:
    """Evaluate all conditions of an entry, also after one that fails, so that each fault is found."""
    outcomes = []
    for condition in entry.conditions:
        try:
            outcomes.append(holds(condition, variables))
        except ValueError as error:
            raise InputError(f"{document.place(*at, 'if')}: {error}", hint="mend the condition") from None
    return all(outcomes)


def _merge(values: dict[str, Any], inner: Mapping[str, Any]) -> None:
    """Add what an include says to the values of its includer."""
    for name, value in inner.items():
        rule = KEYS[name].merge
        if name not in values:
            values[name] = value
        elif rule is Merge.LIST:
            values[name] = [*value, *values[name]]
        elif rule is Merge.SET:
            values[name] = value | values[name]
        elif rule is Merge.MAP:
            values[name] = {**value, **values[name]}


def last_repo_wins(entries: Iterable[RepoEntry]) -> list[tuple[str, tuple[str, ...]]]:
    """Return (rpm_repo, packages) of repo-packages; a package counts where it is named last."""
    seen: set[str] = set()
    kept = []
    for entry in reversed(list(entries)):
        if packages := frozenset(entry.packages) - seen:
            kept.append((entry.repo, tuple(sorted(packages))))
        seen |= packages
    return kept[::-1]


def _refuse_second_reading(path: Path, *, seen: dict[tuple[int, int], Path], above: tuple[Path, ...]) -> None:
    try:
        about = path.stat()
    except (OSError, ValueError):
        return  # the reader says what is wrong with it
    identity = (about.st_dev, about.st_ino)
    before = seen.get(identity)
    if before is None:
        seen[identity] = path
        return
    chain = " -> ".join(file.name for file in (*above, path))
    does = "includes itself" if before in above else f"is included twice, first as {before}"
    raise InputError(f"{path} {does} ({chain})", hint="remove one of these includes")


def _check_include(include: _Include) -> None:
    if include.path.suffix == ".ks":
        raise InputError(f"{include.place}: a kickstart is not read", hint="write its packages into a treefile")
    if not is_file(include.path):
        raise InputError(
            f"{include.place}: {shown(str(include.path))} does not exist", hint="paths are relative to the treefile"
        )


def _refuse_what_is_beside(document: Document, basearch: str) -> None:
    """Refuse a treefile of another architecture, and one with scripts that rpm-ostree would run on this machine."""
    written = document.values.get("basearch", basearch)
    if written != basearch:
        raise InputError(f"{document.place('basearch')}: got {shown(written)}, expected: {basearch}")
    scripts = document.path.parent / "finalize.d"
    found = sorted(scripts.iterdir()) if scripts.is_dir() else []
    if names := [script.name for script in found if script.is_file() and os.access(script, os.X_OK)]:
        text = f"{scripts} holds {', '.join(names)[:200]}: scripts of finalize.d are not run"
        raise InputError(text, hint="use postprocess")
