"""The machine's own apt, kept apart from the machine's own state.

Everything lies in one folder of ours; of the machine's configuration only the entries of the
distribution's own archive are used, and only what the archive's keyring signed is accepted.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError
from atomic_kit.files import write_text

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_HELPER = Path("/usr/lib/apt/apt-helper")
_FORMAT = "$(FILENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)"


@dataclass(frozen=True, slots=True)
class Index:
    """One list of packages of the archive: the suite, its file, where its packages are, and its date."""

    suite: str
    path: Path
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
        if command.which("apt-get") is None:
            raise StepError("this machine has no apt-get, which the demo makes its packages with")
        self._folder = folder

    def update(self) -> None:
        """Bring the lists of packages up to date; raise StepError when the archive cannot be reached."""
        self._write_sources()
        try:
            command.run(["apt-get", *self._options(), "-o", "APT::Update::Error-Mode=any", "update"], timeout=300)
        except ToolError as error:
            if "No space left" in error.hint:
                raise StepError(f"the disk is full under {self._folder}", hint="make room and run again") from error
            raise StepError(
                f"the Debian archive cannot be reached ({_first_error(error.hint)})",
                hint="check the network and /etc/apt, then run again",
            ) from error

    def has_lists(self) -> bool:
        """Say whether lists of packages are here from an earlier time."""
        return (self._folder / "etc" / "sources.list").is_file() and bool(self._dates())

    def indexes(self) -> tuple[Index, ...]:
        """Return the lists that are here: the base suite's first, then the updates'."""
        listed = command.run(["apt-get", *self._options(), "indextargets", "--format", _FORMAT, "Created-By: Packages"])
        dates = self._dates()
        found = []
        for line in listed.stdout.splitlines():
            path, uri, suite, *_ = line.split("|")
            if Path(path).is_file():
                found.append(Index(suite, Path(path), uri, dates[suite]))
        return tuple(sorted(found, key=lambda index: (len(index.suite), index.suite)))

    def download(self, files: Iterable[Download], *, on_file: Callable[[], None]) -> None:
        """Fetch files, each verified by its SHA-256 before it takes its name."""
        arguments = [text for file in files for text in (file.uri, str(file.target), f"SHA256:{file.sha256}")]
        if not arguments:
            return

        def count(line: str) -> None:
            if line.startswith("Get:"):
                on_file()

        argv: list[str | Path] = [_HELPER, *self._options(), "download-file", *arguments]
        try:
            command.run(argv, timeout=1800, on_line=count)
        except ToolError as error:
            raise StepError(
                f"packages cannot be fetched from the Debian archive ({_first_error(error.hint)})",
                hint="check the network and the disk's room, then run again: what is here is kept",
            ) from error

    def _options(self) -> list[str]:
        folder = self._folder
        for name in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "state" / "status").touch()
        settings = {
            "Dir::State": folder / "state",
            "Dir::State::lists": folder / "state" / "lists",
            "Dir::State::status": folder / "state" / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "etc" / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Acquire::GzipIndexes": "false",
            "Acquire::Languages": "none",
            "Acquire::PDiffs": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Retries": "3",
        }
        return [text for key, value in settings.items() for text in ("-o", f"{key}={value}")]

    def _write_sources(self) -> None:
        """Write the machine's entries for the distribution's own suites, and no others."""
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
        suites = {codename, f"{codename}-updates", f"{codename}-security"}
        listed = command.run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"]).stdout
        entries = set()
        for line in listed.splitlines():
            _, uri, suite, component, architecture = line.split("|")
            if suite in suites and component == "main" and architecture == "amd64":
                signed = f" signed-by={_KEYRING}" if _KEYRING.is_file() else ""
                entries.add(f"deb [arch=amd64{signed}] {uri} {suite} main")
        if not entries:
            raise StepError(
                f"apt on this machine has no source for the suite {codename or '(unknown)'} of Debian",
                hint="add one to /etc/apt/sources.list.d",
            )
        write_text(self._folder / "etc" / "sources.list", "\n".join(sorted(entries)) + "\n")

    def _dates(self) -> dict[str, datetime]:
        """Map each suite to the time that its signed Release file states."""
        dates = {}
        for path in (self._folder / "state" / "lists").glob("*Release"):
            text = path.read_text(encoding="utf-8", errors="replace")[:4000]
            fields = dict(re.findall(r"^(\w+): (.+)$", text, re.MULTILINE))
            if "Codename" in fields and "Date" in fields:
                dates[fields["Codename"]] = parsedate_to_datetime(fields["Date"]).astimezone(UTC)
        return dates


def _first_error(text: str) -> str:
    lines = [line[2:].strip() for line in text.splitlines() if line.startswith(("E:", "W:"))]
    return lines[0] if lines else (text.strip().splitlines() or ["no reason given"])[-1]
