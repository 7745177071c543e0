"""Reading lock files and files of overrides, JSON or YAML, with every fault at its place."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atomic_kit.errors import InputError
from atomic_kit.packages.lock import Lock, LockedPackage
from atomic_kit.words import first_of
from atomic_kit.yaml import YamlMap, line_of, read_yaml

_EVR = re.compile(r"(?:(?P<epoch>[0-9]{1,10}):)?(?P<rest>[^-:\s]+-[^-:\s]+)")
_ARCH = re.compile(r"[A-Za-z0-9_]+")
_NAME = re.compile(r"[^\s/]+")
_URL = re.compile(r"https?://[^\s/]+\S*")
_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_MAX_FAULTS = 20


def read_lock(paths: Sequence[Path], *, strict: bool = True) -> Lock:
    """Read lock files as one lock: the packages of later files win.

    Raises InputError that lists every fault as FILE:LINE: KEY: what is wrong. An unknown key is refused except
    in a package's metadata, as rpm-ostree does.
    """
    if not paths:
        raise InputError("no lock file is named", hint="name at least one")
    files = [_File(path) for path in paths]
    faults = [fault for file in files for fault in file.faults]
    if faults:
        raise InputError("\n".join(first_of(faults, _MAX_FAULTS, "faults")), hint="mend the lock file and run again")
    packages = {name: package for file in files for name, package in file.packages.items()}
    return Lock(dict(sorted(packages.items())), strict, tuple(paths), files[0].generated, files[0].rpm_repos)


class _File:
    """One lock file as read: its packages, and what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, list[str]()
        self.packages: dict[str, LockedPackage] = {}
        self.generated: datetime | None = None
        self.rpm_repos: dict[str, datetime] = {}
        self._document = read_yaml(path)
        whole = self._map((), allowed=("packages", "metadata"))
        if not isinstance(self._document, YamlMap):
            return
        if whole.get("packages") is None:
            self.faults.append(f"{path}:1: packages: is missing, a lock file maps names of packages to versions")
            return
        for name in self._map(("packages",)):
            self._package(name)
        if whole.get("metadata") is not None:
            self._metadata()

    def _package(self, name: Any) -> None:
        at = ("packages", name)
        entry = self._map(at, allowed=("evr", "evra", "digest", "metadata"))
        faults = len(self.faults)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._fault(at, "is no name of a package")
        versions = [key for key in ("evr", "evra") if entry.get(key) is not None]
        if len(versions) != 1:
            self._fault(at, "needs one of evr and evra" if not versions else "has both evr and evra, one is enough")
        extra = self._map((*at, "metadata")) if entry.get("metadata") is not None else {}
        evr, arch = self._version((*at, versions[0]), entry[versions[0]]) if len(versions) == 1 else ("", None)
        digest = self._digest((*at, "digest"), entry.get("digest"))
        override, reason = self._override(at, extra)
        source = extra.get("sourcerpm")
        if len(self.faults) == faults:
            place = f"{self.path}:{line_of(self._document, at)}"
            source = source if isinstance(source, str) else None
            self.packages[name] = LockedPackage(name, evr, arch, digest, source, override, reason, place)

    def _version(self, at: tuple[Any, ...], value: Any) -> tuple[str, str | None]:
        """Return version and architecture; `evra` ends in a dot and the architecture."""
        text, arch = value, None
        if isinstance(value, str) and at[-1] == "evra":
            text, _, arch = value.rpartition(".")
        match = _EVR.fullmatch(text) if isinstance(text, str) else None
        if match is None or (arch is not None and not _ARCH.fullmatch(arch)):
            form = "[EPOCH:]VERSION-RELEASE" + (".ARCH" if at[-1] == "evra" else "")
            self._fault(at, f"got {reprlib.repr(value)}, expected: {form}")
            return "", None
        epoch = int(match["epoch"] or 0)
        return (f"{epoch}:" if epoch else "") + match["rest"], arch

    def _digest(self, at: tuple[Any, ...], value: Any) -> str | None:
        if value is None:
            return None
        algorithm, _, digits = value.partition(":") if isinstance(value, str) else ("", "", "")
        if not re.fullmatch(f"[0-9a-f]{{{_DIGITS.get(algorithm, 0)}}}", digits) or not digits:
            self._fault(at, f"got {reprlib.repr(value)}, expected: sha256: and 64 hex digits")
            return None
        return f"{algorithm}:{digits}"

    def _override(self, at: tuple[Any, ...], extra: dict[Any, Any]) -> tuple[Any, str | None]:
        kind, reason = extra.get("type"), extra.get("reason")
        if kind is not None and kind not in ("pin", "fast-track"):
            self._fault((*at, "metadata", "type"), f"got {reprlib.repr(kind)}, expected: pin or fast-track")
        if reason is not None and not (isinstance(reason, str) and _URL.fullmatch(reason)):
            self._fault((*at, "metadata", "reason"), f"got {reprlib.repr(reason)}, expected: a URL")
        if kind == "pin" and reason is None:
            self._fault((*at, "metadata"), "a pin needs a reason, the URL of why")
        return kind, reason

    def _metadata(self) -> None:
        about = self._map(("metadata",), allowed=("generated", "rpmmd_repos"))
        if about.get("generated") is not None:
            self.generated = self._time(("metadata", "generated"), about["generated"])
        if about.get("rpmmd_repos") is None:
            return
        for rpm_repo in self._map(("metadata", "rpmmd_repos")):
            at = ("metadata", "rpmmd_repos", rpm_repo)
            moment = self._time((*at, "generated"), self._map(at, allowed=("generated",)).get("generated"))
            if moment is not None:
                self.rpm_repos[str(rpm_repo)] = moment

    def _time(self, at: tuple[Any, ...], value: Any) -> datetime | None:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        self._fault(at, f"got {reprlib.repr(value)}, expected: a time like 2026-07-11T00:00:00Z")
        return None

    def _map(self, at: tuple[Any, ...], *, allowed: tuple[str, ...] | None = None) -> dict[Any, Any]:
        """Return the map at a place; an empty one, and a fault, when something else is there."""
        value = self._document
        for key in at:
            value = value[key]
        if not isinstance(value, YamlMap):
            self._fault(at, f"got {reprlib.repr(value)}, expected: a map")
            return {}
        for key in value if allowed else ():
            if key not in (allowed or ()):
                self._fault((*at, key), f"unknown key, known: {', '.join(allowed or ())}")
        return value

    def _fault(self, at: tuple[Any, ...], text: str) -> None:
        named = ".".join(str(key) if len(str(key)) < 60 else reprlib.repr(key) for key in at) or "lock file"
        shown = named if named.isprintable() else repr(named)
        self.faults.append(f"{self.path}:{line_of(self._document, at)}: {shown}: {text}")
