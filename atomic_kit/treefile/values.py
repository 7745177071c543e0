"""A treefile as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RepoPackages:
    """Packages that must come from one rpm_repo; `packages` is sorted."""

    rpm_repo: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Treefile:
    """A treefile with its includes merged; field names are rpm-ostree's keys.

    `files` lists every file that was read, the named one first. `packages` is sorted and does not hold those of
    `repo_packages`. Scripts and account files are absolute paths. `postprocess` holds the inline scripts, in the
    order in which they run, `postprocess_script` the named file, which runs after them. `variables` has
    releasever and basearch too. `carried` names the keys that were read and are not acted on, `carried_values`
    their values. `digest` is the SHA-256 of all that the tree is made from except the packages' bytes.
    `warnings` are FILE:LINE: KEY: text.
    """

    files: tuple[Path, ...]
    digest: str
    ref: str
    packages: tuple[str, ...]
    repo_packages: tuple[RepoPackages, ...] = ()
    exclude_packages: tuple[str, ...] = ()
    recommends: bool = True
    documentation: bool = True
    install_langs: tuple[str, ...] = ()
    releasever: str = ""
    basearch: str = "x86_64"
    variables: Mapping[str, str | int | bool] = field(default_factory=dict, hash=False)
    automatic_version_prefix: str = ""
    automatic_version_suffix: str = "."
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
    lockfile_repos: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    carried_values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    warnings: tuple[str, ...] = ()


def entry_of(text: str) -> str:
    """Return a request as a treefile lists it: one with blanks in it stands in single quotes, to be held together."""
    return f"'{text}'" if any(map(str.isspace, text)) else text


def version_prefix(treefile: Treefile, generated: datetime) -> str:
    """Return automatic-version-prefix with its `<date:FORMAT>` filled in from the snapshot's time."""
    return re.sub(r"<date:([^<>]+)>", lambda match: generated.strftime(match[1]), treefile.automatic_version_prefix)
