"""modules.yaml: the module streams that a repository has, and its defaults.

Source of the format: modulemd 2 and modulemd-defaults 1 in libmodulemd's yaml_specs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from atomic_kit.errors import InputError, StepError
from atomic_kit.nevra import Nevra
from atomic_kit.sources.unpacking import unpacked

# Scalars stay texts: a stream `1.10` is not the number 1.1. The loader in C is many times as fast.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


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
