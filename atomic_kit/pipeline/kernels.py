"""Kernels for the notebooks of a run, one each; the next is started while a notebook works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.client import KernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop, run_sync

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
        self._started: list[_Kernel] = []

    def __enter__(self) -> Kernels:
        with ExitStack() as opened:
            self._sockets = opened.enter_context(scratch_folder("kernels"))
            opened.callback(self._end_all)
            self._start()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def take(self) -> AsyncKernelManager:
        """Return a running kernel's manager and start the next one; the one before ends."""
        while len(self._started) > 1:
            self._started.pop(0).end()
        taken = self._started[0]
        taken.stop_clients()
        self._start()
        return taken

    def _start(self) -> None:
        if not self._left:
            return
        self._left -= 1
        place = self._sockets / str(self._left)
        kernel = _Kernel(transport="ipc", ip=str(place), connection_file=f"{place}.json")
        self._started.append(kernel)
        with Path(os.devnull).open("w") as nowhere:
            # What a kernel writes to its own stderr is noise of its start and end; cells have theirs.
            run_sync(kernel.start_kernel)(cwd=str(self._folder), env=self._env, stderr=nowhere)
        kernel.say(_IMPORTS)

    def _end_all(self) -> None:
        _cancel_tasks()
        while self._started:
            self._started.pop(0).end()


def _cancel_tasks() -> None:
    """Cancel what an interrupt left under way in papermill, and hear out its complaint that the kernel died."""
    loop = ensure_event_loop()

    async def hear(tasks: set[asyncio.Task[Any]]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)

    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(hear(tasks))


class _Kernel(AsyncKernelManager):
    """A kernel that also ends its clients: papermill leaves them open, and their threads can then hang an exit.

    An asynchronous one, because with the other kind papermill never notices that a kernel died.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._clients: list[KernelClient] = []

    def client(self, **settings: Any) -> AsyncKernelClient:  # type: ignore[override]
        """Return a new client, which ends with the kernel."""
        made = super().client(**settings)
        self._clients.append(made)
        return made

    def say(self, code: str) -> None:
        """Let the kernel run code and do not wait for it."""
        client = self.blocking_client()
        self._clients.append(client)
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        client.execute(code, silent=True)

    def stop_clients(self) -> None:
        """Close the clients' connections."""
        while self._clients:
            self._clients.pop().stop_channels()

    def end(self) -> None:
        """End the kernel, whatever it does."""
        self.stop_clients()
        if self.has_kernel:
            run_sync(self.shutdown_kernel)(now=True)
