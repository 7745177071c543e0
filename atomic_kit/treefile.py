"""Treefiles in rpm-ostree's own format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Treefile:
    """A treefile with its includes merged; field names are rpm-ostree's keys.

    `files` lists every file that was read, the named one first. `packages` is sorted. Scripts and account
    files are absolute paths. `postprocess` holds the inline scripts, `postprocess_script` the named files.
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
