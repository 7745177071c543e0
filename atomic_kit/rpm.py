"""Verbs of rpm: installing into a root, and reading a root's database."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import StepError, ToolError
from atomic_kit.packages.diff import InstalledPackage
from atomic_kit.sandbox import installer

DATABASE = "/usr/share/rpm"

_RECORD, _FIELD, _ENTRY = "\x1e", "\x1f", "\x1d"
_QUERY = (
    "%{NAME}\x1f%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\x1f%{ARCH}\x1f%{LONGSIZE}\x1f%{SOURCERPM}\x1f"
    "[%{CHANGELOGNAME}\x1d%{CHANGELOGTEXT}\x1d]\x1e"
)


def install(root: Path, rpm_files: Sequence[Path], *, options: Sequence[str], epoch: int) -> None:
    """Install RPM files into an empty root, their scripts in a sandbox without network.

    The order is rpm's. Raises StepError with rpm's own words for a damaged file, a conflict, a missing
    requirement or a script that fails.
    """
    files = root / "packages.manifest"
    # rpm splits lines at blanks.
    names = (re.sub(r"([\s\\'\"])", r"\\\1", str(path)) for path in rpm_files)
    files.write_text("\n".join(names) + "\n", encoding="utf-8")
    # In a user namespace nobody may change the owner of what the sandbox mounts there.
    mounted = ["--define", "_netsharedpath /dev:/proc:/run:/sys"]
    where = [f"--root={root}", f"--dbpath={DATABASE}", "--force-debian"]
    argv: list[str | Path] = ["rpm", *where, *mounted, "-U", *options, files]
    try:
        packages = Path(os.path.commonpath([path.resolve().parent for path in rpm_files]))
        env = {"SOURCE_DATE_EPOCH": str(epoch)}
        result = command.run([*installer(root, packages=packages, env=env), *argv], env=env, timeout=1800)
    except ToolError as error:
        raise StepError("rpm did not install the packages", hint=error.hint) from error
    finally:
        files.unlink(missing_ok=True)
    # rpm goes on after a failed %post and ends with 0.
    failed = [line for line in result.stderr.splitlines() if "scriptlet failed" in line or line.startswith("error:")]
    if failed:
        raise StepError(f"a package's script failed: {failed[0]}", hint=command.tail(result.stderr))


def installed(database: Path) -> list[InstalledPackage]:
    """Return the packages of an rpm database (a folder), sorted by name; changelogs newest first."""
    argv = ["rpm", f"--dbpath={database}", "--force-debian", "-qa", f"--queryformat={_QUERY}"]
    return sorted(map(_package, command.run(argv).stdout.split(_RECORD)[:-1]), key=lambda one: (one.name, one.arch))


def _package(record: str) -> InstalledPackage:
    name, evr, arch, size, source, log = record.split(_FIELD)
    words = log.split(_ENTRY)[:-1]
    entries = tuple((who.rpartition(" - ")[2], text) for who, text in zip(words[::2], words[1::2], strict=True))
    return InstalledPackage(name, evr.removeprefix("0:"), arch, int(size), source.replace("(none)", ""), entries)


def files(root: Path, package: str) -> list[str]:
    """Return the absolute paths of an installed package's files; raise StepError when it is not installed."""
    result = command.run(
        ["rpm", f"--root={root}", f"--dbpath={DATABASE}", "--force-debian", "-ql", package], check=False
    )
    if result.returncode:
        raise StepError(f"remove-from-packages names {package}, which is not in the tree", hint="mend the treefile")
    return result.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """A file in an RPM: its size in bytes, whether it is documentation, and the languages that it is for."""

    path: str
    size: int
    is_documentation: bool
    languages: tuple[str, ...]


def payload_files(rpm_files: Sequence[Path]) -> list[tuple[PayloadFile, ...]]:
    """Return the regular files that each RPM installs; its header is enough, the payload may be missing.

    Of names for one file (hard links) the first has its size and the others none.
    """
    field = f"%{{FILENAMES}}{_FIELD}%{{LONGFILESIZES}}{_FIELD}%{{FILEFLAGS:fflags}}{_FIELD}%{{FILELANGS}}{_FIELD}"
    query = f"[{field}%{{FILEMODES}}{_FIELD}%{{FILEDEVICES}}:%{{FILEINODES}}{_ENTRY}]{_RECORD}"
    argv: list[str | Path] = ["rpm", "-qp", "--force-debian", "--nosignature", "--nodigest", f"--queryformat={query}"]
    records = command.run([*argv, *rpm_files]).stdout.split(_RECORD)[:-1]
    return [_payload(record) for record in records]


def _payload(record: str) -> tuple[PayloadFile, ...]:
    files, seen = [], set()
    for entry in record.split(_ENTRY)[:-1]:
        path, size, flags, languages, mode, inode = entry.split(_FIELD)
        if not stat.S_ISREG(int(mode) & 0xFFFF):
            continue
        files.append(
            PayloadFile(
                path, 0 if inode in seen else int(size), "d" in flags, tuple(filter(None, languages.split("|")))
            )
        )
        seen.add(inode)
    return tuple(files)
