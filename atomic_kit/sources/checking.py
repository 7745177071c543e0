"""Long metadata, held against the rules piece by piece before libsolv is asked about them.

libsolv takes what it can use and says nothing of the rest, so what a package must have is looked at here. Nothing of
a document is kept. Millions of elements pass through: what is done for each of them is little.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from atomic_kit.errors import StepError
from atomic_kit.sources.documents import DEEPEST, LONGEST_ATTRIBUTE, Parser, local_name, safe_location
from atomic_kit.sources.rich import rich_fault

Rule = Callable[[list[str], str], None]
_MEND = "its owner must mend it"
# Controls, and the marks that turn the direction of a text: a terminal would show another name.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NAME, _VERSION = re.compile(r"[^\s/]+"), re.compile(r"[^\s/:-]+")
_EPOCH, _SIZE = re.compile(r"[0-9]{0,9}"), re.compile(r"[0-9]{1,18}")  # bytes; more would not fit into 63 bits
_NEEDED = frozenset({"name", "arch", "version", "checksum", "location"})


class XmlCheck:
    """Reads a document whose root is `root` piece by piece; `of` names it in messages.

    `close` says that it ended. Both raise StepError for what is not a harmless and whole XML document, and when the
    root says that there are more or fewer `package` elements in it than there are.
    """

    def __init__(self, of: str, *, root: str) -> None:
        self.of, self._root = of, root
        self.depth, self.packages = 0, 0
        self._stated = ""
        self._parser = Parser(of, doctype=False)
        self._rules = _Rules(self.rules())
        self.expat = self._parser.expat
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self.leave
        self.feed = self._parser.feed

    def rules(self) -> dict[str, Rule]:
        """Return what is done for an element, by its local name; it gets the attributes, and all of them as a text."""
        return {"package": self.package}

    def package(self, attributes: list[str], text: str) -> None:
        """A package begins, when it is in its place."""
        self.packages += self.depth == 2

    def leave(self, _: str) -> None:
        """An element ends."""
        self.depth -= 1

    def close(self) -> None:
        """Say that there is no more to come."""
        self._parser.close()
        if self._stated and self._stated != str(self.packages):
            raise StepError(f"{self.of} has {self.packages} packages, it says {self._stated[:40]}", hint=_MEND)

    def _start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        text = "".join(attributes)
        if self.depth > DEEPEST or len(text) > LONGEST_ATTRIBUTE:
            self._parser.check_size(self.depth, attributes)
        if self.depth == 1:
            self._check_root(name, dict(zip(attributes[::2], attributes[1::2], strict=True)))
        if rule := self._rules[name]:
            rule(attributes, text)

    def _check_root(self, name: str, attributes: dict[str, str]) -> None:
        if local_name(name) != self._root:
            raise StepError(f"{self.of} is a document {local_name(name)[:40]!r}, expected: {self._root}", hint=_MEND)
        self._stated = attributes.get("packages", "")


class PrimaryCheck(XmlCheck):
    """The packages of a repository: each has a name, a version and a place below it, and depends on what can be read.

    A StepError names the package.
    """

    def __init__(self, of: str) -> None:
        super().__init__(of, root="metadata")
        self._name = ""
        self._has: set[str] = set(_NEEDED)
        self._reads: str | None = None
        self._texts: list[str] = []
        self._sound: set[str] = set()

    def rules(self) -> dict[str, Rule]:
        """The elements of a package."""
        return {
            **super().rules(),
            "name": lambda *_: self._read("name"),
            "arch": lambda *_: self._read("arch"),
            "checksum": lambda *_: self._found("checksum"),
            "version": self._version,
            "size": self._size,
            "location": self._location,
            "entry": self._entry,
        }

    def package(self, attributes: list[str], text: str) -> None:
        """The one before it must be whole."""
        if self.depth == 2:
            self._whole()
            self.packages += 1
            self._name, self._has = "", set()

    def leave(self, _: str) -> None:
        """The text of an element is there when it ends."""
        self.depth -= 1
        if self._reads and self.depth == 2:
            self._take(self._reads, "".join(self._texts))
            self.expat.CharacterDataHandler, self._reads = None, None

    def close(self) -> None:
        """The last package must be whole too."""
        super().close()
        self._whole()

    def _whole(self) -> None:
        if missing := sorted(_NEEDED - self._has):
            raise self._fault(f"has no {missing[0]}")

    def _read(self, what: str) -> None:
        if self.depth == 3:
            self._reads, self._texts = what, []
            self.expat.CharacterDataHandler = self._texts.append

    def _take(self, what: str, text: str) -> None:
        if not _NAME.fullmatch(text) or _HIDDEN.search(text):
            raise self._fault(f"has the {what} {_shown(text)}" if text else f"has an empty {what}")
        self._has.add(what)
        if what == "name":
            self._name = text

    def _found(self, what: str) -> None:
        if self.depth == 3:
            self._has.add(what)

    def _version(self, attributes: list[str], text: str) -> None:
        if self.depth != 3:
            return
        has = dict(zip(attributes[::2], attributes[1::2], strict=True))
        for key, pattern in (("epoch", _EPOCH), ("ver", _VERSION), ("rel", _VERSION)):
            if not pattern.fullmatch(has.get(key, "")):
                raise self._fault(f"has the {key} {_shown(has.get(key, ''))} in its version")
        if _HIDDEN.search(text):
            raise self._fault(f"has the version {_shown(has['ver'])}")
        self._has.add("version")

    def _size(self, attributes: list[str], text: str) -> None:
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            if not _SIZE.fullmatch(value):
                raise self._fault(f"says that its {key} size is {_shown(value)} bytes")

    def _location(self, attributes: list[str], text: str) -> None:
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            if local_name(key) == "base":
                raise StepError(f"{self.of} sends its packages to {value[:200]!r}", hint="that is not supported")
            if local_name(key) == "href":
                safe_location(value, of=self.of)
                if _HIDDEN.search(value):
                    raise self._fault(f"has the location {_shown(value)}")
                self._found("location")

    def _entry(self, attributes: list[str], text: str) -> None:
        if not text.isprintable() and _HIDDEN.search(text):
            raise self._fault(f"names {_shown(attributes[1])}")
        if "(" in text:
            name = attributes[1] if attributes[0] == "name" else _named(attributes)
            if name.startswith("(") and name not in self._sound:
                if said := rich_fault(name):
                    raise self._fault(f"has the dependency {_shown(name)}, which cannot be read: {said}")
                self._sound.add(name)

    def _fault(self, said: str) -> StepError:
        which = self._name or f"number {self.packages}"
        return StepError(f"the package {which} in {self.of} {said}", hint=_MEND)


# What checks the long documents among the metadata.
CHECKS: dict[str, Callable[[str], XmlCheck]] = {
    "primary": PrimaryCheck,
    "filelists": lambda of: XmlCheck(of, root="filelists"),
    "updateinfo": lambda of: XmlCheck(of, root="updates"),
}


class _Rules(dict[str, Rule | None]):
    """Rules by names with their namespaces, as they come."""

    def __init__(self, by_local_name: dict[str, Rule]) -> None:
        super().__init__()
        self._by_local_name = by_local_name

    def __missing__(self, name: str) -> Rule | None:
        rule = self[name] = self._by_local_name.get(local_name(name))
        return rule


def _named(attributes: list[str]) -> str:
    return dict(zip(attributes[::2], attributes[1::2], strict=True)).get("name", "")


def _shown(text: str) -> str:
    """Return a text with what is hidden in it made visible."""
    return ascii(text[:80])
