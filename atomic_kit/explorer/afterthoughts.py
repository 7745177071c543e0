"""What follows a picture because it takes longer: why there is none, or the sizes of the requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from atomic_kit.explorer.study import Study
from atomic_kit.solver import Request

# Seconds: what is asked for comes in pieces, so that a click meanwhile hardly waits.
PIECE = 0.015


def afterthoughts(study: Study, request: Request) -> Iterator[dict[str, Any]]:
    """Yield the messages that follow a request's picture, ready for JSON."""
    if study.answer(request) is None:
        error = study.explain(request)
        told = {"problems": error.problems, "cause": list(error.cause), "cures": list(error.cures)}
        yield {"kind": "problem", **told, "hint": error.hint}
        return
    piece: list[list[Any]] = []
    since = time.perf_counter()
    for size in study.request_sizes(request):
        piece.append([size.text, size.alone, size.additional])
        if time.perf_counter() - since > PIECE:
            yield {"kind": "sizes", "sizes": piece}
            piece, since = [], time.perf_counter()
    yield {"kind": "sizes", "sizes": piece, "last": True}
