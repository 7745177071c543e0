"""The machine's own apt, kept apart from the machine's own state.

Everything lies in one folder of ours; of the machine's configuration only the entries of the
distribution's own archive are used, and only what the archive's keyring signed is accepted.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from debian.deb822 import Release

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import file_digest, write_text

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_HELPER = Path("/usr/lib/apt/apt-helper")
_FORMAT = "$(FILENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)|$(METAKEY)"
# What the machine's administrator lets apt run after its own work does not concern ours.
_HOOK = re.compile(r"APT::Update::(Pre|Post)-Invoke|DPkg::")


@dataclass(frozen=True, slots=True)
class Index:
    """One list of packages of the archive: the suite, its file and digest, where its packages are, and its date."""

    suite: str
    path: Path
    sha256: str
    uri: str
    generated: datetime


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch: where from, its SHA-256, and where to."""

    uri: str
    sha256: str
    target: Path


class Apt:
    """apt with a state of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def update(self) -> None:
        """Bring the lists of packages up to date; raise StepError when the archive cannot be reached."""
        self._write_sources()
        try:
            command.run(["apt-get", "update"], env=self._configured(), timeout=300)
        except ToolError as error:
            raise StepError(
                f"the Debian archive cannot be reached ({_first_error(error.hint)})",
                hint="check the network and /etc/apt, then run again",
            ) from error

    def has_lists(self) -> bool:
        """Say whether lists of packages are here from an earlier time."""
        return (self._folder / "etc" / "sources.list").is_file() and bool(self._suites())

    def indexes(self) -> tuple[Index, ...]:
        """Return the lists that are here: the base suite's first, then the updates'.

        Raises StepError for a list that is not as its suite's signed Release file names it.
        """
        argv = ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"]
        suites = self._suites()
        found = []
        for line in command.run(argv, env=self._configured()).stdout.splitlines():
            name, uri, suite, _, _, key = line.split("|")
            path = Path(name)
            if not path.is_file():
                continue
            named = {entry["name"]: entry["sha256"] for entry in suites[suite]["SHA256"]}
            digest = file_digest(path)
            if named.get(key) != digest:
                path.unlink()
                raise StepError(
                    f"the archive's list of packages of {suite} was damaged in the cache ({path.name})",
                    hint="it is removed; run again to fetch it",
                )
            generated = parsedate_to_datetime(suites[suite]["Date"]).astimezone(UTC)
            found.append(Index(suite, path, digest, uri, generated))
        return tuple(sorted(found, key=lambda index: (len(index.suite), index.suite)))

    def download(self, files: Iterable[Download], *, on_file: Callable[[], None]) -> None:
        """Fetch files, each verified by its SHA-256 before it takes its name."""
        arguments = [text for file in files for text in (file.uri, str(file.target), f"SHA256:{file.sha256}")]
        if not arguments:
            return

        def count(line: str) -> None:
            if line.startswith("Get:"):
                on_file()

        try:
            command.run([_HELPER, "download-file", *arguments], env=self._configured(), timeout=1800, on_line=count)
        except ToolError as error:
            raise StepError(
                f"packages cannot be fetched from the Debian archive ({_first_error(error.hint)})",
                hint="check the network, then run again: what is here is kept",
            ) from error

    def _configured(self) -> Mapping[str, str]:
        """Write our configuration, which is the machine's but for state, sources and hooks; return its variable."""
        folder = self._folder
        for name in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "state" / "status").touch()
        settings = {
            # Read already: what follows comes from `apt-config dump`.
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::State": folder / "state",
            "Dir::State::lists": folder / "state" / "lists",
            "Dir::State::status": folder / "state" / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "etc" / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Acquire::GzipIndexes": "false",
            "Acquire::Languages": "none",
            "Acquire::PDiffs": "false",
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
        }
        machine = command.run(["apt-config", "dump"]).stdout.splitlines()
        lines = [line for line in machine if not _HOOK.match(line)]
        lines += [f'{key} "{value}";' for key, value in settings.items()]
        write_text(folder / "etc" / "apt.conf", "\n".join(lines) + "\n")
        return {"APT_CONFIG": str(folder / "etc" / "apt.conf")}

    def _write_sources(self) -> None:
        """Write the machine's entries for the distribution's own suites, and no others."""
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
        suites = {codename, f"{codename}-updates", f"{codename}-security"}
        listed = command.run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"]).stdout
        entries = set()
        for line in listed.splitlines():
            _, uri, suite, component, architecture, _ = line.split("|")
            if suite in suites and component == "main" and architecture == "amd64":
                signed = f" signed-by={_KEYRING}" if _KEYRING.is_file() else ""
                entries.add(f"deb [arch=amd64{signed}] {uri} {suite} main")
        if not entries:
            raise StepError(
                f"apt on this machine has no source for the suite {codename or '(unknown)'} of Debian",
                hint="add one to /etc/apt/sources.list.d",
            )
        write_text(self._folder / "etc" / "sources.list", "\n".join(sorted(entries)) + "\n")

    def _suites(self) -> dict[str, Release]:
        """Map each suite to its Release file, whose signature apt verified when it fetched it."""
        suites = {}
        for path in (self._folder / "state" / "lists").glob("*Release"):
            release = Release(path.read_text(encoding="utf-8", errors="replace"))
            if "Codename" in release and "Date" in release:
                suites[release["Codename"]] = release
        return suites


def _first_error(text: str) -> str:
    lines = [line[2:].strip() for line in text.splitlines() if line.startswith(("E:", "W:"))]
    return lines[0] if lines else (text.strip().splitlines() or ["no reason given"])[-1]
