"""The explorer as a web page: Voilà on this machine's own address, with the notebook's parameters set."""

from __future__ import annotations

import json
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from atomic_kit import command, progress
from atomic_kit.errors import InputError, StepError
from atomic_kit.explorer.document import load_state
from atomic_kit.files import scratch_folder, write_json
from atomic_kit.packages.resolve import line_lock
from atomic_kit.parameters import Parameters, find_parameters, load_parameters
from atomic_kit.treefile import load_treefile

NOTEBOOK = Path(__file__).parent.parent.parent / "notebooks" / "explore.ipynb"
_SHARE = Path(__file__).parent / "share"
_ADDRESS = "127.0.0.1"
_STARTUP = 60  # seconds
_EXTENSIONS = ("anywidget", "@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")


def serve(
    parameters: str | Path = "demo",
    *,
    tell: Callable[[str], None],
    port: int = 0,
    state: str | Path | None = None,
) -> None:
    """Serve the explorer until the server ends or the caller is interrupted; `tell` gets the page's address.

    Raises InputError for parameters, a treefile, locks or a state that cannot be read and for a port that is taken,
    and StepError when the server does not start.
    """
    with serving(parameters, port=port, state=state) as (address, process):
        tell(address)
        process.wait()


@contextmanager
def serving(
    parameters: str | Path = "demo", *, port: int = 0, state: str | Path | None = None
) -> Iterator[tuple[str, command.Process]]:
    """Run the server beside the block; yield the page's address, with the token that it asks for.

    Only this machine can reach it, at `port` or, for 0, at a free one. Each page that is opened has a kernel.
    """
    path = find_parameters(parameters)
    if not path.is_file():
        raise InputError(f"{path} does not exist", hint="name parameters, e.g. demo, or a file of them")
    _check(load_parameters(path))
    text = _state(state)
    if port:
        _check_port(port)
    place, token = port or _free_port(), secrets.token_urlsafe(18)
    with scratch_folder("explorer") as folder:
        notebook = folder / NOTEBOOK.name
        write_json(notebook, with_parameters(path, text))
        log = folder / "voila.log"
        with command.start(
            _argv(notebook, place, token), log=log, cwd=path.parent, env=_environment(folder)
        ) as process:
            _wait(process, f"http://{_ADDRESS}:{place}/voila/static/voila.js", log)
            yield f"http://{_ADDRESS}:{place}/?token={token}", process


def with_parameters(parameters: Path, state: str = "") -> dict[str, Any]:
    """Return the explorer's notebook, as JSON, with its parameters set."""
    notebook: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", ()))
    cell["source"] = f"parameters = {str(parameters)!r}\nstate = {state!r}"
    return notebook


def _state(state: str | Path | None) -> str:
    """Return a state as the notebook takes it: the absolute path of a file, or a link's text that was tried."""
    if not state:
        return ""
    load_state(state)
    path = Path(state)
    return str(path.resolve()) if path.suffix == ".json" else str(state).rpartition("state=")[2]


def _check(line: Parameters) -> None:
    """Raise InputError for a treefile or lock files that a page could not read: here it is one sentence."""
    load_treefile(line.treefile, basearch=line.arch)
    line_lock(line)


def _check_port(port: int) -> None:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just given up is free
        try:
            one.bind((_ADDRESS, port))
        except PermissionError:
            raise InputError(f"port {port} is not for this user", hint="--port 0 takes a free one") from None
        except OSError:
            raise InputError(f"port {port} is taken", hint="--port 0 takes a free one") from None


def _argv(notebook: Path, port: int, token: str) -> list[command.Argument]:
    return [
        *(sys.executable, "-m", "voila", notebook, "--no-browser"),
        *(f"--Voila.ip={_ADDRESS}", f"--port={port}", "--Voila.port_retries=0", f"--token={token}"),
        *("--template=explorer", "--theme=light", "--VoilaConfiguration.show_tracebacks=True"),
        # The other extensions of this environment have nothing to do here.
        # A page that was closed leaves its kernel behind.
        *("--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=120"),
        *(f"--VoilaConfiguration.extension_allowlist={name}" for name in _EXTENSIONS),
    ]


def _environment(folder: Path) -> dict[str, str]:
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    # A bar of a step that is over would stay in the page as an error.
    quiet = {progress.FORWARD_VARIABLE: str(folder / "progress.jsonl")}
    return {"JUPYTER_PATH": str(_SHARE), **{name: str(folder / name.lower()) for name in names}, **quiet}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_ADDRESS, 0))
        return int(one.getsockname()[1])


def _wait(process: command.Process, address: str, log: Path) -> None:
    """Return when the server answers; raise StepError when it has ended or takes too long."""
    end = time.monotonic() + _STARTUP
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(address, timeout=5):
                return
        except URLError as error:
            if getattr(error, "code", None):  # it answers, if only with a refusal
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise StepError("the explorer's server did not start", hint=command.tail(log.read_text(errors="replace")))
