"""XML out of the network, read without trusting it.

No entity is ever expanded and nothing else is read because a document names it: that closes the door to entity
bombs and to local files. What is longer or deeper than metadata of packages can be is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from xml.parsers import expat

from atomic_kit.errors import StepError

# Characters of one attribute, and elements inside each other; the longest real ones are some thousands, and eight.
LONGEST_ATTRIBUTE = 1 << 16
DEEPEST = 64
# Bytes of a file's name, which gets a checksum before it in the cache; file systems have room for 255.
_LONGEST_NAME = 170


def parse_xml(content: bytes, *, of: str, doctype: bool = False) -> ElementTree.Element:
    """Return the root of a document; tags and attributes have their local names, without a namespace.

    `of` names the document in messages. With `doctype` it may say what document type it is, as comps do. Raises
    StepError when it is not XML or not a harmless one.
    """
    builder = ElementTree.TreeBuilder()
    parser = Parser(of, doctype=doctype)

    def start(name: str, attributes: list[str]) -> None:
        keys = (local_name(key) for key in attributes[::2])
        builder.start(local_name(name), dict(zip(keys, attributes[1::2], strict=True)))

    def end(name: str) -> None:
        parser.leave()
        builder.end(local_name(name))

    parser.on_start = start
    parser.expat.EndElementHandler = end
    parser.expat.CharacterDataHandler = builder.data
    parser.feed(content)
    parser.close()
    return builder.close()


def safe_location(location: str, *, of: str) -> str:
    """Return a location when it lies below its repository; raise StepError when it climbs out or leads elsewhere."""
    plain = unquote(location)
    parts = urlsplit(location)
    if (
        not plain
        or parts.scheme
        or parts.netloc
        or plain.startswith("/")
        or re.search(r"[\x00-\x1f\x7f\\?#]", plain)
        or {".", ".."} & set(plain.split("/"))
    ):
        raise StepError(
            f"{of} names the location {location[:200]!r}, which is not below the repository",
            hint="somebody may have tampered with it; do not use this place",
        )
    if max(len(part.encode()) for part in location.split("/")) > _LONGEST_NAME:
        raise StepError(f"{of} names a file by more than {_LONGEST_NAME} bytes: {location[:80]}...")
    return location


class Parser:
    """expat with everything refused that metadata have no use for; `feed` and `close` raise StepError.

    `on_start` gets a name with its namespace and the attributes, names and values in turn.
    """

    def __init__(self, of: str, *, doctype: bool) -> None:
        self._of, self._doctype, self._depth = of, doctype, 0
        self.on_start: Callable[[str, list[str]], None] = lambda _name, _attributes: None
        self.expat = expat.ParserCreate(namespace_separator=" ")
        self.expat.ordered_attributes = True
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.StartDoctypeDeclHandler = self._document_type
        self.expat.EntityDeclHandler = self._refused
        self.expat.ExternalEntityRefHandler = self._refused
        self.expat.SkippedEntityHandler = self._refused

    def feed(self, piece: bytes) -> None:
        try:
            self.expat.Parse(piece, False)
        except expat.ExpatError as error:
            raise self._broken(error) from error

    def close(self) -> None:
        try:
            self.expat.Parse(b"", True)
        except expat.ExpatError as error:
            raise self._broken(error) from error

    def leave(self) -> None:
        self._depth -= 1

    def check_size(self, depth: int, attributes: list[str]) -> None:
        """Raise StepError for an element that is too deep or has too much in it."""
        if depth > DEEPEST:
            raise StepError(f"{self._of} has more than {DEEPEST} elements inside each other")
        if attributes and max(map(len, attributes)) > LONGEST_ATTRIBUTE:
            raise StepError(f"{self._of} has an attribute of more than {LONGEST_ATTRIBUTE} characters")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self.check_size(self._depth, attributes)
        self.on_start(name, attributes)

    def _document_type(self, name: str, system: str | None, public: str | None, inside: bool) -> None:
        if inside or not self._doctype:
            self._refused()

    def _refused(self, *_: object) -> int:
        raise StepError(f"{self._of} uses entities or declares a document type", hint="metadata never do")

    def _broken(self, error: expat.ExpatError) -> StepError:
        said = expat.ErrorString(error.code)
        return StepError(f"{self._of} is not whole XML (line {error.lineno}: {said})", hint="run again")


def text_of(element: ElementTree.Element, path: str) -> str:
    """Return the text of the first element below that has this path, without blanks around it; else nothing."""
    return (element.findtext(path) or "").strip()


def number_of(element: ElementTree.Element, path: str, *, of: str) -> int | None:
    """Return the number in the first element that has this path, None when there is none; it must be sensible."""
    text = text_of(element, path)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]*)?", text):
        raise StepError(f"{of} says {path} {text[:40]!r}, which is no number of this kind")
    return int(text.partition(".")[0])


def local_name(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(" ")[2]
