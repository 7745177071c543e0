"""From a treefile's path to its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from atomic_kit.errors import InputError
from atomic_kit.files import file_digest, value_digest
from atomic_kit.treefile.document import shown
from atomic_kit.treefile.keys import KEYS, Fate
from atomic_kit.treefile.kinds import Accounts
from atomic_kit.treefile.merge import Merged, last_repo_wins, read_merged
from atomic_kit.treefile.values import RepoPackages, Treefile
from atomic_kit.treefile.variables import fill_in, missing, names_of

# The texts in which variables are filled in, and the maps in whose texts they are.
_TEXTS = ("ref", "automatic-version-prefix", "mutate-os-release")
_MAPS = ("metadata", "add-commit-metadata")
_ROJIG = {"name", "summary", "description"}
_REF = re.compile(r"[-._\w]+(/[-._\w]+)*")
# Keys whose values are taken as they are; the others have a line of their own below.
_PLAIN = (
    *("recommends", "documentation", "install-langs", "automatic-version-prefix", "automatic-version-suffix"),
    *("mutate-os-release", "units", "default-target", "initramfs-args", "postprocess", "remove-files"),
    *("remove-from-packages", "selinux", "lockfile-repos", "exclude-packages"),
)


def load_treefile(path: Path, *, basearch: str = "x86_64", composed: bool = True) -> Treefile:
    """Read a treefile and everything it includes, as rpm-ostree does for trees of an architecture.

    Raises InputError for a missing file, a key that is not supported, a wrong type, a file that is included
    twice, and a treefile without packages. One without a ref, or that names files which are not there, is refused
    when it is to be `composed`. Each fault is FILE:LINE: KEY: what is wrong.
    """
    path = path.absolute()
    merged = read_merged(path, basearch=basearch)
    values = merged.values
    _fill_in(merged)
    try:
        _check_whole(path, merged, composed=composed)
    except InputError as error:  # what was warned of may be why
        told = [error.what, *(f"warning: {one}" for one in merged.warnings)]
        raise InputError("\n".join(told), hint=error.hint) from None
    carried = {name: value for name, value in sorted(values.items()) if _is_carried(name, value)}
    accounts = {name: values.get(name) for name in ("check-passwd", "check-groups")}
    script = values.get("postprocess-script")
    return Treefile(
        files=tuple(merged.files),
        digest=_digest(merged),
        ref=values.get("ref", ""),
        packages=tuple(sorted(values.get("packages", ()))),
        repo_packages=tuple(RepoPackages(*entry) for entry in last_repo_wins(values.get("repo-packages", ()))),
        releasever=str(values.get("releasever", "")),
        basearch=basearch,
        variables=merged.variables,
        postprocess_script=(script,) if script else (),
        check_passwd=_file(accounts["check-passwd"]),
        check_groups=_file(accounts["check-groups"]),
        rpm_repos=tuple(values.get("repos", ())),
        carried=tuple(carried),
        carried_values=carried,
        warnings=tuple(merged.warnings),
        **{name.replace("-", "_"): _frozen(values[name]) for name in _PLAIN if name in values},
    )


def _fill_in(merged: Merged) -> None:
    """Put variables into their places, and warn where one is left that nothing defines."""
    values, variables = merged.values, merged.variables
    for name in _TEXTS:
        if name in values:
            values[name] = fill_in(values[name], variables)
            if left := missing(values[name]):
                text = f"the variable {shown(left[0])} is not defined, known: {names_of(variables)}"
                merged.warnings.append(f"{merged.places[name]}: {text}")
    for name in (*_MAPS, "rojig"):
        texts: Mapping[str, Any] = values.get(name, {})
        for key in texts.keys() & _ROJIG if name == "rojig" else texts.keys():
            if isinstance(texts[key], str):
                values[name] = {**values[name], key: fill_in(texts[key], variables)}


def _check_whole(path: Path, merged: Merged, *, composed: bool) -> None:
    """Refuse what only the merged treefile shows to be wrong."""
    values = merged.values
    if merged.absent and composed:
        raise InputError("\n".join(merged.absent.values()), hint="mend the treefile and run again")
    merged.warnings += merged.absent.values()
    for name in [name for name, value in values.items() if isinstance(value, Path) and value in merged.absent]:
        del values[name]
    needed = {"ref": ()} if composed else {}
    for name, others in {**needed, "packages": ("repo-packages",)}.items():
        if not any(values.get(one) for one in (name, *others)):
            raise InputError(f"{path} has no {name}", hint=f"a treefile needs the key {name}, itself or by an include")
    if "ref" in values and not _REF.fullmatch(values["ref"]):
        text = f"{merged.places['ref']}: {shown(values['ref'])} is not a name that OSTree takes for a ref"
        raise InputError(text, hint="letters, digits and - . _ in parts, a slash between two parts")
    suffix = values.get("automatic-version-suffix", ".")
    if len(suffix) != 1 or not suffix.isascii():
        raise InputError(f"{merged.places['automatic-version-suffix']}: got {shown(suffix)}, expected: one character")
    requested = values.get("packages", frozenset()).union(*(one.packages for one in values.get("repo-packages", ())))
    if both := sorted(requested.intersection(values.get("exclude-packages", ()))):
        raise InputError(
            f"{merged.places['exclude-packages']}: {shown(both[0])} is requested too", hint="take out one of the two"
        )


def _is_carried(name: str, value: Any) -> bool:
    """Say whether a key is not acted on: accounts are only when a file lists them."""
    if isinstance(value, Accounts):
        return value.type != "none"
    return KEYS[name].fate is Fate.CARRIED


def _file(value: Any) -> Path | None:
    return value if isinstance(value, Path) else None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _digest(merged: Merged) -> str:
    """Return the SHA-256 of the values; a file counts by its content, wherever it lies."""
    return value_digest([_plain(merged.values), _plain(merged.variables)])


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return file_digest(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return _plain(dict(value)) if isinstance(value, BaseModel) else value
