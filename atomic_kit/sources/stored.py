"""The files that a repomd.xml names: fetched, held against their checksums and read through before they get a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from atomic_kit.download import download
from atomic_kit.errors import FetchError, StepError
from atomic_kit.files import new_file
from atomic_kit.sources.checking import CHECKS
from atomic_kit.sources.mirrors import Mirrors
from atomic_kit.sources.repomd import Record
from atomic_kit.sources.unpacking import check_unpacked, unpacked
from atomic_kit.web import Session

PACKED = (".gz", ".xz", ".zst", ".bz2")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of metadata: `name` is primary, filelists, modules, comps or updateinfo."""

    rpm_repo: str
    name: str
    record: Record

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"the {self.name} of rpm_repo {self.rpm_repo}"

    @property
    def file_name(self) -> str:
        """Its name in the cache, which follows from its checksum."""
        packing = PurePosixPath(self.record.location).suffix
        kind = ".yaml" if self.name == "modules" else ".xml"
        return f"{self.record.checksum.digest[:32]}-{self.name}{kind}{packing if packing in PACKED else ''}"


def stored_file(web: Session, wanted: Wanted, *, folder: Path, mirrors: Callable[[], Mirrors]) -> Path:
    """Return a verified file of metadata in a form that libsolv reads, fetched when the folder has it not.

    Raises FetchError when no mirror has it whole and right; it is stale when what is there is not what it should be.
    """
    path, record = folder / wanted.file_name, wanted.record

    def check(part: Path) -> None:
        try:
            for _ in _read_through(part, wanted, is_checked=True):
                pass
        except StepError as error:
            raise FetchError(error.what, hint=error.hint, stale=True) from error

    def fetch(base: str) -> Path:
        url = f"{base}/{record.location}"
        return download(web, url, to=path, checksum=record.checksum, size=record.size, limit=1 << 30, check=check)

    if not record.checksum.fits(path):
        mirrors().first(fetch, what=record.location)
    return path if _is_readable(path) else _plain(path, wanted)


def _plain(path: Path, wanted: Wanted) -> Path:
    """Return a file unpacked, beside the packed one."""
    plain, opened = path.with_suffix(""), wanted.record.open_checksum
    if opened is None or not opened.fits(plain):
        with new_file(plain) as part, part.open("wb") as file:
            for piece in _read_through(path, wanted, is_checked=False):
                file.write(piece)
    return plain


def _is_readable(path: Path) -> bool:
    """Say whether libsolv, as it is built for PyPI, reads a file: gz and nothing else, or plain."""
    if path.suffix not in PACKED:
        return True
    with path.open("rb") as file:
        return path.suffix == ".gz" and file.read(2) == b"\x1f\x8b"


def _read_through(path: Path, wanted: Wanted, *, is_checked: bool) -> Iterator[bytes]:
    """Yield the unpacked content; raise StepError when it is not the one that repomd.xml names, or bad metadata."""
    check = CHECKS[wanted.name](wanted.title) if is_checked and wanted.name in CHECKS else None
    pieces = unpacked(path, size=wanted.record.open_size, of=wanted.title)
    for piece in check_unpacked(pieces, wanted.record.open_checksum, of=wanted.title):
        if check:
            check.feed(piece)
        yield piece
    if check:
        check.close()
