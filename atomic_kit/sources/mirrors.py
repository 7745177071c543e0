"""The mirrors of one rpm_repo: where they come from, and going on to the next when one fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree

from atomic_kit.errors import FetchError, StepError
from atomic_kit.files import Checksum
from atomic_kit.rpm_repos import RpmRepo
from atomic_kit.sources.documents import number_of, parse_xml, text_of
from atomic_kit.web import Session, read_url

_LIMIT = 8 << 20  # bytes of a metalink or mirrorlist
_REPOMD = "repodata/repomd.xml"
_STRONGEST_FIRST = ("sha512", "sha384", "sha256")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pin:
    """What a metalink says that repomd.xml is: its checksum, and its size in bytes if it says that."""

    checksum: Checksum
    size: int | None


@dataclass(slots=True)
class Mirrors:
    """Base URLs in the order in which they are tried; those that failed are not tried again in this run.

    `pins` are the versions of repomd.xml that may be accepted, the present one first; none when nothing says.
    """

    rpm_repo: str
    bases: tuple[str, ...]
    pins: tuple[Pin, ...] = ()
    failed: dict[str, FetchError] = field(default_factory=dict)

    def first(self, action: Callable[[str], T], *, what: str, chances: int = 2) -> T:
        """Return what `action` returns for the first mirror (a base URL without a final slash) that can do it.

        When all failed and none of them was wrong, only slow or out of reach, all get one more chance. Raises
        FetchError when none can: the mirror's own when there is one mirror only.
        """
        tried: dict[str, FetchError] = {}
        for base in self.bases:
            if (known := self.failed.get(base)) is not None:
                tried[base] = known
                continue
            try:
                return action(base)
            except FetchError as error:
                tried[base] = self.failed[base] = error
        errors = list(tried.values())
        if chances > 1 and not any(error.stale for error in errors):
            for base in tried:
                self.failed.pop(base, None)
            return self.first(action, what=what, chances=chances - 1)
        if len(errors) == 1:
            raise errors[0]
        raise FetchError(
            f"none of the {len(errors)} mirrors of rpm_repo {self.rpm_repo} gives {what}; "
            f"the last one: {errors[-1].what}",
            hint=errors[-1].hint,
            stale=any(error.stale for error in errors),
        )


def find_mirrors(web: Session, rpm_repo: RpmRepo) -> Mirrors:
    """Return the mirrors that an rpm_repo's metalink, mirrorlist or base URLs name.

    Raises FetchError when the list cannot be had, StepError when it cannot be used.
    """
    if rpm_repo.metalink:
        bases, pins = parse_metalink(_read(web, rpm_repo.metalink), of=f"the metalink of rpm_repo {rpm_repo.id}")
        return Mirrors(rpm_repo.id, bases, pins)
    if rpm_repo.mirrorlist:
        text = _read(web, rpm_repo.mirrorlist)
        return Mirrors(rpm_repo.id, parse_mirrorlist(text, of=f"the mirrorlist of rpm_repo {rpm_repo.id}"))
    return Mirrors(rpm_repo.id, tuple(one.rstrip("/") for one in rpm_repo.baseurl))


def parse_metalink(content: bytes, *, of: str) -> tuple[tuple[str, ...], tuple[Pin, ...]]:
    """Return the base URLs, preferred ones first, and the versions of repomd.xml that a metalink vouches for."""
    root = parse_xml(content, of=of)
    file = next((one for one in root.iter("file") if one.get("name") == "repomd.xml"), None)
    if root.tag != "metalink" or file is None:
        raise StepError(f"{of} is not a metalink for repomd.xml", hint="check its URL")
    places = [(_preference(element), text_of(element, ".")) for element in file.iterfind("resources/url")]
    places.sort(key=lambda place: -place[0])
    bases = tuple(dict.fromkeys(url.removesuffix(_REPOMD).rstrip("/") for _, url in places if _is_usable(url)))
    if not bases:
        raise StepError(f"{of} names no mirror over http or https", hint="run again, or name a baseurl")
    return bases, tuple(_pin(element, of) for element in (file, *file.iterfind("alternates/alternate")))


def parse_mirrorlist(content: bytes, *, of: str) -> tuple[str, ...]:
    """Return the base URLs of a mirrorlist: a line each, with # before remarks."""
    lines = [line.strip() for line in content.decode("utf-8", errors="replace").splitlines()]
    bases = tuple(dict.fromkeys(line.rstrip("/") for line in lines if _is_http(line)))
    if not bases:
        raise StepError(f"{of} names no mirror over http or https", hint="check its URL; what came may be a web page")
    return bases


def _pin(element: ElementTree.Element, of: str) -> Pin:
    stated = {one.get("type", "").lower(): text_of(one, ".") for one in element.iterfind("verification/hash")}
    name = next((one for one in _STRONGEST_FIRST if one in stated), next(iter(stated), ""))
    checksum = Checksum.parse(name, stated.get(name, ""), of=f"the repomd.xml of {of}")
    return Pin(checksum, number_of(element, "size", of=of))


def _preference(element: ElementTree.Element) -> int:
    text = element.get("preference", "0")
    return int(text) if text.isdigit() and len(text) < 9 else 0


def _is_usable(url: str) -> bool:
    return _is_http(url) and url.endswith("/" + _REPOMD)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not any(one <= " " for one in url)


def _read(web: Session, url: str) -> bytes:
    answer = read_url(web, url, limit=_LIMIT)
    assert answer is not None, "nothing was known that could be unchanged"
    return answer.content
