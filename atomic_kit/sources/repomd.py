"""repomd.xml: the list of a repository's metadata files, each with its size and checksums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from atomic_kit.errors import StepError
from atomic_kit.files import Checksum
from atomic_kit.sources.documents import number_of, parse_xml, safe_location, text_of

LIMIT = 16 << 20  # bytes; real ones have a few thousand


@dataclass(frozen=True, slots=True)
class Record:
    """One metadata file: where it lies below the repository, its checksums and sizes in bytes, packed and unpacked."""

    type: str
    location: str
    checksum: Checksum
    size: int | None
    open_checksum: Checksum | None
    open_size: int | None


@dataclass(frozen=True, slots=True)
class Repomd:
    """The records by type, and when the youngest file in it was made."""

    records: Mapping[str, Record]
    generated: datetime

    def first(self, *types: str) -> Record | None:
        """Return the record of the first type that there is."""
        return next((self.records[one] for one in types if one in self.records), None)


def parse_repomd(content: bytes, *, of: str) -> Repomd:
    """Read a repomd.xml; raise StepError when it is damaged, names no primary or climbs out of its repository.

    Records of types that nothing here reads are not looked at.
    """
    root = parse_xml(content, of=of)
    if root.tag != "repomd":
        raise StepError(f"{of} is not a repomd.xml", hint="is the place of the rpm_repo right?")
    read = ("primary", "filelists", "group", "group_gz", "group_xz", "group_zst", "modules", "updateinfo")
    elements = [element for element in root.findall("data") if element.get("type") in read]
    records = {record.type: record for record in (_record(element, of) for element in elements)}
    if "primary" not in records:
        raise StepError(f"{of} names no primary metadata", hint="is the place of the rpm_repo right?")
    stamps = [number_of(element, "timestamp", of=of) or 0 for element in elements]
    try:
        generated = datetime.fromtimestamp(max(stamps), UTC)
    except (OverflowError, ValueError, OSError):
        raise StepError(f"{of} was made at {max(stamps)} s, which is no time") from None
    return Repomd(records, generated)


def _record(element: ElementTree.Element, of: str) -> Record:
    kind = element.get("type", "")
    place = element.find("location")
    if place is None or place.get("base") is not None:
        raise StepError(f"{of} does not say where its {kind} is, or that it is elsewhere")
    checksum, opened = element.find("checksum"), element.find("open-checksum")
    return Record(
        type=kind,
        location=safe_location(place.get("href", ""), of=of),
        checksum=_checksum(checksum, f"the {kind} of {of}"),
        size=number_of(element, "size", of=of),
        open_checksum=None if opened is None else _checksum(opened, f"the unpacked {kind} of {of}"),
        open_size=number_of(element, "open-size", of=of),
    )


def _checksum(element: ElementTree.Element | None, of: str) -> Checksum:
    if element is None:
        return Checksum.parse("", "", of=of)
    return Checksum.parse(element.get("type", ""), text_of(element, "."), of=of)
