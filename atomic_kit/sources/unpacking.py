"""Compressed metadata: unpacked piece by piece, never to more than they say."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

from atomic_kit.errors import StepError
from atomic_kit.files import Checksum

_PIECE = 1 << 20
# Bytes that metadata may unpack to when they do not say it themselves; the largest known are a third of it.
_MOST = 2 << 30
_LZMA_MEMORY = 256 << 20
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)


def unpacked(path: Path, *, size: int | None = None, of: str) -> Iterator[bytes]:
    """Yield the content of a gz, xz, zst, bz2 or plain file in pieces; its first bytes say which it is.

    Raises StepError when it is damaged, cut short or longer than `size` bytes (2 GiB when that is None).
    """
    most, came = _MOST if size is None else size, 0
    try:
        with path.open("rb") as file:
            for piece in _pieces(file):
                came += len(piece)
                if came > most:
                    raise StepError(f"{of} unpacks to more than the {most} bytes that it may have")
                yield piece
    except _FAULTS as error:
        raise StepError(f"{of} cannot be unpacked ({error})", hint="run again or take another mirror") from error


def check_unpacked(pieces: Iterator[bytes], checksum: Checksum | None, *, of: str) -> Iterator[bytes]:
    """Pass pieces on; raise StepError after the last one when together they have another checksum."""
    digest = hashlib.new(checksum.algorithm) if checksum else None
    for piece in pieces:
        if digest:
            digest.update(piece)
        yield piece
    if digest and checksum and digest.hexdigest() != checksum.digest:
        got = Checksum(checksum.algorithm, digest.hexdigest())
        raise StepError(f"{of} unpacks to the checksum {got}, repomd.xml says {checksum}", hint="take another mirror")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
            while piece := reader.read(_PIECE):
                yield piece
    elif start.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as reader:
            while piece := reader.read(_PIECE):
                yield piece
    elif start == b"\xfd7zXZ\x00":
        yield from _xz(file)
    elif start.startswith(b"BZh"):
        with bz2.BZ2File(file) as reader:
            while piece := reader.read(_PIECE):
                yield piece
    else:
        while piece := file.read(_PIECE):
            yield piece


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """Unpack by hand, because Python's file object has no limit for memory."""
    decompressor, packed = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY), b""
    while not decompressor.eof:
        if decompressor.needs_input and not (packed := file.read(1 << 16)):
            raise EOFError("it ends too early")
        if piece := decompressor.decompress(packed, _PIECE):
            yield piece
        packed = b""
