"""A state as a JSON document, and as a text that fits into a link."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from atomic_kit.errors import InputError
from atomic_kit.explorer.state import LONGEST_TEXT, MOST_CANDIDATES, Candidate, State, check_text

_HINT = "open a file that the explorer saved, or a link that it gave"
# A text that is small in a link and huge when unpacked is none of ours.
_LARGEST = 4 * 2**20


def _checked(text: str) -> str:
    try:
        return check_text(text)
    except InputError as error:
        raise ValueError(error.what) from None


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_checked)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Candidate(_Model):
    name: Text
    packages: list[Text]
    exclude: list[Text] = []
    recommends: bool = True

    def value(self) -> Candidate:
        return Candidate(self.name, tuple(self.packages), tuple(self.exclude), self.recommends)


class _Document(_Model):
    schema_version: Literal[1]
    candidates: Annotated[list[_Candidate], Field(min_length=1, max_length=MOST_CANDIDATES)]
    start: _Candidate
    active: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _is_whole(self) -> _Document:
        if self.active >= len(self.candidates):
            raise ValueError(f"candidate {self.active} is to be shown and there are {len(self.candidates)}")
        if len({one.name for one in self.candidates}) < len(self.candidates):
            raise ValueError("two candidates have one name")
        return self


def to_document(state: State) -> dict[str, Any]:
    """Return a state as a JSON-able document."""
    return {
        "schema_version": 1,
        "candidates": [_fields(one) for one in state.candidates],
        "start": _fields(state.start),
        "active": state.active,
    }


def from_document(document: Any) -> State:
    """Return the state of a document; raises InputError that names the first fault."""
    try:
        checked = _Document.model_validate(document)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "the document"
        raise InputError(f"this is no state of the explorer: {place}: {fault['msg']}", hint=_HINT) from None
    return State(tuple(one.value() for one in checked.candidates), checked.start.value(), checked.active)


def to_text(state: State) -> str:
    """Return a state as a short text of letters, digits, `-` and `_`."""
    packed = zlib.compress(json.dumps(to_document(state), separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_text(text: str) -> State:
    """Return the state of a link's text; raises InputError when it is damaged."""
    try:
        packed = base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        document = unpacker.decompress(packed, _LARGEST)
        if not unpacker.eof:
            raise ValueError("it is cut off or too large")
        return from_document(json.loads(document))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise InputError(f"the link's state cannot be read ({error})", hint=_HINT) from None


def load_state(state: str | Path | None) -> State | None:
    """Return the state of a saved file or of a link's text, None for nothing."""
    if not state:
        return None
    text = str(state)
    if not isinstance(state, Path) and not text.endswith(".json"):
        return from_text(text.rpartition("state=")[2])
    try:
        return from_document(json.loads(Path(text).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"the state {text} cannot be read ({error})", hint="name a file that the explorer saved"
        ) from None


def _fields(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "packages": list(candidate.packages),
        "exclude": list(candidate.exclude),
        "recommends": candidate.recommends,
    }
