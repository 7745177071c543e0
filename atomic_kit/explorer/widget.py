"""The explorer's widget: messages from the page in, pictures out.

The page says what was done; the answer is one message with what the picture needs. What takes longer follows in
messages of its own and is dropped when something else was done meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import anywidget

from atomic_kit.errors import AtomicKitError, InputError
from atomic_kit.explorer import export
from atomic_kit.explorer.actions import ACTIONS, bar, cure, tick, whole
from atomic_kit.explorer.afterthoughts import PIECE, afterthoughts
from atomic_kit.explorer.details import describe
from atomic_kit.explorer.document import from_document, from_text, to_text
from atomic_kit.explorer.picture import ChangesBy, GroupBy, Picture, View, draw
from atomic_kit.explorer.state import Candidate, History, State, started
from atomic_kit.explorer.study import Study
from atomic_kit.files import write_text

_STATIC = Path(__file__).parent / "static"
# One module for the page, as anywidget takes it, out of files that know those before them.
_PARTS = (
    *("elements", "catalogue", "page", "help", "search", "top", "requests", "treemap", "changes"),
    *("paths", "details", "cells", "table", "explorer"),
)
# Seconds: sizes of requests are asked for when no click has come for a while.
_PAUSE = 0.4
_LARGEST_VIEW = 5000


class Explorer(anywidget.AnyWidget):
    """A package set to change by hand, with its pictures; `state` is what is looked at now."""

    _esm = "\n".join((_STATIC / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)
    _css = _STATIC / "explorer.css"

    def __init__(self, study: Study, start: Candidate, origin: export.Origin, *, state: State | None = None) -> None:
        super().__init__()
        self._study, self._origin = study, origin
        self._history = History(state or started(start))
        self._view = View()
        self._selected: int | None = None
        # A link that could not be read stays in the address until something is changed.
        self._unread = False
        self._following: asyncio.Task[None] | None = None
        self.on_msg(self._receive)
        # The graphs' library takes long to load: meanwhile the page is drawn.
        threading.Thread(target=import_module, args=("networkx",), daemon=True).start()

    @property
    def state(self) -> State:
        """What is looked at now."""
        return self._history.now

    @property
    def link(self) -> str:
        """The state as a text: `#state=TEXT` after the page's address brings it back."""
        return to_text(self.state)

    def text(self, kind: str) -> str:
        """Return the shown candidate as a file's text: treefile, lock or csv; or all candidates: state.

        Raises InputError for another kind and for what cannot be solved.
        """
        return export.file_text(self._study, self.state, self._origin, kind)

    def export(self, kind: str, path: str | Path) -> Path:
        """Write what `text` returns, whole or not at all; return where."""
        target = Path(path)
        write_text(target, self.text(kind))
        return target

    # --- The conversation with the page -------------------------------------------------------------------

    def _receive(self, _: Any, message: Any, buffers: Any) -> None:
        started_at = time.perf_counter()
        try:
            self._act(message)
        except AtomicKitError as error:
            self._notice(str(error))
        except Exception as error:
            self._notice(f"this cannot be done ({type(error).__name__}: {error}); everything is as it was")
        finally:
            turn = message.get("turn") if isinstance(message, Mapping) else None
            self.send({"kind": "done", "turn": turn, "seconds": time.perf_counter() - started_at})

    def _notice(self, text: str) -> None:
        # What is no text, as half of a pair of surrogates, would not reach the page.
        self.send({"kind": "notice", "text": text.encode(errors="backslashreplace").decode()})

    def _act(self, message: Mapping[str, Any]) -> None:
        do = str(message.get("do"))
        if do in ACTIONS:
            state = ACTIONS[do](self.state, message)
            row = None if message.get("row") is None else whole(message, "row")
            self._change(state, select=row)
        elif do in _OTHERS:
            _OTHERS[do](self, message)
        else:
            raise InputError(f"the page asked for {do!r}, which is not known", hint="reload the page")

    def _change(self, state: State, *, select: int | None = None) -> None:
        self._step(self._history.to(state), select=select)

    def _ready(self, message: Mapping[str, Any]) -> None:
        self._set_view(message)
        head = {
            "kind": "catalogue",
            "title": self._origin.title,
            "repos": [one.id for one in self._origin.snapshot.rpm_repos],
        }
        self.send(head, [self._study.catalogue.packed])
        if (link := message.get("link")) and not self._history.past:
            try:
                return self._step(History(from_text(str(link))))
            except Exception as error:
                self._unread = True
                self._notice(str(error))
        return self._show()

    def _restore(self, message: Mapping[str, Any]) -> None:
        self._unread = True
        self._change(from_text(str(message.get("text", ""))))

    def _open(self, message: Mapping[str, Any]) -> None:
        try:
            document = json.loads(str(message.get("text", "")))
        except ValueError as error:
            raise InputError(f"the file is not JSON ({error})", hint="open a file that the explorer saved") from None
        self._change(from_document(document))

    def _set_view(self, message: Mapping[str, Any]) -> None:
        try:
            width, height = (min(max(float(message[key]), 50), _LARGEST_VIEW) for key in ("width", "height"))
            if not math.isfinite(width + height):
                raise ValueError("it has no size")
            group, changes = GroupBy(message["group"]), ChangesBy(message["changes"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"the page asked for a view that is not known ({error})", hint="reload it") from None
        self._view = View(group, changes, width, height)

    def _look(self, message: Mapping[str, Any]) -> None:
        self._set_view(message)
        self._show()

    def _select(self, message: Mapping[str, Any]) -> None:
        row = message.get("row")
        known = isinstance(row, int) and 0 <= row < len(self._study.catalogue.ids)
        self._selected = row if known else None
        self._tell_details()

    def _download(self, message: Mapping[str, Any]) -> None:
        kind = str(message.get("file"))
        text = self.text(kind)
        name, media = export.FILES[kind]
        self.send({"kind": "file", "name": name, "type": media}, [text.encode()])

    def _step(self, history: History, *, select: int | None = None) -> None:
        """Go to another history, once its picture is drawn: what cannot be drawn is not gone to."""
        picture = draw(self._study, history, self._view)
        if select is not None:
            self._selected = self._study.row_in_set(history.now.shown.request, select)
        self._history, self._unread = history, False
        self._send_picture(picture)

    def _show(self) -> None:
        self._send_picture(draw(self._study, self._history, self._view))

    def _send_picture(self, picture: Picture) -> None:
        content = {"kind": "picture", "keep_address": self._unread, **picture.data}
        self.send(content, [picture.rows, picture.reasons])
        self._tell_details()
        self._follow()

    def _tell_details(self) -> None:
        if self._selected is not None:
            details = describe(self._study, self.state.shown.request, self._selected)
            self.send({"kind": "details", **details})

    # --- What follows the picture -------------------------------------------------------------------------

    def _follow(self) -> None:
        """Send what takes longer, piece by piece, from the kernel's loop when there is one."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._following:
            self._following.cancel()
        self._following = loop.create_task(self._send_all(self.afterthoughts()))

    async def _send_all(self, messages: Iterator[dict[str, Any]]) -> None:
        await asyncio.sleep(_PAUSE if self._study.answer(self.state.shown.request) else 0)
        try:
            for message in messages:
                self.send(message)
                await asyncio.sleep(PIECE)
        except Exception as error:
            self._notice(f"what follows the picture cannot be told ({type(error).__name__}: {error})")

    def afterthoughts(self) -> Iterator[dict[str, Any]]:
        """Yield the messages that follow a picture: why there is none, or the sizes of the requests."""
        yield from afterthoughts(self._study, self.state.shown.request)


_OTHERS: Mapping[str, Callable[[Explorer, Mapping[str, Any]], None]] = {
    "ready": Explorer._ready,
    "restore": Explorer._restore,
    "open": Explorer._open,
    "look": Explorer._look,
    "select": Explorer._select,
    "download": Explorer._download,
    "tick": lambda self, message: self._change(tick(self._study, self.state, whole(message, "row"))),
    "bar": lambda self, message: self._change(bar(self._study, self.state, whole(message, "row"))),
    "cure": lambda self, message: self._change(cure(self.state, str(message.get("words")))),
    "undo": lambda self, message: self._step(self._history.undo()),
    "redo": lambda self, message: self._step(self._history.redo()),
}
