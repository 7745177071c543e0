"""The session for http and https. It is loaded when a server is asked for the first time, for it takes a while."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, TimeoutError
from urllib3.util import Retry


class HttpSession(requests.Session):
    """A session that tries again what may pass: `retries` times, after a pause in seconds that doubles."""

    def __init__(self, *, retries: int, pause: float) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "identity"  # checksums are of what is stored
        again = _Again(
            total=retries,
            connect=min(2, retries),
            backoff_factor=pause,
            status_forcelist=(429, 500, 502, 503, 504),
            raise_on_status=False,
            retry_after_max=30,
        )
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=again, pool_maxsize=16))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Leave redirections to whoever asks: requests would read a body that may have no end, and leave https."""
        return None


class _Again(Retry):
    def increment(self, *arguments: Any, **options: Any) -> Retry:  # type: ignore[override]
        if isinstance(error := options.get("error"), TimeoutError) and not isinstance(error, NewConnectionError):
            raise error
        return super().increment(*arguments, **options)
