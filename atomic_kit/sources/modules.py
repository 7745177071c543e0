"""Modules: which packages of an rpm_repo count, given the module streams that are enabled.

The rules are libdnf's: the packages of every stream that is not active are hidden, and so is any other package
that has, or provides, the name of one out of an active stream. Sources: "Modularity" in dnf's documentation,
modulemd 2 and modulemd-defaults 1 in libmodulemd's yaml_specs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from atomic_kit.errors import InputError, StepError
from atomic_kit.nevra import Nevra
from atomic_kit.sources.unpacking import unpacked

# Scalars stay texts: a stream `1.10` is not the number 1.1. The loader in C is thirty times as fast.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SOURCE_ARCHES = ("src", "nosrc")
# Where the search gives up; real repositories need some dozens of each.
_MOST_LOOKS, _MOST_ACTIVE = 20_000, 250


@dataclass(frozen=True, slots=True)
class ModuleVersion:
    """One build of a module stream: the packages in it (`name-epoch:version-release.arch`) and what it needs.

    `requires` maps the name of another module to its streams that would do: none means any, `-x` any but x.
    `demodularized` names packages that left the module.
    """

    name: str
    stream: str
    version: int
    context: str
    arch: str
    requires: tuple[tuple[str, tuple[str, ...]], ...]
    artifacts: tuple[str, ...]
    demodularized: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The stream's name as one types it."""
        return f"{self.name}:{self.stream}"


@dataclass(frozen=True, slots=True)
class ModuleDefault:
    """The stream of a module that is active when nobody says otherwise; the last modified statement counts."""

    name: str
    stream: str
    modified: int


@dataclass(frozen=True, slots=True)
class ModuleFilter:
    """What modules hide. Names of packages in full are `name-epoch:version-release.arch`, with epoch 0 written.

    Not for rpm_repos with module_hotfixes: nothing of theirs is hidden.
    """

    excluded_nevras: frozenset[str]
    active_nevras: frozenset[str]
    active_names: frozenset[str]
    active_streams: tuple[str, ...] = ()

    def hides(self, nevra: str, *, name: str, provides: Iterable[str] = ()) -> bool:
        """Say whether a package is hidden; `provides` are names of what it provides, without versions."""
        if nevra in self.active_nevras:
            return False
        return nevra in self.excluded_nevras or name in self.active_names or not self.active_names.isdisjoint(provides)


def read_modules(path: Path, *, of: str) -> tuple[ModuleVersion | ModuleDefault, ...]:
    """Return the documents of a modules.yaml that count, compressed or not; `of` names it in messages.

    Raises StepError when it is not YAML or not of modulemd's shape.
    """
    content = b"".join(unpacked(path, of=of))
    try:
        return tuple(_documents(content, of))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise StepError(f"{of} cannot be read ({said})", hint="its owner must mend it") from error


def module_filter(
    documents: Iterable[ModuleVersion | ModuleDefault],
    enabled: Sequence[str] = (),
    *,
    platform: str = "",
    arch: str = "x86_64",
) -> ModuleFilter:
    """Return what to hide when the streams in `enabled` (`nodejs:20`) are active, and defaults where none is named.

    `platform` (`el9`) is what modules may require of the system; without one nothing is held against it. Of an
    active stream its newest build counts, in the context whose requirements can be met; what it needs of other
    modules becomes active with it. Raises InputError for a stream that there is not, for two of one module and
    for one whose requirements cannot be met. A default whose requirements cannot be met is left out, as dnf does.
    """
    known = list(documents)
    versions = [one for one in known if isinstance(one, ModuleVersion) and one.arch in (arch, "noarch", "")]
    choice = _Choice(versions, _defaults(known), platform)
    wanted = _wanted(versions, enabled)
    goals = list(wanted.items())
    active = choice.met(goals)
    if active is None:
        names = ", ".join(f"{name}:{stream}" for name, stream in goals)
        raise InputError(f"the module streams {names} cannot be active together", hint=choice.reason)
    for default in sorted(choice.defaults.items()):
        if default[0] not in wanted and (found := choice.met([*goals, default])) is not None:
            goals, active = [*goals, default], found
    return _filter([one for one in known if isinstance(one, ModuleVersion)], list(active.values()))


