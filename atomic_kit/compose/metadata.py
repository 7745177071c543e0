"""What rpm-ostree's clients and tools read from a commit's metadata."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from atomic_kit.packages.diff import InstalledPackage


def rpm_ostree_metadata(
    packages: Sequence[InstalledPackage], *, version: str, input_digest: str, rpm_repos: Sequence[tuple[str, int]]
) -> list[str]:
    """Return the options by which `ostree commit` adds version, package list, rpm-md repositories and input hash."""
    pkglist = ", ".join(map(_pkglist_entry, packages))
    repos = ", ".join(f"{{'id': <'{name}'>, 'timestamp': <{_uint64(time)}>}}" for name, time in rpm_repos)
    return [
        f"--add-metadata-string=version={version}",
        f"--add-metadata-string=rpmostree.inputhash={input_digest}",
        f"--add-metadata=rpmostree.rpmdb.pkglist=@a(stsss) [{pkglist}]",
        f"--add-metadata=rpmostree.rpmmd-repos=@aa{{sv}} [{repos}]",
    ]


def _pkglist_entry(package: InstalledPackage) -> str:
    # Short, since one argument of a program holds 128 KiB: the numbers' type stands before the list.
    epoch, _, rest = package.evr.rpartition(":")
    version, _, release = rest.rpartition("-")
    return f"('{package.name}', {_big_endian(int(epoch or 0))}, '{version}', '{release}', '{package.arch}')"


def _uint64(number: int) -> str:
    return f"uint64 {_big_endian(number)}"


def _big_endian(number: int) -> int:
    """Return a number as this machine must write it so that clients, which read big-endian, see it."""
    return int.from_bytes(number.to_bytes(8, "big"), sys.byteorder)
