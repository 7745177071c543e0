"""Where an rpm_repo lies, what it must be signed with and how much it counts: the words of a .repo file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from atomic_kit.sources import MODULE_STREAM


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _worded(value: Any) -> Any:
    """Take a number for the text that it is written as."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _fingerprint(value: Any) -> Any:
    """Take the blanks out of a fingerprint as gpg prints it."""
    return re.sub(r"\s+", "", value).upper() if isinstance(value, str) else value


def _placed(path: Path, info: ValidationInfo) -> Path:
    """Make a path absolute; it is relative to the file whose folder the context names."""
    folder = (info.context or {}).get("folder")
    return (folder / path).resolve() if folder else path


def _url(text: str) -> str:
    """Return a URL that can be asked for; raise ValueError otherwise."""
    try:
        parts = urlsplit(text)
        is_file, _ = parts.scheme == "file", parts.port
        has_place = parts.path and parts.hostname in (None, "localhost") if is_file else parts.hostname
    except ValueError:
        has_place = False
    if not has_place or not _URL.fullmatch(text) or len(text) > 2048:
        raise ValueError(f"got {text[:200]!r}, expected a URL of http, https or file, e.g. file:///srv/folder")
    return text


_URL = re.compile(r"(https?|file)://[^\s\x00-\x1f]+")
# A whole fingerprint: shorter ids can be made to collide.
Fingerprint = Annotated[str, BeforeValidator(_fingerprint), Field(pattern=r"^(?:[0-9A-F]{40}|[0-9A-F]{64})$")]
PlacedPath = Annotated[Path, AfterValidator(_placed)]
Url = Annotated[str, AfterValidator(_url)]
Urls = Annotated[tuple[Url, ...], BeforeValidator(_listed), Field(min_length=1)]
Patterns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)]
ModuleStream = Annotated[str, Field(pattern=f"^{MODULE_STREAM}$")]
RepoId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$", max_length=100)]


class Choices(BaseModel):
    """A frozen group of keys that knows no others."""

    # Built at the first use: a question about packages needs two of twenty.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RpmKey(Choices):
    """A public key by URL or file, and the fingerprints of the primary keys that may be in it.

    A key out of the network is nothing without a fingerprint; all keys of a local file count when none is given.
    """

    url: Url | None = None
    file: PlacedPath | None = None
    fingerprint: Annotated[tuple[Fingerprint, ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("a key needs either url or file")
        if self.url is not None and not self.fingerprint:
            raise ValueError("a key out of the network needs its fingerprint, all 40 digits of it")
        return self

    @property
    def place(self) -> str:
        """Where the key lies, for messages."""
        return self.url or str(self.file)


class RpmRepo(Choices):
    """One rpm_repo in the words of a .repo file; dnf.conf(5) says what they mean.

    Signatures of packages (`gpgcheck`) and of repomd.xml (`repo_gpgcheck`) are demanded unless switched off.
    Among several places a metalink is preferred, then a mirrorlist, then the base URLs in their order.
    """

    id: RepoId
    baseurl: Urls = Field(default=(), validate_default=False)
    metalink: Url | None = None
    mirrorlist: Url | None = None
    gpgcheck: bool = True
    repo_gpgcheck: bool = True
    gpgkey: tuple[RpmKey, ...] = ()
    enabled: bool = True
    priority: Annotated[int, Field(ge=1, le=99)] = 99
    cost: Annotated[int, Field(ge=0)] = 1000
    excludepkgs: Patterns = ()
    includepkgs: Patterns = ()
    module_hotfixes: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not (self.baseurl or self.metalink or self.mirrorlist):
            raise ValueError("an rpm_repo needs baseurl, metalink or mirrorlist")
        checked = [key for key in ("gpgcheck", "repo_gpgcheck") if getattr(self, key)]
        if checked and not self.gpgkey and self.enabled:
            raise ValueError(f"{' and '.join(checked)} (on by default) needs gpgkey; give one or switch it off")
        return self


class RpmMdSource(Choices):
    """Packages from rpm-md repositories over http, https or file.

    `repo_files` are .repo files whose `$releasever`, `$basearch`, `$arch` and `$NAME` are filled in from
    `releasever` (the treefile's when it is not given), the line's arch and `variables`; `fingerprints` are those
    of the keys that these files may name by URL. `modules` are streams to enable, e.g. `nodejs:20`;
    `platform` is what modules may require (`el9`), by default `el` and the releasever.
    """

    kind: Literal["rpm-md"]
    rpm_repos: tuple[RpmRepo, ...] = ()
    repo_files: tuple[PlacedPath, ...] = ()
    fingerprints: Annotated[tuple[Fingerprint, ...], BeforeValidator(_listed)] = ()
    releasever: Annotated[str | None, BeforeValidator(_worded)] = None
    variables: dict[str, str] = {}
    modules: tuple[ModuleStream, ...] = ()
    platform: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not (self.rpm_repos or self.repo_files):
            raise ValueError("an rpm-md source needs rpm_repos or repo_files")
        ids = [rpm_repo.id for rpm_repo in self.rpm_repos]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"two rpm_repos have the id {twice[0]}")
        return self