def _filter(versions: Sequence[ModuleVersion], active: Sequence[ModuleVersion]) -> ModuleFilter:
    inside = frozenset(artifact for one in active for artifact in one.artifacts)
    outside = frozenset(artifact for one in versions for artifact in one.artifacts) - inside
    parsed = [Nevra.parse(artifact) for artifact in inside]
    left = {name for one in active for name in one.demodularized}
    names = frozenset(one.name for one in parsed if one.arch not in _SOURCE_ARCHES) - left
    return ModuleFilter(outside, inside, names, tuple(sorted(one.title for one in active)))


class _Choice:
    """The search for builds whose requirements fit together."""

    def __init__(self, versions: Sequence[ModuleVersion], defaults: Mapping[str, str], platform: str) -> None:
        self.defaults, self._platform, self.reason = defaults, platform, ""
        self._looks = 0
        self._builds: dict[str, dict[str, list[ModuleVersion]]] = {}
        for one in sorted(versions, key=lambda one: (-one.version, one.context)):
            of_stream = self._builds.setdefault(one.name, {}).setdefault(one.stream, [])
            if all(other.context != one.context for other in of_stream):
                of_stream.append(one)

    def met(self, goals: list[tuple[str, str]]) -> dict[str, ModuleVersion] | None:
        """Return builds by module that reach the goals (module, stream); None when there are none."""
        self._looks = _MOST_LOOKS
        return self._met(goals, {})

    def _met(self, goals: list[tuple[str, str]], chosen: dict[str, ModuleVersion]) -> dict[str, ModuleVersion] | None:
        if not goals:
            return chosen
        self._looks -= 1
        if self._looks < 0 or len(chosen) > _MOST_ACTIVE:
            raise InputError("the modules need each other in too many ways", hint="enable fewer module streams")
        (name, stream), rest = goals[0], goals[1:]
        if name in chosen:
            return self._met(rest, chosen) if chosen[name].stream == stream else None
        for build in self._builds.get(name, {}).get(stream, []):
            for needed in self._needs(build, {**chosen, name: build}, dict(goals)):
                if (found := self._met([*rest, *needed], {**chosen, name: build})) is not None:
                    return found
        return None

    def _needs(
        self, build: ModuleVersion, chosen: Mapping[str, ModuleVersion], goals: Mapping[str, str]
    ) -> Iterator[list[tuple[str, str]]]:
        """Yield the goals that would meet a build's requirements: one list for each way, the likeliest first."""
        ways: list[list[tuple[str, str]]] = [[]]
        for name, streams in build.requires:
            if name == "platform":
                if self._platform and not _fits(self._platform, streams):
                    self.reason = f"{build.title} is for platform {', '.join(streams)}, not {self._platform}"
                    return
                continue
            decided = chosen[name].stream if name in chosen else goals.get(name)
            there = [decided] if decided is not None else self._by_likelihood(name)
            options = [stream for stream in there if _fits(stream, streams)]
            if not options:
                self.reason = (
                    f"{build.title} needs {name}:{','.join(streams) or '*'}, there is {', '.join(there) or '-'}"
                )
                return
            ways = [[*way, (name, option)] for way in ways for option in options[:8]][:64]
        yield from ways

    def _by_likelihood(self, name: str) -> list[str]:
        streams = sorted(self._builds.get(name, {}), reverse=True)
        return sorted(streams, key=lambda stream: stream != self.defaults.get(name))


def _fits(stream: str, allowed: Sequence[str]) -> bool:
    refused = [one[1:] for one in allowed if one.startswith("-")]
    named = [one for one in allowed if not one.startswith("-")]
    return stream not in refused and (not named or stream in named)


