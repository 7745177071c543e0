"""Debian's relations in RPM's words.

Both ways of writing dependencies differ in a few places, and each function here says which rule it
follows. Source: Debian Policy, chapter 7; the RPM manual, "Dependencies".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_ATOM = re.compile(r"^(?P<name>[^\s:(\[]+)(?::\S+)?\s*(?:\((?P<sign><<|<=|=|>=|>>|<|>)\s*(?P<version>[^)]+)\))?")
_SIGNS = {"<<": "<", "<=": "<=", "=": "=", ">=": ">=", ">>": ">", "<": "<=", ">": ">="}
_SKIPPED = re.compile(r"[.+](?=~|$)")
_ARCHES = {"amd64": "x86_64", "all": "noarch"}


@dataclass(frozen=True, slots=True)
class Relation:
    """A capability: its name, and a sign and an `[epoch:]version[-release]` when it has a version.

    A choice between several is one name in RPM's rich form, e.g. `(a or b >= 2)`.
    """

    name: str
    sign: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.version}" if self.sign else self.name


@dataclass(frozen=True, slots=True)
class Relations:
    """What a package provides, needs, suggests to have and does not stand beside."""

    provides: tuple[Relation, ...]
    requires: tuple[Relation, ...]
    recommends: tuple[Relation, ...]
    conflicts: tuple[Relation, ...]


@cache
def rpm_version(version: str) -> tuple[int, str, str]:
    """Return a Debian version as (epoch, version, release).

    A native package has no revision; its release is 0. A hyphen inside a version, which RPM forbids, becomes
    a caret: both sort after the end of a version and before a dot. A dot or plus before a tilde or the end
    gets a zero, since RPM would skip it. Over all relations of the archive that leaves about one comparison in
    2,000 that Debian decides otherwise, such as `<< 1.2-z`.
    """
    epoch, _, rest = version.rpartition(":")
    upstream, _, revision = rest.rpartition("-")
    if not upstream:
        upstream, revision = rest, "0"
    return int(epoch or 0), _SKIPPED.sub(r"\g<0>0", upstream.replace("-", "^")), _SKIPPED.sub(r"\g<0>0", revision)


def source_rpm(fields: dict[str, str]) -> str:
    """Return the file name that the source RPM of a package would have."""
    name, _, written = fields.get("Source", fields["Package"]).partition(" ")
    _, version, release = rpm_version(written.strip("()") or fields["Version"])
    return f"{name}-{version}-{release}.src.rpm"


def rpm_arch(architecture: str) -> str:
    """Return RPM's name of a Debian architecture."""
    return _ARCHES.get(architecture, architecture)


def relations(fields: dict[str, str], *, virtual: frozenset[str] | set[str]) -> Relations:
    """Return the relations of a package from the fields of its control paragraph.

    `virtual` names what is provided without a version by some package of the archive: a conflict with a
    version must not match such a thing in Debian and would in RPM, so it is left out.
    """
    name = fields["Package"]
    epoch, version, release = rpm_version(fields["Version"])
    own = Relation(name, "=", f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}")
    provides = (own, *_each(fields.get("Provides", "")), *_EXTRA_PROVIDES.get(name, ()))
    itself = {relation.name for relation in provides}
    needs = (*_each(fields.get("Pre-Depends", "")), *_each(fields.get("Depends", "")))
    against = (*_each(fields.get("Conflicts", "")), *_each(fields.get("Breaks", "")))
    conflicts = tuple(
        relation
        for relation in against
        if relation.name not in itself and not (relation.sign and relation.name in virtual)
    )
    return Relations(provides, needs, _each(fields.get("Recommends", "")), conflicts)


def virtual_names(fields: dict[str, str]) -> list[str]:
    """Return what a package provides without a version."""
    return [relation.name for relation in _each(fields.get("Provides", "")) if not relation.sign]


def versioned_conflicts(fields: dict[str, str]) -> list[str]:
    """Return the names that a package does not stand beside in some versions."""
    against = (*_each(fields.get("Conflicts", "")), *_each(fields.get("Breaks", "")))
    return [relation.name for relation in against if relation.sign]


# What base packages offer on a merged /usr although their control files do not say so.
_EXTRA_PROVIDES = {
    "base-files": (Relation("usr-is-merged"),),
    "bash": (Relation("/bin/bash"), Relation("/usr/bin/bash")),
    "dash": (Relation("/bin/sh"), Relation("/usr/bin/sh")),
}


@cache
def _each(field: str) -> tuple[Relation, ...]:
    return tuple(_choice(part.strip()) for part in field.split(",") if part.strip())


@cache
def _choice(text: str) -> Relation:
    if "|" not in text:
        return _atom(text)
    return Relation(f"({' or '.join(str(_atom(part.strip())) for part in text.split('|'))})")


@cache
def _atom(text: str) -> Relation:
    match = _ATOM.match(text)
    if match is None:
        return Relation(text)
    name, sign, written = match["name"], match["sign"], match["version"]
    if sign is None:
        return Relation(name)
    sign = _SIGNS[sign]
    epoch, version, release = rpm_version(written.strip())
    if release == "0" and not written.strip().endswith("-0"):
        # Without a release RPM compares the version alone: 2.36-9 is then not greater than 2.36, in Debian it is.
        sign = {">": ">=", "<=": "<"}.get(sign, sign)
        return Relation(name, sign, f"{epoch}:{version}" if epoch else version)
    return Relation(name, sign, f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}")
