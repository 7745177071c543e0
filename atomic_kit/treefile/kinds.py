"""What the value of a treefile's key may be.

Each kind is a type that pydantic checks and turns into the form in which it is merged. The types are those of
rpm-ostree 2026.2, rust/src/treefile.rs: text is text, a number in its place must be quoted.
"""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

_U64 = 1 << 64
# The program that fills variables in refuses these in their names and values.
_FORBIDDEN = re.compile(r"[${}]")

Text = StrictStr
Flag = StrictBool
Number = Annotated[StrictInt, Field(ge=0, lt=1 << 32)]
Texts = list[StrictStr]
TextSet = Annotated[list[StrictStr], AfterValidator(frozenset)]
TextMap = dict[StrictStr, StrictStr]
AnyMap = dict[StrictStr, JsonValue]
Pairs = list[tuple[StrictStr, StrictStr]]


def split_entry(entry: str) -> list[str]:
    """Split an entry of packages at white space; single quotes hold a versioned request together."""
    outside, *quoted = entry.split("'")
    if len(quoted) % 2:
        raise ValueError("has a single quote that is not closed")
    found = outside.split()
    for inside, after in zip(quoted[::2], quoted[1::2], strict=True):
        found += [inside, *after.split()]
    return [name for name in found if name.strip()]


def _flat(entries: list[list[str]]) -> frozenset[str]:
    return frozenset(name for entry in entries for name in entry)


Packages = Annotated[list[Annotated[StrictStr, AfterValidator(split_entry)]], AfterValidator(_flat)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Includes = Annotated[list[StrictStr], BeforeValidator(_listed)]
ArchIncludes = dict[StrictStr, Includes]


def variable(value: Any) -> str | int | bool:
    """Return the value of a variable; raise ValueError for what is no text, whole number or boolean."""
    if isinstance(value, str) and _FORBIDDEN.search(value):
        raise ValueError("holds one of $ { }, which a variable may not")
    if isinstance(value, bool | str) or (isinstance(value, int) and 0 <= value < _U64):
        return value
    raise ValueError("expected: text, a whole number from 0 on, or a boolean")


def _variable_name(name: str) -> str:
    if name in ("releasever", "basearch"):
        raise ValueError(f"{name} is reserved, it is set from what the tree is made for")
    if _FORBIDDEN.search(name):
        raise ValueError("the name of a variable may not hold one of $ { }")
    return name


def _releasever(value: Any) -> str | int:
    checked = variable(value)
    if isinstance(checked, bool):
        raise ValueError("expected: text or a whole number from 0 on")
    return checked


Variables = dict[Annotated[StrictStr, AfterValidator(_variable_name)], Annotated[Any, AfterValidator(variable)]]
Releasever = Annotated[Any, AfterValidator(_releasever)]


def _expression(text: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression ({str(error)[:80]})") from None
    return text


Expression = Annotated[StrictStr, AfterValidator(_expression)]


def _package_first(entry: list[str]) -> tuple[str, ...]:
    if not entry:
        raise ValueError("expected: a package, then the regular expressions of its files")
    return tuple(entry)


Removals = list[Annotated[list[Expression], AfterValidator(_package_first)]]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


class RepoEntry(_Model):
    """One entry of repo-packages."""

    repo: StrictStr
    packages: Packages


class Conditional(_Model):
    """One entry of conditional-include; `include` is a list of files or an inlined treefile as written."""

    conditions: Annotated[list[StrictStr], BeforeValidator(_listed)] = Field(alias="if")
    include: Any

    @model_validator(mode="after")
    def _files_or_treefile(self) -> Conditional:
        files = _listed(self.include)
        if isinstance(files, dict) or (isinstance(files, list) and all(isinstance(name, str) for name in files)):
            return self
        raise ValueError("include: expected: a file, a list of files or a treefile's keys")

    @property
    def files(self) -> list[str]:
        """The files to include; empty for an inlined treefile."""
        return [] if isinstance(self.include, dict) else list(_listed(self.include))


class Accounts(_Model):
    """Where the fixed users or groups of a tree are listed."""

    type: Literal["none", "previous", "file", "data"]
    filename: StrictStr | None = None
    entries: dict[StrictStr, Number | tuple[Number] | tuple[Number, Number]] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Accounts:
        for kind, key in (("file", "filename"), ("data", "entries")):
            if self.type == kind and getattr(self, key) is None:
                raise ValueError(f"type {kind} needs the key {key}")
        return self


Repos = list[RepoEntry]
Conditionals = list[Conditional]
Edition = Annotated[Literal["2014", "2024"], BeforeValidator(lambda value: str(value) if value == 2024 else value)]
BootLocation = Literal["new", "modules", "kernel-install"]
MetadataPlace = Literal["inline", "detached", "disabled"]
RpmdbFormat = Literal["target", "host", "bdb", "b-d-b", "ndb", "sqlite"]
Sysusers = Literal["compose-auto", "compose-forced"]
LocalPlace = Literal["var", "root", "state-overlay", "stateoverlay"]