def _wanted(versions: Sequence[ModuleVersion], enabled: Sequence[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for text in enabled:
        name, _, stream = text.partition(":")
        there = sorted({one.stream for one in versions if one.name == name})
        if stream not in there:
            known = f"{name} has {', '.join(there)}" if there else f"no rpm_repo has a module {name}"
            raise InputError(f"there is no module stream {text}", hint=known)
        if wanted.setdefault(name, stream) != stream:
            raise InputError(f"{name}:{wanted[name]} and {text} are of one module", hint="enable one of them")
    return wanted


def _defaults(documents: Iterable[ModuleVersion | ModuleDefault]) -> dict[str, str]:
    """Return the default stream of each module; statements that contradict each other cancel out."""
    last: dict[str, tuple[int, set[str]]] = {}
    for one in documents:
        if isinstance(one, ModuleDefault):
            modified, streams = last.get(one.name, (-1, set()))
            if one.modified == modified:
                streams.add(one.stream)
            elif one.modified > modified:
                last[one.name] = (one.modified, {one.stream})
    return {name: next(iter(streams)) for name, (_, streams) in last.items() if len(streams) == 1 and "" not in streams}


def _documents(content: bytes, of: str) -> Iterator[ModuleVersion | ModuleDefault]:
    for document in yaml.load_all(content, Loader=_LOADER):
        if not isinstance(document, dict) or not isinstance(data := document.get("data"), dict):
            continue
        kind = (document.get("document"), document.get("version"))
        if kind == ("modulemd", "2"):
            yield _version(data, of)
        elif kind == ("modulemd-defaults", "1"):
            modified = _text(data, "modified", of, otherwise="0")
            yield ModuleDefault(_text(data, "module", of), _text(data, "stream", of, otherwise=""), int(modified))


def _version(data: Mapping[str, Any], of: str) -> ModuleVersion:
    requires: dict[str, tuple[str, ...]] = {}
    for dependency in _list(data.get("dependencies"), of):
        needed = dependency.get("requires") if isinstance(dependency, dict) else None
        for name, streams in needed.items() if isinstance(needed, dict) else ():
            requires[name] = (*requires.get(name, ()), *_texts(streams, of))
    artifacts = _rpms(data.get("artifacts"), of)
    try:
        for artifact in artifacts:
            Nevra.parse(artifact)
    except InputError as error:
        raise StepError(f"{of}: {error.what}", hint="its owner must mend it") from error
    return ModuleVersion(
        name=_text(data, "name", of),
        stream=_text(data, "stream", of),
        version=int(_text(data, "version", of)),
        context=_text(data, "context", of, otherwise=""),
        arch=_text(data, "arch", of, otherwise=""),
        requires=tuple(requires.items()),
        artifacts=artifacts,
        demodularized=_rpms(data.get("demodularized"), of),
    )


def _rpms(group: Any, of: str) -> tuple[str, ...]:
    """Return the list `rpms` of a group that may be absent."""
    return _texts(group.get("rpms") if isinstance(group, dict) else None, of)


def _texts(value: Any, of: str) -> tuple[str, ...]:
    found = _list(value, of)
    if not all(isinstance(one, str) for one in found):
        raise StepError(f"{of} has a list of something else than texts", hint="its owner must mend it")
    return tuple(found)


def _list(value: Any, of: str) -> list[Any]:
    if value in (None, "", "null", "~"):
        return []
    # What is there instead is not shown: by aliases it can be longer than any memory.
    if not isinstance(value, list):
        raise StepError(f"{of} has something else where a list should be", hint="its owner must mend it")
    return value


def _text(data: Mapping[str, Any], key: str, of: str, *, otherwise: str | None = None) -> str:
    value = data.get(key, otherwise)
    if not isinstance(value, str) or (otherwise is None and not value):
        raise StepError(f"{of} has a module without {key}", hint="its owner must mend it")
    return value
