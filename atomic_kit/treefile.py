"""Treefiles in rpm-ostree's own format.

Merging follows rpm-ostree: for scalars the outermost file wins; lists of an include come before the
includer's; packages are a sorted set; for maps the includer wins. Paths are relative to the file that
names them. Source: the rpm-ostree manual, "Treefile reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from atomic_kit.errors import InputError
from atomic_kit.files import file_digest, value_digest
from atomic_kit.yaml import line_of, read_yaml

# Keys that the SIG's files use for remarks.
_REMARKS = ("comment", "osname")

# Keys of rpm-ostree that are read, kept in the digest and not acted on.
_CARRIED = frozenset(
    {
        *("add-commit-metadata", "advisories-metadata", "basearch", "boot-location", "bootstrap_packages"),
        *("container", "container-cmd", "edition", "etc-group-members", "gpg-key", "ignore-removed-groups"),
        *("ignore-removed-users", "lockfile-repos", "machineid-compat", "metadata", "preserve-passwd"),
        *("repo-metadata", "rpmdb", "tmp-is-dir"),
    }
)
# Keys of rpm-ostree without which the tree would be another one.
_REFUSED = frozenset(
    {
        *("add-files", "arch-include", "conditional-include", "ostree-layers", "ostree-override-layers"),
        *("repo-packages", "variables"),
    }
)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _packages(value: Any) -> Any:
    """Split entries at white space as rpm-ostree does; single quotes hold a versioned request together."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return value
    return [quoted or plain for entry in value for quoted, plain in re.findall(r"'([^']+)'|(\S+)", entry)]


Names = Annotated[tuple[str, ...], BeforeValidator(_packages)]


class AccountFile(BaseModel):
    """Where the fixed users or groups of a tree are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(pattern="^(file|none|previous|data)$")
    filename: str = ""


class _Document(BaseModel):
    """One treefile as written; a key that is absent is None."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))

    include: Annotated[tuple[str, ...], BeforeValidator(_listed)] | None = None
    ref: str | None = None
    repos: tuple[str, ...] | None = None
    packages: Names | None = None
    packages_x86_64: Names | None = Field(None, alias="packages-x86_64")
    exclude_packages: tuple[str, ...] | None = None
    recommends: bool | None = None
    documentation: bool | None = None
    selinux: bool | None = None
    install_langs: tuple[str, ...] | None = None
    releasever: str | int | None = None
    automatic_version_prefix: str | None = None
    mutate_os_release: str | None = None
    units: tuple[str, ...] | None = None
    default_target: str | None = None
    initramfs_args: tuple[str, ...] | None = None
    postprocess: tuple[str, ...] | None = None
    postprocess_script: str | None = None
    remove_files: tuple[str, ...] | None = None
    remove_from_packages: tuple[tuple[str, ...], ...] | None = None
    check_passwd: AccountFile | None = None
    check_groups: AccountFile | None = None
    carried: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, value: Any) -> Any:
        """Accept an underscore for a hyphen, as rpm-ostree does for its older keys."""
        if not isinstance(value, Mapping):
            return value
        known = {field.alias or name: name for name, field in cls.model_fields.items()}
        old = {alias.replace("-", "_"): alias for alias in known if alias != "packages-x86_64"}
        both = [key for key in value if key in old and key not in known and old[key] in value]
        if both:
            raise ValueError(f"{both[0]} and {old[both[0]]} are the same key")
        kept = {key: entry for key, entry in value.items() if key not in _REMARKS and "-comment" not in str(key)}
        # In a fixed order, because the digest is taken of it.
        carried = {key: kept.pop(key) for key in sorted(_CARRIED) if key in kept}
        return {old.get(key, key): entry for key, entry in kept.items()} | {"carried": carried}


@dataclass(frozen=True)
class Treefile:
    """A treefile with its includes merged; field names are rpm-ostree's keys.

    `files` lists every file that was read, the named one first. `packages` is sorted. Scripts and account
    files are absolute paths. `postprocess` holds the inline scripts, `postprocess_script` the named files.
    `carried` names the keys that were read and are not acted on. `digest` is the SHA-256 of all that the
    tree is made from except the packages' bytes.
    """

    files: tuple[Path, ...]
    digest: str
    ref: str
    packages: tuple[str, ...]
    exclude_packages: tuple[str, ...] = ()
    recommends: bool = True
    documentation: bool = True
    install_langs: tuple[str, ...] = ()
    releasever: str = ""
    automatic_version_prefix: str = ""
    mutate_os_release: str = ""
    units: tuple[str, ...] = ()
    default_target: str = ""
    initramfs_args: tuple[str, ...] = ()
    postprocess: tuple[str, ...] = ()
    postprocess_script: tuple[Path, ...] = ()
    remove_files: tuple[str, ...] = ()
    remove_from_packages: tuple[tuple[str, ...], ...] = ()
    check_passwd: Path | None = None
    check_groups: Path | None = None
    selinux: bool = True
    rpm_repos: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()


