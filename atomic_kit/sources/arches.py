"""Architectures of machines, and what stands for each in the places of repositories.

Source: dnf/rpm/__init__.py, `_BASEARCH_MAP`.
"""

from __future__ import annotations

from atomic_kit.errors import InputError

_ARCHES = {
    "aarch64": ("aarch64",),
    "armhfp": ("armv6hl", "armv7hl", "armv7hnl", "armv8hl"),
    "i386": ("i386", "i486", "i586", "i686", "athlon", "geode"),
    "loongarch64": ("loongarch64",),
    "ppc64": ("ppc64", "ppc64iseries", "ppc64p7", "ppc64pseries"),
    "ppc64le": ("ppc64le",),
    "riscv64": ("riscv64",),
    "s390x": ("s390x",),
    "x86_64": ("x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4", "amd64", "ia32e"),
}
_BASEARCH = {arch: basearch for basearch, arches in _ARCHES.items() for arch in arches}
# Names of which the solver knows another one only; source: `arch_compat` in rpmrc.
_SOLVED_AS = {"amd64": "x86_64", "ia32e": "x86_64", "athlon": "i686", "geode": "i686"}


def solver_arch(arch: str) -> str:
    """Return the name under which the solver knows an architecture."""
    return _SOLVED_AS.get(arch, arch)


def basearch_of(arch: str) -> str:
    """Return what `$basearch` stands for on a machine: `i386` for an `i686`.

    Raises InputError for an architecture that no distribution of RPM packages is known for.
    """
    if arch not in _BASEARCH:
        raise InputError(f"unknown architecture {arch!r}", hint=f"known: {', '.join(sorted(_BASEARCH))}")
    return _BASEARCH[arch]
