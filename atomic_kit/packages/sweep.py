"""Thousands of candidate sets at once: what each costs, what each keeps, and which are worth a look."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atomic_kit.errors import InputError, UnsolvableError
from atomic_kit.packages.what_if import changed, size_of
from atomic_kit.progress import step
from atomic_kit.solver import Pool, Request
from atomic_kit.yaml import read_yaml

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 64  # candidates; one takes milliseconds, so each message between processes holds many


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request to try and the name it has in the table."""

    name: str
    request: Request


def leave_one_out(request: Request) -> list[Candidate]:
    """Return a candidate for each request that is left out."""
    return [Candidate(f"without {text}", changed(request, remove=[text])) for text in request.texts]


def leave_two_out(request: Request) -> list[Candidate]:
    """Return a candidate for each pair of requests that is left out."""
    return [Candidate(f"without {a}, {b}", changed(request, remove=[a, b])) for a, b in combinations(request.texts, 2)]


def read_candidates(path: Path, request: Request) -> list[Candidate]:
    """Read a YAML or JSON map from names to `add`, `remove`, `exclude` (lists) and `recommends` (true or false).

    Each is a change of `request`. Raises InputError naming the entry that is something else.
    """
    document = read_yaml(path)
    if not isinstance(document, dict) or not document:
        raise InputError(f"{path} holds no candidates", hint="write NAME: {add: [...], remove: [...]}")
    return [Candidate(str(name), _candidate(path, str(name), entry, request)) for name, entry in document.items()]


def _candidate(path: Path, name: str, entry: Any, request: Request) -> Request:
    entry = {} if entry is None else entry
    known = {"add", "remove", "exclude", "recommends"}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise InputError(
            f"{path}: {name}: is no change of the request", hint=f"its keys can be {', '.join(sorted(known))}"
        )
    lists = {key: entry.get(key, []) for key in ("add", "remove", "exclude")}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise InputError(f"{path}: {name}: {key}: got {value!r}, expected: a list of names", hint="mend the file")
    recommends = entry.get("recommends")
    if recommends is not None and not isinstance(recommends, bool):
        raise InputError(
            f"{path}: {name}: recommends: got {recommends!r}, expected: true or false", hint="mend the file"
        )
    try:
        return changed(request, **lists, recommends=recommends)
    except InputError as error:
        raise InputError(f"{path}: {name}: remove: {error.what}", hint=error.hint) from None


def sweep(
    pool: Pool, candidates: Sequence[Candidate], *, keep: Sequence[str] = (), processes: int | None = None
) -> pd.DataFrame:
    """Solve every candidate and return a row for each, in their order.

    Columns: `candidate`, `packages` (count), `install_size` and `download_size` (bytes), `capabilities` (how many
    of the texts in `keep` the set provides), `lost` (those that it does not, joined by commas), `is_on_front` (no
    other candidate is smaller and provides as many) and `problem` (why there is no set; sizes are NaN then).
    """
    import pandas as pd

    count = min(processes or os.cpu_count() or 1, max(1, len(candidates) // _BATCH))
    with step(f"Solving {len(candidates)} candidate sets", total=len(candidates)) as bar:
        rows = []
        for row in _solved(pool, candidates, tuple(keep), count):
            rows.append(row)
            bar.advance()
    columns = ("candidate", "packages", "install_size", "download_size", "capabilities", "lost", "problem")
    frame = pd.DataFrame(rows, columns=list(columns)).astype(dict.fromkeys(("candidate", "lost", "problem"), "str"))
    frame = frame.astype(dict.fromkeys(("packages", "install_size", "download_size", "capabilities"), "Int64"))
    frame.insert(
        6, "is_on_front", on_front([row.get("install_size") for row in rows], [row.get("capabilities") for row in rows])
    )
    return frame


def on_front(sizes: Sequence[int | None], kept: Sequence[int | None]) -> list[bool]:
    """Say for each candidate whether no other is as small and keeps as many and is better in one of both.

    A candidate without a size is never on the front.
    """
    known = sorted(
        (size, -many, place)
        for place, (size, many) in enumerate(zip(sizes, kept, strict=True))
        if size is not None and many is not None
    )
    front: set[int] = set()
    best: tuple[int, int] | None = None
    for size, minus, place in known:
        if best is None or minus < best[1] or (size, minus) == best:
            best = (size, minus)
            front.add(place)
    return [place in front for place in range(len(sizes))]


# The pool that worker processes inherit: libsolv's objects cannot be sent to them.
_shared: Pool | None = None


def _solved(
    pool: Pool, candidates: Sequence[Candidate], keep: tuple[str, ...], processes: int
) -> Iterator[dict[str, Any]]:
    if processes <= 1:
        yield from (_row(pool, candidate, keep) for candidate in candidates)
        return
    global _shared
    _shared = pool
    batches = [candidates[start : start + _BATCH] for start in range(0, len(candidates), _BATCH)]
    try:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as workers:
            for rows in workers.map(_rows, batches, [keep] * len(batches)):
                yield from rows
    finally:
        _shared = None


def _rows(candidates: Sequence[Candidate], keep: tuple[str, ...]) -> list[dict[str, Any]]:
    assert _shared is not None, "a worker inherits the pool"
    return [_row(_shared, candidate, keep) for candidate in candidates]


def _row(pool: Pool, candidate: Candidate, keep: tuple[str, ...]) -> dict[str, Any]:
    try:
        chosen = pool.answer(candidate.request, in_words=False).chosen
    except UnsolvableError as error:
        problem = error.problems[0] if error.problems else "; ".join(pool.reasons_against(candidate.request)[:1])
        return {"candidate": candidate.name, "lost": "", "problem": problem}
    size = size_of(pool, chosen)
    lost = [text for text in keep if pool.matching(text).isdisjoint(chosen)]
    return {
        "candidate": candidate.name,
        "packages": size.packages,
        "install_size": size.install_size,
        "download_size": size.download_size,
        "capabilities": len(keep) - len(lost),
        "lost": ", ".join(lost),
        "problem": "",
    }
