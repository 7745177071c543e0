"""The pipeline: the steps of a release in their order, each a notebook; what is whole is not done again."""

from __future__ import annotations

import json
import os
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path
from typing import Any

from atomic_kit import progress
from atomic_kit.errors import AtomicKitError, StepError
from atomic_kit.files import scratch_folder
from atomic_kit.parameters import Parameters
from atomic_kit.pipeline.kernels import Kernels
from atomic_kit.pipeline.notebooks import execute, notebook_of, succeeded
from atomic_kit.progress import FORWARD_VARIABLE, Event, step
from atomic_kit.release.lock import alone
from atomic_kit.release.plan import plan_releases
from atomic_kit.release.records import STEPS, has_record, write_record
from atomic_kit.release.release import Release, finished_releases
from atomic_kit.steps import release_pages


def run_line(line: Parameters, *, say: Callable[[str], None]) -> None:
    """Make whatever releases of a line are due; says where the newest report is.

    Raises StepError when a step fails, after its record, notebook and page are written, and when
    another run of the line is under way.
    """
    with alone(line):
        planned = plan_releases(line)
        for release in [*_without_page(line), *planned]:
            run_release(release)
        newest = finished_releases(line)[-1]
        page = newest.folder / "index.html"
        if not planned:
            say(f"Nothing changed since {newest.version}; no release is due. Report: {page}")
            return
        for release in planned:
            say(f"Released {release.version} of {line.stream}")
        say(f"Report: {page}")


def _without_page(line: Parameters) -> list[Release]:
    """Return the newest finished release when a kill at its very end left it without its last notebook or page."""
    for release in finished_releases(line)[-1:]:
        if [name for name, *_ in _due(release)] == [STEPS[-1]] or not (release.folder / "index.html").is_file():
            return [release]
    return []


def run_release(release: Release) -> None:
    """Run the steps of a release that are not whole yet."""
    (release.folder / "failure.json").unlink(missing_ok=True)
    due = list(_due(release))
    folder = notebook_of(STEPS[0]).parent
    parameters: dict[str, Any] = {
        "parameters": os.path.relpath(release.parameters.file, folder),
        "version": release.version,
    }
    if release.parameters.overrides:
        parameters["overrides"] = release.parameters.overrides
    with _forwarded() as env, Kernels(len(due), folder=folder, env=env) as kernels:
        for name, notebook, executed in due:
            with step(f"{release.version}: {name}"):
                try:
                    execute(notebook, executed, parameters=parameters, kernel=kernels.take())
                except AtomicKitError as error:
                    raise _failed(release, name, error) from error
    # Once more, with the last notebook's own page among its links.
    release_pages(release)


def _due(release: Release) -> Iterator[tuple[str, Path, Path]]:
    """Yield the first step that is not whole and all after it, with their notebooks and the executed ones."""

    def is_whole(name: str) -> bool:
        return has_record(release.folder, name) and succeeded(release.folder / notebook_of(name).name)

    for name in dropwhile(is_whole, STEPS):
        yield name, notebook_of(name), release.folder / notebook_of(name).name


def _failed(release: Release, name: str, error: AtomicKitError) -> StepError:
    """Record a failure, write the page that shows it, and return what to raise."""
    resume = _resume(release.parameters)
    write_record(release.folder, "failure", {"step": name, "error": str(error), "resume": resume})
    page = release_pages(release)
    return StepError(f"{release.version}: the step {name} failed: {error}", hint=f"see {page}; go on with {resume}")


def _resume(line: Parameters) -> str:
    """Return the command that goes on with a line."""
    known = line.file.parent == notebook_of(STEPS[0]).parents[1] / "parameters"
    words = ["./workbench", "release", line.file.stem if known else str(line.file)]
    words += [word for key, value in line.overrides.items() for word in ("-p", f"{key}={value}")]
    return shlex.join(words)


@contextmanager
def _forwarded() -> Iterator[Mapping[str, str]]:
    """Show the progress of kernels that see the yielded environment: they append to a file that is followed."""
    with scratch_folder("progress") as folder:
        path = folder / "progress"
        path.touch()
        ended = threading.Event()
        follower = threading.Thread(target=_follow, args=(path, ended), daemon=True)
        follower.start()
        try:
            yield {FORWARD_VARIABLE: str(path)}
        finally:
            ended.set()
            follower.join(5)


def _follow(path: Path, ended: threading.Event) -> None:
    show = progress.listener()
    under_way: dict[str, Event] = {}
    with path.open(encoding="utf-8") as file:
        rest = ""
        while True:
            last = ended.is_set()
            rest += file.read()
            *lines, rest = rest.split("\n")
            for line in lines:
                event = Event(**json.loads(line))
                under_way[event.id] = event
                if event.kind in ("end", "fail"):
                    del under_way[event.id]
                show(event)
            if last:
                break
            ended.wait(0.2)
    # A kernel that was ended does not say what it left.
    for event in under_way.values():
        show(replace(event, kind="fail"))
