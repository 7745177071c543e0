"""Files and folders that appear whole or not at all, and their digests."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast

from atomic_kit.errors import StepError


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of a file's content in hex digits: 64 of them for SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@dataclass(frozen=True, slots=True)
class Checksum:
    """A digest with the name of its algorithm, which must be one that nobody can forge."""

    algorithm: Literal["sha256", "sha384", "sha512"]
    digest: str

    @classmethod
    def parse(cls, algorithm: str, digest: str, *, of: str) -> Self:
        """Read a checksum as metadata spell it; raise StepError for an algorithm that proves nothing."""
        name, text = algorithm.strip().lower(), digest.strip().lower()
        if name not in _LENGTHS:
            raise StepError(f"{of} is named by {name or 'no checksum'}", hint="sha256, sha384 or sha512 is needed")
        if not re.fullmatch(rf"[0-9a-f]{{{_LENGTHS[name]}}}", text):
            raise StepError(f"{of} has the {name} {text[:80]!r}, which is none")
        return cls(cast("Literal['sha256']", name), text)

    def fits(self, path: Path) -> bool:
        """Say whether a file has this digest; a file that is not there has not."""
        return path.is_file() and file_digest(path, self.algorithm) == self.digest

    def fits_bytes(self, content: bytes) -> bool:
        """Say whether a content has this digest."""
        return hashlib.new(self.algorithm, content).hexdigest() == self.digest

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"


_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


def value_digest(value: Any) -> str:
    """Return the SHA-256 (64 hex digits) of a JSON-able value; key order does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the name when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_parts(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it replaces `path` when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_parts(path)
    part = _part_folder(path)
    part.chmod(0o755)
    try:
        yield part
        if path.exists():
            retired = _part_folder(path)
            path.rename(retired / "old")
            part.rename(path)
            shutil.rmtree(retired)
        else:
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _part_folder(path: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}.", suffix=".part"))


def _sweep_parts(path: Path) -> None:
    """Remove the parts of a file or folder whose process, which their names tell, was killed."""
    for name in {path.stem, path.name}:
        for part in path.parent.glob(f".{glob.escape(name)}.*.part*"):
            owner = re.fullmatch(rf"\.{re.escape(name)}\.(\d+)\..*", part.name)
            if owner and not _is_alive(int(owner[1])):
                shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody has asked about yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@contextmanager
def scratch_folder(kind: str, *, place: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder that goes away with the block; what killed runs left of the same kind goes before it.

    It lies in `place`, by default where temporary files lie.
    """
    home, prefix = place or Path(tempfile.gettempdir()), f"atomic-{kind}."
    home.mkdir(parents=True, exist_ok=True)
    _sweep(home, prefix)
    folder = Path(tempfile.mkdtemp(dir=home, prefix=f"{prefix}{os.getpid()}."))
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _sweep(home: Path, prefix: str) -> None:
    """Remove the folders that nobody has locked."""
    for folder in home.glob(f"{prefix}*"):
        with suppress(OSError):
            owner = folder.name.removeprefix(prefix).partition(".")[0]
            if owner.isdigit() and _is_alive(int(owner)) and time.time() - folder.stat().st_mtime < 10:
                continue  # its owner may not have locked it yet
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def read_json(path: Path) -> Any:
    """Return what a JSON file of a cache holds, None when it is not there or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with new_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document with sorted keys and a final newline, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
