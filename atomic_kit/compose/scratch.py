"""Where a compose works: in memory when there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atomic_kit.files import scratch_folder

_ROOM = 3 * 2**30  # bytes that an installed root, its initramfs and the tools' own files take at the most
_SHARED_MEMORY = Path("/dev/shm")


@contextmanager
def empty_root(build: Path) -> Iterator[Path]:
    """Yield an empty folder to install into: in memory where there is room, else in `build`."""
    place = build
    if _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK):
        room = os.statvfs(_SHARED_MEMORY)
        if room.f_bavail * room.f_frsize > _ROOM and _memory_available() > _ROOM:
            place = _SHARED_MEMORY
    umask = os.umask(0o022)  # scripts inherit it, and with it the modes of what they make
    try:
        with scratch_folder("compose", place=place) as folder:
            root = folder / "root"
            root.mkdir(mode=0o755)
            yield root
    finally:
        os.umask(umask)


def _memory_available() -> int:
    """Return the bytes of memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
