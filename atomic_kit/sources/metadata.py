"""The metadata of one rpm_repo: found on a mirror, verified, and only then given a name in the cache.

What vouches for what: the parameters for keys, metalink and places; a signature or the metalink for repomd.xml;
repomd.xml for every other file, as it is stored and as it is unpacked.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from atomic_kit.errors import FetchError, StepError
from atomic_kit.files import new_file, read_json, value_digest, write_json
from atomic_kit.rpm_repos import RpmRepo
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.keys import Keyring, check_detached
from atomic_kit.sources.mirrors import Mirrors, find_mirrors
from atomic_kit.sources.repomd import LIMIT, Repomd, parse_repomd
from atomic_kit.sources.stored import PACKED, Wanted, stored_file
from atomic_kit.web import Session, read_url

# Goes up when more is checked: what was kept under a lower number is fetched and checked anew.
_FORM = 2
# Seconds after which files that no repomd.xml names any more go.
_KEEP = 14 * 86400


@dataclass(frozen=True, slots=True)
class _Head:
    """A verified repomd.xml as it came, with its signature and what its server said of it."""

    content: bytes
    signature: bytes | None
    origin: dict[str, str]
    repomd: Repomd

    @property
    def digest(self) -> str:
        """The SHA-256 of what was verified; what another run writes meanwhile has no part in it."""
        return hashlib.sha256(self.content).hexdigest()


class MetadataReader:
    """Reads the metadata of one rpm_repo into a folder, and knows its mirrors.

    `keyring` gives the keys when repomd.xml must be signed. Without `refresh`, what the folder has is used, and what
    it lacks is fetched; `offline` nothing is fetched.
    """

    def __init__(
        self,
        web: Session,
        rpm_repo: RpmRepo,
        *,
        folder: Path,
        keyring: Callable[[], Keyring],
        refresh: bool,
        offline: bool = False,
    ) -> None:
        place = value_digest([_FORM, rpm_repo.baseurl, rpm_repo.metalink, rpm_repo.mirrorlist])[:8]
        self._web, self._rpm_repo, self._folder = web, rpm_repo, folder / f"{rpm_repo.id}-{place}"
        self._keyring, self._refresh, self._offline = keyring, refresh and not offline, offline
        self._mirrors: Mirrors | None = None

    @property
    def mirrors(self) -> Mirrors:
        """The mirrors, asked for once; raises StepError when nothing may be fetched."""
        if self._offline:
            raise StepError(f"not all of rpm_repo {self._rpm_repo.id} is cached", hint="run once without -C")
        if self._mirrors is None:
            self._mirrors = find_mirrors(self._web, self._rpm_repo)
        return self._mirrors

    def read(self) -> RpmRepoMetadata:
        """Return the verified metadata.

        Raises StepError when no mirror has them whole and right, or nothing is kept and nothing may be fetched. A
        repository that changes while it is read is read once more.
        """
        head = None if self._refresh else self._kept()
        if head is None and self._offline:
            raise StepError(f"nothing is cached for {self._rpm_repo.id}", hint="run once without -C")
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
                hint=f"if the owner of rpm_repo {self._rpm_repo.id} does not sign it, "
                "set repo_gpgcheck: false, or pass --no-repo-gpgcheck",
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
            head = self._checked(content, signature, origin) if isinstance(origin, dict) else None
        except (FileNotFoundError, FetchError, KeyError):
            return None
        # Two runs may have written at the same time: the origin of one says nothing of the other's content.
        return head if head and origin.get("sha256") == head.digest else None

    def _keep(self, head: _Head) -> None:
        """Write what was verified; the origin goes first and comes last, because it vouches for the others."""
        kept = self._folder / "repomd.xml"
        same = kept.is_file() and kept.read_bytes() == head.content
        origin = {**head.origin, "sha256": head.digest}
        if same and read_json(self._folder / "origin.json") == origin:
            return
        (self._folder / "origin.json").unlink(missing_ok=True)
        for name, content in (("repomd.xml.asc", head.signature), ("repomd.xml", head.content)):
            if content is not None:
                with new_file(self._folder / name) as part:
                    part.write_bytes(content)
        write_json(self._folder / "origin.json", origin)

    def _sweep(self, current: set[str], digest: str) -> None:
        """Remove what was of earlier states, parts that nobody finished too."""
        for path in self._folder.glob("*"):
            named = path.name in current or path.name in {f"{one}{suffix}" for one in current for suffix in PACKED}
            if named or path.name.startswith(("repomd.xml", "origin.json", digest[:32])) or not path.is_file():
                continue
            with suppress(OSError):  # another run may sweep too, or nobody may
                if time.time() - path.stat().st_mtime > _KEEP:
                    path.unlink()

    def _files(self, repomd: Repomd) -> dict[str, Path | None]:
        wanted = {
            "primary": repomd.first("primary"),
            "filelists": repomd.first("filelists"),
            "modules": repomd.first("modules"),
            "comps": repomd.first("group_gz", "group_xz", "group_zst", "group"),
            "updateinfo": repomd.first("updateinfo"),
        }
        return {name: self._file(Wanted(self._rpm_repo.id, name, one)) if one else None for name, one in wanted.items()}

    def _file(self, wanted: Wanted) -> Path:
        return stored_file(self._web, wanted, folder=self._folder, mirrors=lambda: self.mirrors)

    def _metadata(self, head: _Head, files: dict[str, Path | None]) -> RpmRepoMetadata:
        primary = files["primary"]
        assert primary is not None
        return RpmRepoMetadata(
            id=self._rpm_repo.id,
            primary=primary,
            filelists=files["filelists"],
            digest=head.digest,
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
