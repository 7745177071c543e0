"""comps: the groups and environments of packages that a repository offers.

Source of the rules: "group install" in dnf's documentation, and libcomps' comps.rng.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from atomic_kit.errors import InputError, StepError
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.documents import parse_xml, text_of
from atomic_kit.sources.unpacking import unpacked

_LIMIT = 64 << 20  # bytes of comps.xml; those of a whole distribution have three millions


@dataclass(frozen=True, slots=True)
class Group:
    """A group: names of its packages by kind. `conditional` pairs a package with the one that must be there too."""

    id: str
    name: str
    mandatory: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    conditional: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """A set of groups: `groups` come with it, `defaults` are options that are on at first, `options` are off."""

    id: str
    name: str
    groups: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comps:
    """Groups and environments by their ids."""

    groups: dict[str, Group] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)


def read_comps(path: Path, *, of: str) -> Comps:
    """Return what a comps.xml says, compressed or not; `of` names it in messages.

    Raises StepError when it is damaged, or declares entities.
    """
    root = parse_xml(b"".join(unpacked(path, size=_LIMIT, of=of)), of=of, doctype=True)
    if root.tag != "comps":
        raise StepError(f"{of} is not a comps.xml", hint="its owner must mend it")
    groups = [_group(element) for element in root.iterfind("group")]
    environments = [_environment(element) for element in root.iterfind("environment")]
    return Comps({one.id: one for one in groups if one.id}, {one.id: one for one in environments if one.id})


def all_comps(rpm_repos: Iterable[RpmRepoMetadata]) -> Comps:
    """Return the groups and environments of some rpm_repos; raises what `read_comps` raises."""
    files = [(one.id, one.comps) for one in rpm_repos if one.comps]
    return merge_comps(read_comps(path, of=f"the comps of rpm_repo {name}") for name, path in files)


def merge_comps(parts: Iterable[Comps]) -> Comps:
    """Return the comps of several rpm_repos as one: a group that several have is all of it, as with dnf."""
    groups: dict[str, Group] = {}
    environments: dict[str, Environment] = {}
    for part in parts:
        for new in part.groups.values():
            groups[new.id] = _joined(groups[new.id], new) if new.id in groups else new
        environments |= part.environments
    return Comps(groups, environments)


def group_packages(
    comps: Comps, names: Sequence[str], *, present: Collection[str] = (), optional: bool = False
) -> tuple[str, ...]:
    """Return the packages, sorted, that `dnf group install` would ask for by ids or names, `@core` or `core`.

    These are the mandatory and the default ones, of an environment those of its groups and default options. A
    conditional one is among them when the package that it waits for is, or is in `present`: what the set has
    besides. `optional` adds the optional ones. Raises InputError for an unknown group. The caller decides what to
    do about a package that no rpm_repo has: dnf passes over it.
    """
    groups: list[Group] = []
    for name in names:
        groups += _named(comps, name.removeprefix("@"))
    chosen = {package for group in groups for package in (*group.mandatory, *group.default)}
    if optional:
        chosen |= {package for group in groups for package in group.optional}
    waiting = {pair for group in groups for pair in group.conditional if pair[0] not in chosen}
    while ready := {package for package, needed in waiting if needed in chosen or needed in present} - chosen:
        chosen |= ready
    return tuple(sorted(chosen))


def _named(comps: Comps, name: str) -> list[Group]:
    """Return the group of an id or a name, or the groups of an environment; an id counts before a name."""
    environment = comps.environments.get(name)
    group = comps.groups.get(name)
    if group is None and environment is None:
        group = next((one for one in comps.groups.values() if one.name == name), None)
    if group is None and environment is None:
        environment = next((one for one in comps.environments.values() if one.name == name), None)
    if group is not None:
        return [group]
    if environment is not None:
        inside = (*environment.groups, *environment.defaults)
        return [comps.groups[one] for one in inside if one in comps.groups]
    known = sorted({*comps.groups, *comps.environments})
    close = difflib.get_close_matches(name, known, n=3)
    cure = f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(known[:20]) or 'none'}"
    raise InputError(f"no rpm_repo has a group {name!r}", hint=cure)


def _joined(old: Group, new: Group) -> Group:
    def both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*one, *other)))

    return Group(
        old.id,
        new.name or old.name,
        both(old.mandatory, new.mandatory),
        both(old.default, new.default),
        both(old.optional, new.optional),
        tuple(dict.fromkeys((*old.conditional, *new.conditional))),
    )


def _group(element: ElementTree.Element) -> Group:
    kinds: dict[str, list[str]] = {"mandatory": [], "default": [], "optional": []}
    conditional = []
    for wanted in element.iterfind("packagelist/packagereq"):
        package, kind = text_of(wanted, "."), wanted.get("type", "mandatory")
        if package and kind == "conditional":
            conditional.append((package, wanted.get("requires", "")))
        elif package:
            kinds.get(kind, kinds["mandatory"]).append(package)
    lists = {kind: tuple(packages) for kind, packages in kinds.items()}
    return Group(text_of(element, "id"), _name(element), **lists, conditional=tuple(conditional))


def _environment(element: ElementTree.Element) -> Environment:
    listed = [(text_of(one, "."), one.get("default") == "true") for one in element.iterfind("optionlist/groupid")]
    return Environment(
        text_of(element, "id"),
        _name(element),
        tuple(text_of(one, ".") for one in element.iterfind("grouplist/groupid")),
        tuple(group for group, is_default in listed if is_default),
        tuple(group for group, is_default in listed if not is_default),
    )


def _name(element: ElementTree.Element) -> str:
    """Return the name in no language; translations carry xml:lang."""
    return next((one.text or "" for one in element.iterfind("name") if not one.get("lang")), "").strip()