_JOINED = (
    "exclude_packages",
    "install_langs",
    "units",
    "initramfs_args",
    "postprocess",
    "remove_files",
    "remove_from_packages",
)
_SCALARS = (
    "ref",
    "recommends",
    "documentation",
    "selinux",
    "releasever",
    "automatic_version_prefix",
    "mutate_os_release",
    "default_target",
)


def load_treefile(path: Path) -> Treefile:
    """Read a treefile and everything it includes.

    Raises InputError for a missing file, an unknown key, a wrong type, an include loop, a treefile
    without a ref or without packages.
    """
    merged: dict[str, Any] = {}
    files: list[Path] = []
    _merge(path.resolve(), merged, files, ())
    for key in ("ref", "packages"):
        if not merged.get(key):
            raise InputError(f"{path} has no {key}", hint=f"a treefile needs the key {key}, itself or by an include")
    merged["packages"] = tuple(sorted(set(merged["packages"])))
    accounts = [merged.get(key) for key in ("check_passwd", "check_groups")]
    named = [*merged.get("postprocess_script", ()), *(account for account in accounts if account)]
    contents = {str(key): str(value) for key, value in merged.items() if key not in ("check_passwd", "check_groups")}
    contents["postprocess_script"] = ""
    digest = value_digest([contents, [file_digest(file) for file in named]])
    merged["carried"] = tuple(sorted(merged["carried"]))
    return Treefile(files=tuple(files), digest=digest, **merged)


def version_prefix(treefile: Treefile, generated: datetime) -> str:
    """Return automatic-version-prefix with its `<date:FORMAT>` filled in from the snapshot's time."""
    return re.sub(r"<date:([^>]+)>", lambda match: generated.strftime(match[1]), treefile.automatic_version_prefix)


def _merge(path: Path, merged: dict[str, Any], files: list[Path], above: tuple[Path, ...]) -> None:
    """Add a treefile to `merged`: its includes first, so that its own keys win."""
    if path in above:
        chain = " -> ".join(file.name for file in (*above, path))
        raise InputError(f"{path} includes itself ({chain})", hint="remove one of these includes")
    files.append(path)
    document = _read(path)
    for include in document.include or ():
        _merge((path.parent / include).resolve(), merged, files, (*above, path))
    for key in _SCALARS:
        value = getattr(document, key)
        if value is not None:
            merged[key] = str(value) if key == "releasever" else value
    for key in _JOINED:
        merged[key] = (*merged.get(key, ()), *(getattr(document, key) or ()))
    merged["carried"] = {**merged.get("carried", {}), **document.carried}
    merged["rpm_repos"] = (*merged.get("rpm_repos", ()), *(document.repos or ()))
    own = (*(document.packages or ()), *(document.packages_x86_64 or ()))
    merged["packages"] = (*merged.get("packages", ()), *own)
    if document.postprocess_script:
        scripts = (_beside(path, document.postprocess_script, "postprocess-script"),)
        merged["postprocess_script"] = (*merged.get("postprocess_script", ()), *scripts)
    for key in ("check_passwd", "check_groups"):
        account: AccountFile | None = getattr(document, key)
        if account is not None:
            name = key.replace("_", "-")
            merged[key] = _beside(path, account.filename, name) if account.type == "file" else None


def _beside(path: Path, name: str, key: str) -> Path:
    named = (path.parent / name).resolve()
    if not named.is_file():
        raise InputError(f"{path}: {key} names {name}, which does not exist", hint="paths are relative to the treefile")
    return named


def _read(path: Path) -> _Document:
    written = read_yaml(path)
    if not isinstance(written, Mapping):
        raise InputError(f"{path} is not a treefile", hint="it must be a YAML or JSON map with ref and packages")
    try:
        return _Document.model_validate(written)
    except ValidationError as error:
        faults = [_fault(path, written, fault) for fault in error.errors()]
        raise InputError("\n".join(faults), hint="mend the treefile and run again") from None


def _fault(path: Path, written: Any, fault: Any) -> str:
    keys = list(fault["loc"])
    place = f"{path}:{line_of(written, keys)}: {'.'.join(map(str, keys)) or 'treefile'}"
    if fault["type"] == "extra_forbidden":
        known = str(keys[-1]) in _REFUSED
        return f"{place}: {'a key that is not supported yet' if known else 'unknown key'}"
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    return (
        f"{place}: got {fault['input']!r}, expected: {fault['msg'].removeprefix('Input should ').removeprefix('be ')}"
    )
