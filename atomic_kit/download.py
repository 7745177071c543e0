"""Files over http, https and file, each verified by its SHA-256 before it takes its name."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from atomic_kit.errors import NoRoomError, StepError
from atomic_kit.files import file_digest, new_file

_CHUNK = 1 << 20
_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces


def session() -> requests.Session:
    """Return a session that tries again what may pass: broken connections and busy servers."""
    retries = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retries))
    return made


def download(web: requests.Session, url: str, *, to: Path, sha256: str | None = None) -> Path:
    """Fetch a URL to a file, whole or not at all; with `sha256` (64 hex digits) only if that is its content.

    Raises StepError when the server cannot be reached, does not have the file or gives another content.
    """
    with new_file(to) as part:
        try:
            _copy(web, url, part)
        except (requests.RequestException, OSError) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoomError(f"{to}: {error.strerror}") from error
            raise StepError(
                f"{url} cannot be fetched ({_reason(error)})", hint="check the URL and the network"
            ) from error
        if sha256 is not None and (got := file_digest(part)) != sha256:
            raise StepError(
                f"{url} has the SHA-256 {got}, its metadata says {sha256}",
                hint="the mirror is being updated or damaged; run again or take another one",
            )
    return to


def _copy(web: requests.Session, url: str, part: Path) -> None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        shutil.copyfile(unquote(parts.path), part)
        return
    with web.get(url, stream=True, timeout=_TIMEOUT) as answer, part.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_content(_CHUNK):
            file.write(chunk)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)
