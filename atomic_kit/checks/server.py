"""A web server for the candidate ostree_repo, on the loopback address of this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# QEMU's user network shows the host's loopback address under this one.
HOST_IN_MACHINE = "10.0.2.2"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: its port, and the paths that were asked for."""

    port: int
    requests: list[str] = field(default_factory=list, compare=False)

    @property
    def url(self) -> str:
        """The address by which a machine reaches the server."""
        return f"http://{HOST_IN_MACHINE}:{self.port}/"


class _Handler(SimpleHTTPRequestHandler):
    # Connections stay open between the thousands of small files of a pull.
    protocol_version = "HTTP/1.1"
    timeout = 60
    requests: list[str]

    def __init__(self, *arguments: object, requests: list[str], folder: Path) -> None:
        self.requests = requests
        super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing; what was asked for stands in `requests`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a machine that reboots drops its connections."""


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder's files over HTTP at a free port of 127.0.0.1 while the block runs."""
    requests: list[str] = []
    with _Server(("127.0.0.1", 0), partial(_Handler, requests=requests, folder=folder)) as server:
        thread = Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield Served(int(server.server_address[1]), requests)
        finally:
            server.shutdown()
            thread.join()
