"""Files over http, https and file: whole or not at all, resumed, and held against the checksum that names them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from atomic_kit.errors import FetchError, NoRoomError
from atomic_kit.files import Checksum, file_digest, new_file
from atomic_kit.web import Session, TooLongError, opened, persist

OnBytes = Callable[[int], None]


def download(
    web: Session,
    url: str,
    *,
    to: Path,
    checksum: Checksum | None = None,
    size: int | None = None,
    limit: int | None = None,
    check: Callable[[Path], None] | None = None,
    on_bytes: OnBytes | None = None,
) -> Path:
    """Fetch a URL to a file, whole or not at all; with a `checksum` only if that is its content.

    `size` is the length in bytes that its metadata states, `limit` the most that is taken when nothing states
    it. With a checksum, what came before a connection broke is kept beside the file as `.NAME.partial` and the
    next call, of any mirror, goes on from there. `check` looks at the content, once it is known to be the right
    one, and raises to refuse it. `on_bytes` is told how many bytes came, less than none when
    they were thrown away. Raises FetchError when the place cannot be reached, does not have the file, stalls or
    gives another content, NoRoomError when the disk is full.
    """
    told = on_bytes or (lambda _: None)
    to.parent.mkdir(parents=True, exist_ok=True)
    if checksum is None:
        with new_file(to) as part:
            _fetch(web, url, part, most=size or limit, resume=False, on_bytes=told)
            if check:
                check(part)
        return to
    with _kept_part(to) as part:
        began = _length(part)
        told(began)
        _fetch(web, url, part, most=size or limit, resume=True, on_bytes=told)
        if began and not checksum.fits(part):
            _throw_away(part, told)  # what another mirror left there may have been the bad half
            _fetch(web, url, part, most=size or limit, resume=True, on_bytes=told)
        try:
            _hold_against(checksum, part, url)
            if check:
                check(part)
        except BaseException:
            _throw_away(part, told)
            raise
    return to


def _hold_against(checksum: Checksum, part: Path, url: str) -> None:
    got = Checksum(checksum.algorithm, file_digest(part, checksum.algorithm))
    if got != checksum:
        raise FetchError(
            f"{url} has the checksum {got}, its metadata says {checksum}",
            hint="the mirror is being updated or damaged; run again or take another one",
            stale=True,
        )


def _fetch(web: Session, url: str, part: Path, *, most: int | None, resume: bool, on_bytes: OnBytes) -> None:
    def once() -> None:
        if not resume or (most is not None and _length(part) > most):
            _throw_away(part, on_bytes)
        have = _length(part)
        if have and have == most:
            return
        with opened(web, url, {"Range": f"bytes={have}-"} if have else {}) as answer:
            if have and not (answer.status == 206 and answer.start == have):
                _throw_away(part, on_bytes)
                have = 0
            with part.open("ab") as file:
                for piece in answer.pieces(web.pace, limit=None if most is None else most - have):
                    file.write(piece)
                    on_bytes(len(piece))

    try:
        persist(web, url, once)
    except NoRoomError:
        _throw_away(part, on_bytes)
        raise
    except FetchError as error:
        if isinstance(error.__cause__, TooLongError):
            _throw_away(part, on_bytes)
        raise


@contextmanager
def _kept_part(path: Path) -> Iterator[Path]:
    """Yield the file in which `path` is gathered: what an earlier try left, unless somebody else works on that.

    It takes the name when the block ends; when it fails, what is in it stays for the next try.
    """
    kept = path.with_name(f".{path.name}.partial")
    with kept.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it locked may have given it its final name meanwhile.
            free = kept.exists() and os.path.samestat(os.fstat(file.fileno()), kept.stat())
        except BlockingIOError:
            free = False
        if free:
            try:
                yield kept
                kept.replace(path)
            finally:
                if not _length(kept):
                    kept.unlink(missing_ok=True)
            return
    with new_file(path) as part:
        yield part


def _throw_away(part: Path, on_bytes: OnBytes) -> None:
    on_bytes(-_length(part))
    if part.exists():
        os.truncate(part, 0)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
