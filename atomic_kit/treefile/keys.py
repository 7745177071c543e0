"""The keys of a treefile: what each may hold, how includes merge it, and what becomes of it here.

docs/treefiles.md is the same table for people. Source: rpm-ostree 2026.2, docs/treefile.md and the functions
treefile_merge and take_archful_pkgs of rust/src/treefile.rs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from atomic_kit.treefile import kinds


class Merge(StrEnum):
    """How the values of a file and of what it includes become one."""

    FIRST = "the outermost file's, then the earlier include's"
    LIST = "joined, an include's before its includer's, a later include's first"
    SET = "united"
    MAP = "united key by key, the includer's winning"


class Fate(StrEnum):
    """What becomes of a key."""

    ACTED = "acted on"
    CARRIED = "carried"
    REFUSED = "refused"


@dataclass(frozen=True)
class Key:
    """One key; a refused one is accepted with a value that asks for nothing (`harmless`)."""

    kind: TypeAdapter[Any]
    merge: Merge
    fate: Fate
    harmless: tuple[Any, ...] = ()


def _rows(fate: Fate, merge: Merge, kind: Any, *names: str, harmless: tuple[Any, ...] = ()) -> dict[str, Key]:
    key = Key(TypeAdapter(kind), merge, fate, harmless)
    return dict.fromkeys(names, key)


_ACTED = {
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Text, "ref", "basearch", "automatic-version-prefix"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Text, "automatic-version-suffix", "mutate-os-release"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Text, "default-target", "postprocess-script"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Flag, "recommends", "documentation", "selinux"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Releasever, "releasever"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Accounts, "check-passwd", "check-groups"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Includes, "include"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.ArchIncludes, "arch-include"),
    **_rows(Fate.ACTED, Merge.FIRST, kinds.Conditionals, "conditional-include"),
    **_rows(Fate.ACTED, Merge.MAP, kinds.Variables, "variables"),
    **_rows(Fate.ACTED, Merge.SET, kinds.Packages, "packages", "bootstrap-packages"),
    **_rows(Fate.ACTED, Merge.LIST, kinds.Repos, "repo-packages"),
    **_rows(Fate.ACTED, Merge.LIST, kinds.Texts, "repos", "lockfile-repos", "exclude-packages", "install-langs"),
    **_rows(Fate.ACTED, Merge.LIST, kinds.Texts, "initramfs-args", "units", "postprocess", "remove-files"),
    **_rows(Fate.ACTED, Merge.LIST, kinds.Removals, "remove-from-packages"),
}
_CARRIED = {
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Flag, "tmp-is-dir", "machineid-compat", "preserve-passwd"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Flag, "ima", "ignore-devices", "readonly-executables"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Flag, "rpmdb-normalize"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Text, "gpg-key"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Number, "selinux-label-version"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Edition, "edition"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.BootLocation, "boot-location"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.MetadataPlace, "repo-metadata", "advisories-metadata"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.RpmdbFormat, "rpmdb"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Sysusers, "sysusers"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.Texts, "container-cmd"),
    **_rows(Fate.CARRIED, Merge.FIRST, kinds.TextMap, "rojig"),
    **_rows(Fate.CARRIED, Merge.LIST, kinds.Texts, "etc-group-members"),
    **_rows(Fate.CARRIED, Merge.SET, kinds.TextSet, "ignore-removed-users", "ignore-removed-groups"),
    **_rows(Fate.CARRIED, Merge.MAP, kinds.AnyMap, "metadata", "add-commit-metadata"),
    **_rows(Fate.CARRIED, Merge.MAP, kinds.TextMap, "repovars"),
}
_REFUSED = {
    **_rows(Fate.REFUSED, Merge.FIRST, kinds.Flag, "container", "no-initramfs", "cliwrap", harmless=(False,)),
    **_rows(Fate.REFUSED, Merge.FIRST, kinds.LocalPlace, "opt-usrlocal", harmless=("var",)),
    **_rows(Fate.REFUSED, Merge.FIRST, kinds.Text, "platform-module"),
    **_rows(Fate.REFUSED, Merge.LIST, kinds.Texts, "ostree-layers", "ostree-override-layers", harmless=([],)),
    **_rows(Fate.REFUSED, Merge.LIST, kinds.Texts, "cliwrap-binaries", harmless=([],)),
    **_rows(Fate.REFUSED, Merge.LIST, kinds.Pairs, "add-files", harmless=([],)),
}
# Keys that rpm-ostree itself knows only where a host layers packages on a tree.
OF_A_HOST = frozenset(
    {
        *("base-refspec", "container-image-reference", "custom", "ex-override-replace", "initramfs"),
        *("override-commit", "override-remove", "override-replace-local", "packages-local"),
        *("packages-local-fileoverride", "unconfigured-state"),
    }
)
KEYS: dict[str, Key] = {**_ACTED, **_CARRIED, **_REFUSED}

# The keys that rpm-ostree still takes with an underscore.
OLD_SPELLINGS = frozenset({"gpg_key", "boot_location", "default_target", "automatic_version_prefix"})
# A key with this before the name of an architecture counts for trees of that architecture.
ARCH_PACKAGES = "packages-"
