"""Where a compose works: in memory when there is room, and nothing is left of a compose that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ROOM = 3 * 2**30  # bytes that an installed root, its initramfs and the tools' own files take at the most
_SHARED_MEMORY = Path("/dev/shm")
_PREFIX = "atomic-compose."


@contextmanager
def empty_root(build: Path) -> Iterator[Path]:
    """Yield an empty folder to install into: in memory where there is room, else in `build`."""
    place = build
    if _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK):
        room = os.statvfs(_SHARED_MEMORY)
        if room.f_bavail * room.f_frsize > _ROOM and _memory_available() > _ROOM:
            place = _SHARED_MEMORY
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    folder = Path(tempfile.mkdtemp(dir=place, prefix=_PREFIX))
    lock = os.open(folder, os.O_RDONLY)
    umask = os.umask(0o022)  # scripts inherit it, and with it the modes of what they make
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = folder / "root"
        root.mkdir(mode=0o755)
        yield root
    finally:
        os.umask(umask)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _sweep(place: Path) -> None:
    """Remove what killed composes left; a folder whose compose still runs is locked."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < 10:
                continue  # its compose may not have locked it yet
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _memory_available() -> int:
    """Return the bytes of memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
