"""Talking to servers: a session with a pace, small documents, and why something could not be had.

Retrying lives here: broken connections and busy servers are tried again after a pause. A server that stalls is
given up at once, because another mirror may go on with what it gave.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

from atomic_kit.errors import FetchError, NoRoomError

if TYPE_CHECKING:
    import requests

    from atomic_kit.http_session import HttpSession

_CHUNK = 1 << 18
_REDIRECTS = 10
_VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a session is.

    `connect` is seconds to reach a server; it stalls when it gives nothing for `stall` seconds, or less than
    `slowest` bytes a second over that time. `retries` are tries after the first, `pause` the first pause in
    seconds, which doubles.
    """

    connect: float = 10
    stall: float = 30
    slowest: int = 1000
    retries: int = 4
    pause: float = 0.5


class Session:
    """What talks to servers; the connections are made when one is asked for the first time."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    @cached_property
    def http(self) -> HttpSession:
        """The session for http and https."""
        from atomic_kit.http_session import HttpSession

        return HttpSession(retries=self.pace.retries, pause=self.pace.pause)


class _StallError(Exception):
    pass


class TooLongError(Exception):
    """More came than there should be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A small document, and what a server needs to be told so that it gives it only when it changed."""

    content: bytes
    validators: Mapping[str, str]


def session(pace: Pace = Pace()) -> Session:
    """Return a session that tries again what may pass: broken connections and busy servers."""
    return Session(pace)


def read_url(web: Session, url: str, *, limit: int, known: Mapping[str, str] | None = None) -> Answer | None:
    """Return a document of at most `limit` bytes; None when it is still the one that `known` validators name.

    Raises FetchError when it cannot be had or is longer.
    """
    told = {_VALIDATORS[name]: value for name, value in (known or {}).items() if name in _VALIDATORS}

    def once() -> Answer | None:
        with opened(web, url, told) as answer:
            if answer.status == 304:
                return None
            content = b"".join(answer.pieces(web.pace, limit=limit))
            return Answer(content, {name: answer.headers[name] for name in _VALIDATORS if name in answer.headers})

    return persist(web, url, once)


def persist(web: Session, url: str, once: Callable[[], T]) -> T:
    """Call `once` again, after longer and longer pauses, while its connection breaks; errors become FetchError."""
    attempt = 0
    while True:
        try:
            return once()
        except _failures() as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoomError(f"{url}: {error.strerror}") from error
            if isinstance(error, OSError) and error.filename and str(error.filename) != _local_path(url):
                raise  # it is our own file that cannot be written
            if not _is_broken(error) or attempt == web.pace.retries:
                said = f"{url} cannot be fetched ({_reason(error, web.pace)})"
                raise FetchError(said, hint="check the URL and the network", stale=_is_gone(error)) from error
            time.sleep(min(10.0, web.pace.pause * 2**attempt))
            attempt += 1


def _failures() -> tuple[type[Exception], ...]:
    from urllib3.exceptions import HTTPError

    return (OSError, HTTPError, _StallError, TooLongError)  # those of requests are OSErrors


def _is_broken(error: Exception) -> bool:
    from urllib3.exceptions import HTTPError, TimeoutError

    return isinstance(error, HTTPError) and not isinstance(error, TimeoutError)


@dataclass(frozen=True, slots=True)
class Source:
    """What a server or a disk gives: where it starts (bytes), and a way to read some more."""

    status: int
    start: int
    headers: Mapping[str, str]
    read: Callable[[int], bytes]

    def pieces(self, pace: Pace, *, limit: int | None) -> Iterator[bytes]:
        """Yield what comes; raise when that is more than `limit` bytes, or too slow."""
        came, counted, since = 0, 0, time.monotonic()
        while piece := self.read(_CHUNK):
            came += len(piece)
            counted += len(piece)
            if limit is not None and came > limit:
                raise TooLongError(f"it is longer than the {limit} bytes that it should have")
            yield piece
            if (seconds := time.monotonic() - since) > pace.stall:
                if counted < pace.slowest * seconds:
                    raise _StallError
                counted, since = 0, time.monotonic()


@contextmanager
def opened(web: Session, url: str, headers: Mapping[str, str]) -> Iterator[Source]:
    """Ask for a URL; raise what requests and the system raise, which `persist` turns into FetchError."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        start = int(headers.get("Range", "bytes=0-")[6:-1])
        with Path(_local_path(url)).open("rb") as file:
            file.seek(start)
            yield Source(206 if start else 200, start, {}, file.read)
        return
    with _followed(web, url, headers) as answer:
        given = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if answer.status_code == 416:  # what is kept is longer than what there is
            with _followed(web, url, {}) as whole:
                yield Source(whole.status_code, 0, whole.headers, _reader(whole))
            return
        yield Source(answer.status_code, int(given[1]) if given else 0, answer.headers, _reader(answer))


def _local_path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _expected(headers: Mapping[str, str]) -> set[int]:
    """Return the answers that make sense: parts and "not changed" only to those who asked for them."""
    conditional = {304} if {"If-None-Match", "If-Modified-Since"} & headers.keys() else set()
    return {200, *conditional, *((206, 416) if "Range" in headers else ())}


def _reader(answer: requests.Response) -> Callable[[int], bytes]:
    return lambda amount: answer.raw.read1(amount, decode_content=False) or b""


def _followed(web: Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    """Return the answer at the end of the redirections, none of which leads from https to anything else."""
    import requests

    timeout = (web.pace.connect, web.pace.stall)
    for _ in range(_REDIRECTS):
        answer = web.http.get(url, stream=True, timeout=timeout, headers=dict(headers))
        if answer.status_code in _expected(headers):
            return answer
        answer.close()
        if not answer.is_redirect:
            raise requests.HTTPError(response=answer)
        target = _target(url, answer.headers["Location"])
        if url.startswith("https:") and not target.startswith("https:"):
            raise requests.RequestException(f"it leads from https to {target}")
        url = target
    raise requests.TooManyRedirects(f"more than {_REDIRECTS} redirections")


def _target(url: str, location: str) -> str:
    import requests

    try:
        return urljoin(url, location)
    except ValueError as error:
        raise requests.RequestException(f"it leads to {location[:200]!r}, which is no URL") from error


def _is_gone(error: Exception) -> bool:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in (403, 404, 410)
    return isinstance(error, FileNotFoundError)


def _reason(error: Exception, pace: Pace) -> str:
    import requests
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, TimeoutError

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, (ConnectTimeoutError, requests.ConnectTimeout)):
        return f"no connection within {pace.connect:g} s"
    if isinstance(error, (_StallError, TimeoutError, requests.ReadTimeout)):
        return f"the server stalled for {pace.stall:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not trusted"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, HTTPError):
        return "the connection broke"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
