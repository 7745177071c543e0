"""Modules: which packages of an rpm_repo count, given the module streams that are enabled.

The rules are libdnf's: the packages of every stream that is not active are hidden, and so is any other package
that has, or provides, the name of one out of an active stream. Source: "Modularity" in dnf's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from atomic_kit.errors import InputError
from atomic_kit.nevra import Nevra
from atomic_kit.sources import Snapshot
from atomic_kit.sources.modulemd import ModuleDefault, ModuleVersion, read_modules

_SOURCE_ARCHES = ("src", "nosrc")
# Where the search gives up; real repositories need some dozens of each.
_MOST_LOOKS, _MOST_ACTIVE = 20_000, 250


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


def snapshot_filter(snapshot: Snapshot, *, arch: str = "x86_64") -> ModuleFilter | None:
    """Return what the modules of a snapshot's rpm_repos hide; None when they have no modules.

    Raises what `module_filter` and `read_modules` raise.
    """
    files = [(one.id, one.modules) for one in snapshot.rpm_repos if one.modules]
    if not files and not snapshot.modules:
        return None
    documents = [document for name, path in files for document in read_modules(path, of=f"the modules of {name}")]
    return module_filter(documents, snapshot.modules, platform=snapshot.platform, arch=arch)


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
