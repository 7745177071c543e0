"""Kernels for the notebooks of a run, one each; the next is started while a notebook works."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from atomic_kit.files import scratch_folder

# What every notebook of a release imports; it takes seconds, which pass beside the step before.
_IMPORTS = "import atomic_kit.steps, atomic_kit.report.figures"


class Kernels:
    """Up to `count` kernels, one after the other; the block's end ends those that still run.

    They talk over sockets in the file system, which nobody else can reach, start in `folder` and see `env`
    beside this process's environment.
    """

    def __init__(self, count: int, *, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self._left, self._folder = count, folder
        # A fixed seed: the order of sets must not show in what notebooks print.
        self._env = {**os.environ, "PYTHONHASHSEED": "0", **(env or {})}
        self._opened = ExitStack()
        self._started: list[Any] = []

    def __enter__(self) -> Kernels:
        self._sockets = self._opened.enter_context(scratch_folder("kernels"))
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        while self._started:
            self._end()
        self._opened.close()

    def take(self) -> Any:
        """Return a running kernel's manager (jupyter_client's) and start the next one; the one before ends."""
        while len(self._started) > 1:
            self._end()
        taken = self._started[0]
        self._client.stop_channels()
        self._start()
        return taken

    def _start(self) -> None:
        if not self._left:
            return
        from jupyter_client.manager import KernelManager

        self._left -= 1
        place = self._sockets / str(self._left)
        manager = KernelManager(transport="ipc", ip=str(place), connection_file=f"{place}.json")
        self._started.append(manager)
        with Path(os.devnull).open("w") as nowhere:
            # What a kernel writes to its own stderr is noise of its start and end; cells have theirs.
            manager.start_kernel(cwd=str(self._folder), env=self._env, stderr=nowhere)
        self._client = manager.client()
        self._client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        self._client.execute(_IMPORTS, silent=True)

    def _end(self) -> None:
        self._started.pop(0).shutdown_kernel(now=True)
