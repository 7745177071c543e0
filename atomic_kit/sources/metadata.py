"""The metadata of one rpm_repo: found on a mirror, verified, and only then given a name in the cache.

What vouches for what: the parameters for keys, metalink and places; a signature or the metalink for repomd.xml;
repomd.xml for every other file, as it is stored and as it is unpacked.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from atomic_kit.download import download
from atomic_kit.errors import FetchError, StepError
from atomic_kit.files import file_digest, new_file, read_json, value_digest, write_json
from atomic_kit.rpm_repos import RpmRepo
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.documents import XmlCheck
from atomic_kit.sources.keys import Keyring, check_detached
from atomic_kit.sources.mirrors import Mirrors, find_mirrors
from atomic_kit.sources.repomd import LIMIT, Record, Repomd, parse_repomd
from atomic_kit.sources.unpacking import check_unpacked, unpacked
from atomic_kit.web import Session, read_url

_PACKED = (".gz", ".xz", ".zst", ".bz2")
# Seconds after which files that no repomd.xml names any more go.
_KEEP = 14 * 86400


@dataclass(frozen=True, slots=True)
class _Head:
    """A verified repomd.xml as it came, with its signature and what its server said of it."""

    content: bytes
    signature: bytes | None
    origin: dict[str, str]
    repomd: Repomd


class MetadataReader:
    """Reads the metadata of one rpm_repo into a folder, and knows its mirrors.

    `keyring` gives the keys when repomd.xml must be signed. Without `refresh`, what the folder has is used.
    """

    def __init__(
        self, web: Session, rpm_repo: RpmRepo, *, folder: Path, keyring: Callable[[], Keyring], refresh: bool
    ) -> None:
        place = value_digest([rpm_repo.baseurl, rpm_repo.metalink, rpm_repo.mirrorlist])[:8]
        self._web, self._rpm_repo, self._folder = web, rpm_repo, folder / f"{rpm_repo.id}-{place}"
        self._keyring, self._refresh = keyring, refresh
        self._mirrors: Mirrors | None = None

    @property
    def mirrors(self) -> Mirrors:
        """The mirrors, asked for once."""
        if self._mirrors is None:
            self._mirrors = find_mirrors(self._web, self._rpm_repo)
        return self._mirrors

    def read(self) -> RpmRepoMetadata:
        """Return the verified metadata.

        Raises StepError when no mirror has them whole and right. A repository that changes while it is read is
        read once more.
        """
        head = None if self._refresh else self._kept()
        try:
            head = head or self._fetched(self._kept())
            files = self._files(head.repomd)
        except FetchError as error:
            if not error.stale:
                raise
            head, files = self._again(error)
        self._keep(head)
        found = self._metadata(head, files)
        self._sweep({path.name for path in files.values() if path}, found.digest)
        return found

    def _again(self, first: FetchError) -> tuple[_Head, dict[str, Path | None]]:
        self._mirrors = None
        try:
            head = self._fetched(None)
            return head, self._files(head.repomd)
        except FetchError as error:
            hint = error.hint if error.what == first.what else "it changes while it is read; run again later"
            raise FetchError(f"rpm_repo {self._rpm_repo.id}: {error.what}", hint=hint) from error

    def _fetched(self, kept: _Head | None) -> _Head:
        if kept is not None and self.mirrors.pins and self.mirrors.pins[0].checksum.fits_bytes(kept.content):
            return kept
        return self.mirrors.first(lambda base: self._head(base, kept), what="a repomd.xml that is as it should be")

    def _head(self, base: str, kept: _Head | None) -> _Head:
        url = f"{base}/repodata/repomd.xml"
        # Where a metalink says that there is something newer, a mirror has no say in whether it changed.
        ask = kept is not None and not self.mirrors.pins and kept.origin.get("url") == url
        known = kept.origin if kept and ask else {}
        answer = read_url(self._web, url, limit=LIMIT, known=known)
        if answer is None:
            assert kept is not None
            return kept
        self._check_pin(answer.content, url)
        signature = self._signature(url) if self._rpm_repo.repo_gpgcheck else None
        return self._checked(answer.content, signature, {**answer.validators, "url": url})

    def _check_pin(self, content: bytes, url: str) -> None:
        if not (pins := self.mirrors.pins):
            return
        fits = any(pin.checksum.fits_bytes(content) and pin.size in (None, len(content)) for pin in pins)
        got = hashlib.new(pins[0].checksum.algorithm, content).hexdigest()
        if not fits:
            raise FetchError(
                f"{url} has the {pins[0].checksum.algorithm} {got}, the metalink says {pins[0].checksum.digest}",
                hint="the mirror is behind or damaged; run again later",
                stale=True,
            )

    def _signature(self, url: str) -> bytes:
        try:
            answer = read_url(self._web, f"{url}.asc", limit=1 << 20)
        except FetchError as error:
            if not error.stale:
                raise
            raise FetchError(
                f"{url} is not signed: there is no {url.rpartition('/')[2]}.asc",
                hint=f"set repo_gpgcheck: false for rpm_repo {self._rpm_repo.id} if its owner does not sign it",
            ) from error
        assert answer is not None
        return answer.content

    def _checked(self, content: bytes, signature: bytes | None, origin: dict[str, str]) -> _Head:
        url = origin["url"]
        if self._rpm_repo.repo_gpgcheck:
            check_detached(self._keyring(), content=content, signature=signature or b"", of=url)
        try:
            return _Head(content, signature, origin, parse_repomd(content, of=url))
        except FetchError:
            raise
        except StepError as error:
            raise FetchError(error.what, hint=error.hint) from error

    def _kept(self) -> _Head | None:
        """Return what an earlier run kept, verified anew; None when there is nothing or it does not do any more."""
        origin = read_json(self._folder / "origin.json")
        try:
            content = (self._folder / "repomd.xml").read_bytes()
            signature = (self._folder / "repomd.xml.asc").read_bytes() if self._rpm_repo.repo_gpgcheck else None
            return self._checked(content, signature, origin) if isinstance(origin, dict) else None
        except (OSError, FetchError, KeyError):
            return None

    def _keep(self, head: _Head) -> None:
        """Write what was verified; the origin goes first and comes last, because it vouches for the others."""
        kept = self._folder / "repomd.xml"
        same = kept.is_file() and kept.read_bytes() == head.content
        if same and read_json(self._folder / "origin.json") == head.origin:
            return
        (self._folder / "origin.json").unlink(missing_ok=True)
        for name, content in (("repomd.xml.asc", head.signature), ("repomd.xml", head.content)):
            if content is not None:
                with new_file(self._folder / name) as part:
                    part.write_bytes(content)
        write_json(self._folder / "origin.json", head.origin)

    def _sweep(self, current: set[str], digest: str) -> None:
        """Remove what was of earlier states, parts that nobody finished too."""
        for path in self._folder.glob("*"):
            named = path.name in current or path.name in {f"{one}{suffix}" for one in current for suffix in _PACKED}
            if named or path.name.startswith(("repomd.xml", "origin.json", digest[:32])) or not path.is_file():
                continue
            if time.time() - path.stat().st_mtime > _KEEP:
                path.unlink(missing_ok=True)

    def _files(self, repomd: Repomd) -> dict[str, Path | None]:
        wanted = {
            "primary": repomd.first("primary"),
            "filelists": repomd.first("filelists"),
            "modules": repomd.first("modules"),
            "comps": repomd.first("group_gz", "group_xz", "group_zst", "group"),
            "updateinfo": repomd.first("updateinfo"),
        }
        return {name: self._file(name, record) if record else None for name, record in wanted.items()}

    def _file(self, name: str, record: Record) -> Path:
        of = f"the {name} of rpm_repo {self._rpm_repo.id}"
        packing = PurePosixPath(record.location).suffix
        file_name = f"{name}{'.yaml' if name == 'modules' else '.xml'}{packing if packing in _PACKED else ''}"
        path = self._folder / f"{record.checksum.digest[:32]}-{file_name}"
        is_xml = name in ("primary", "filelists", "updateinfo")

        def check(part: Path) -> None:
            try:
                for _ in _read_through(part, record, of=of, is_xml=is_xml):
                    pass
            except StepError as error:
                raise FetchError(error.what, hint=error.hint, stale=True) from error

        def fetch(base: str) -> Path:
            url = f"{base}/{record.location}"
            return download(
                self._web, url, to=path, checksum=record.checksum, size=record.size, limit=1 << 30, check=check
            )

        if not record.checksum.fits(path):
            self.mirrors.first(fetch, what=record.location)
        if _is_readable(path):
            return path
        plain = path.with_suffix("")
        if record.open_checksum is None or not record.open_checksum.fits(plain):
            with new_file(plain) as part, part.open("wb") as file:
                for piece in _read_through(path, record, of=of, is_xml=False):
                    file.write(piece)
        return plain

    def _metadata(self, head: _Head, files: dict[str, Path | None]) -> RpmRepoMetadata:
        primary = files["primary"]
        assert primary is not None
        return RpmRepoMetadata(
            id=self._rpm_repo.id,
            primary=primary,
            filelists=files["filelists"],
            digest=file_digest(self._folder / "repomd.xml"),
            generated=head.repomd.generated,
            priority=self._rpm_repo.priority,
            cost=self._rpm_repo.cost,
            excludepkgs=self._rpm_repo.excludepkgs,
            includepkgs=self._rpm_repo.includepkgs,
            modules=files["modules"],
            comps=files["comps"],
            updateinfo=files["updateinfo"],
            module_hotfixes=self._rpm_repo.module_hotfixes,
        )


def _is_readable(path: Path) -> bool:
    """Say whether libsolv, as it is built for PyPI, reads a file: gz and nothing else, or plain."""
    if path.suffix not in _PACKED:
        return True
    with path.open("rb") as file:
        return path.suffix == ".gz" and file.read(2) == b"\x1f\x8b"


def _read_through(path: Path, record: Record, *, of: str, is_xml: bool) -> Iterator[bytes]:
    """Yield the unpacked content; raise StepError when it is not the one that repomd.xml names, or bad XML."""
    check = XmlCheck(of) if is_xml else None
    pieces = unpacked(path, size=record.open_size, of=of)
    for piece in check_unpacked(pieces, record.open_checksum, of=of):
        if check:
            check.feed(piece)
        yield piece
    if check:
        check.close()
