"""The name of the source RPM in a finished RPM file.

rpm_rs writes the tag with `(none)` in it and has no way to say more. Source of the format: the RPM manual,
"Package File Format, version 4".
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

_LEAD = 96
_MAGIC = b"\x8e\xad\xe8\x01\x00\x00\x00\x00"
_INTRO = struct.Struct(">8sII")
_ENTRY = struct.Struct(">IIII")
_SOURCE_RPM, _SHA1, _SHA256 = 1044, 269, 273
# The width in bytes of one value of each type of fixed width, by the type's number; values are aligned to it.
_WIDTHS = {0: 0, 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
_ALIGNMENT = 8


@dataclass(slots=True)
class _Header:
    """A header's index entries (tag, type, offset into the store, count) and its store."""

    entries: list[tuple[int, int, int, int]]
    store: bytearray

    @classmethod
    def read(cls, rpm: bytes, start: int) -> _Header:
        magic, count, size = _INTRO.unpack_from(rpm, start)
        if magic != _MAGIC:
            raise ValueError("not an RPM file of format 4")
        index = start + _INTRO.size
        entries = [_ENTRY.unpack_from(rpm, index + number * _ENTRY.size) for number in range(count)]
        store = index + count * _ENTRY.size
        return cls(entries, bytearray(rpm[store : store + size]))

    def __bytes__(self) -> bytes:
        intro = _INTRO.pack(_MAGIC, len(self.entries), len(self.store))
        return b"".join((intro, *(_ENTRY.pack(*entry) for entry in self.entries), self.store))

    def value(self, wanted: int) -> slice:
        """Return where the store holds a tag's value."""
        return next(self._span(entry) for entry in self.entries if entry[0] == wanted)

    def with_text(self, tag: int, text: str) -> _Header:
        """Return the header with another text for a tag. rpm accepts no other gaps than those of alignment."""
        store = bytearray()
        moved = {}
        for entry in sorted(self.entries, key=lambda entry: entry[2]):
            data = text.encode() + b"\0" if entry[0] == tag else self.store[self._span(entry)]
            store += bytes(-len(store) % (_WIDTHS.get(entry[1]) or 1))
            moved[entry[0]] = len(store)
            store += data
        return _Header([(name, kind, moved[name], count) for name, kind, _, count in self.entries], store)

    def _span(self, entry: tuple[int, int, int, int]) -> slice:
        _, kind, start, count = entry
        if kind in _WIDTHS:
            return slice(start, start + _WIDTHS[kind] * count)
        end = start
        for _ in range(count):
            end = self.store.index(b"\0", end) + 1
        return slice(start, end)


def with_source_rpm(rpm: bytes, name: str) -> bytes:
    """Return an unsigned RPM file with `name` as its source RPM and its digests made anew."""
    signature = _Header.read(rpm, _LEAD)
    start = _LEAD + len(bytes(signature))
    start += -start % _ALIGNMENT
    header = _Header.read(rpm, start)
    payload = rpm[start + len(bytes(header)) :]
    changed = bytes(header.with_text(_SOURCE_RPM, name))
    for tag, digest in ((_SHA1, hashlib.sha1(changed)), (_SHA256, hashlib.sha256(changed))):
        signature.store[signature.value(tag)] = digest.hexdigest().encode() + b"\0"
    head = rpm[:_LEAD] + bytes(signature)
    return head + bytes(start - len(head)) + changed + payload
