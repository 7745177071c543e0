"""From a .deb file to an RPM file with the same content.

What is not carried: maintainer scripts (the demo's own package does what matters of them) and Replaces,
which has no counterpart. Equal .deb files give equal RPM files.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import rpm_rs
import zstandard
from debian.arfile import ArError
from debian.changelog import Changelog
from debian.debfile import DebFile

from atomic_kit.errors import StepError
from atomic_kit.sources.demo.header import with_source_rpm
from atomic_kit.sources.demo.metadata import VENDOR
from atomic_kit.sources.demo.relations import Relations, relations, rpm_arch, rpm_version, source_rpm

# Part of the key under which converted packages are kept: raise it when their bytes change.
CONVERT_VERSION = 2
LICENSE_UNREAD = "LicenseRef-not-machine-readable"

_CHANGELOG_ENTRIES = 20
_MERGED = re.compile(r"^/(bin|sbin|lib|lib32|lib64|libx32)(?=/|$)")
_DOCUMENTATION = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/info/", "/usr/share/lintian/", "/usr/share/bug/")
_KERNEL = re.compile(r"^/boot/(vmlinuz|config|System\.map)-(.+)$")
_EQUAL, _LESS, _GREATER = rpm_rs.DependencyFlags.EQUAL, rpm_rs.DependencyFlags.LESS, rpm_rs.DependencyFlags.GREATER
_FLAGS = {"=": _EQUAL, "<": _LESS, ">": _GREATER, "<=": _LESS | _EQUAL, ">=": _GREATER | _EQUAL}


@dataclass(frozen=True, slots=True)
class Content:
    """One member of a .deb: its place on a merged /usr and its entry in the archive."""

    path: str
    entry: tarfile.TarInfo


def convert(deb: Path, *, folder: Path, virtual: frozenset[str]) -> Path:
    """Write the RPM of a .deb file into `folder` and return its path.

    Raises StepError when the .deb cannot be read.
    """
    try:
        with DebFile(str(deb)) as package:
            fields = {key: " ".join(value.split()) for key, value in package.debcontrol().items()}
            built = _build(package, fields, relations(fields, virtual=virtual))
    except (ArError, tarfile.TarError, lzma.LZMAError, zstandard.ZstdError, EOFError, ValueError, KeyError) as error:
        raise StepError(f"{deb.name} cannot be converted ({error})", hint=f"delete {deb} and run again") from error
    _, version, release = rpm_version(fields["Version"])
    path = folder / f"{fields['Package']}-{version}-{release}.{rpm_arch(fields['Architecture'])}.rpm"
    # Not by write_file: it says nothing when the disk is full.
    path.write_bytes(with_source_rpm(bytes(built.to_bytes()), source_rpm(fields)))
    return path


def _build(package: DebFile, fields: dict[str, str], its: Relations) -> rpm_rs.Package:
    archive = _data(package)
    documents = _Documents(archive, fields["Package"])
    epoch, version, release = rpm_version(fields["Version"])
    summary, _, description = package.debcontrol().get("Description", "").partition("\n")
    builder = rpm_rs.PackageBuilder(
        fields["Package"], version, documents.license(), rpm_arch(fields["Architecture"]), summary or fields["Package"]
    )
    changes = documents.changes()
    builder.using_config(reproducible(changes[0][2] if changes else 0))
    builder.release(release)
    if epoch:
        builder.epoch(epoch)
    builder.vendor(VENDOR)
    builder.build_host("localhost")
    builder.description(re.sub(r"(?m)^ \.?", "", description) or summary)
    builder.url(fields.get("Homepage", ""))
    for author, text, moment in changes:
        builder.add_changelog_entry(author, text, moment)
    for add, entries in (
        # The first one is the package itself, which the builder adds.
        (builder.provides, its.provides[1:]),
        (builder.requires, its.requires),
        (builder.recommends, its.recommends),
        (builder.conflicts, its.conflicts),
    ):
        for relation in entries:
            add(relation.name, relation.version or None, _FLAGS.get(relation.sign))
    conffiles = set(_text(package.control, "conffiles").split())
    for content in _contents(archive, fields["Package"]):
        _add(builder, archive, content, config=content.entry.name.lstrip(".") in conffiles)
    return builder.build()


def _data(package: DebFile) -> tarfile.TarFile:
    """Return the payload, decompressed once: reading it out of order would do it again for every file."""
    name = next(name for name in package.getnames() if name.startswith("data.tar"))
    packed = package.getmember(name).read()
    unpack: dict[str, Callable[[bytes], bytes]] = {
        "": bytes,
        ".tar": bytes,
        ".xz": lzma.decompress,
        ".gz": gzip.decompress,
        ".zst": zstandard.ZstdDecompressor().decompress,
    }
    return tarfile.open(fileobj=io.BytesIO(unpack[Path(name).suffix](packed)))


def reproducible(moment: int) -> rpm_rs.BuildConfig:
    """Return how every RPM file of the demo is built; `moment` (seconds since 1970) is the only time in it."""
    return rpm_rs.BuildConfig(
        format=rpm_rs.RpmFormat.V4,
        compression=rpm_rs.CompressionType.Zstd,
        compression_level=3,
        source_date=moment,
        reserved_space=0,
    )


def _contents(archive: tarfile.TarFile, name: str) -> Iterator[Content]:
    """Yield what the package holds, each place once, in the order of the archive."""
    seen = set()
    for entry in archive.getmembers():
        path = _place(entry.name)
        if path in seen or path in ("/", "/usr", "/boot"):
            continue
        # A link from the old place to the merged one would point to itself.
        if entry.issym() and _place(str(Path(path).parent / entry.linkname)) == path:
            continue
        if _MERGED.fullmatch(path):
            continue
        seen.add(path)
        yield Content(path, entry)
    if name == "base-files":
        for link in ("bin", "sbin", "lib", "lib64"):
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname, entry.uname, entry.gname = tarfile.SYMTYPE, f"usr/{link}", "root", "root"
            yield Content(f"/{link}", entry)


def _add(builder: rpm_rs.PackageBuilder, archive: tarfile.TarFile, content: Content, *, config: bool) -> None:
    path, entry = content.path, content.entry
    user, group = entry.uname or "root", entry.gname or "root"
    if entry.isdir():
        builder.with_dir_entry(rpm_rs.FileOptions.dir(path, user=user, group=group, permissions=entry.mode & 0o7777))
    elif entry.issym():
        builder.with_symlink(rpm_rs.FileOptions.symlink(path, entry.linkname, user=user, group=group))
    elif entry.isreg() or entry.islnk():
        file = archive.extractfile(entry)  # follows a hard link to what it names
        assert file is not None
        license_text = path.startswith("/usr/share/doc/") and path.endswith("/copyright")
        options = rpm_rs.FileOptions.new(
            path,
            user=user,
            group=group,
            permissions=entry.mode & 0o7777,
            config=config,
            noreplace=config,
            doc=path.startswith(_DOCUMENTATION) and not license_text,
            license=license_text,
        )
        builder.with_file_contents(file.read(), options)
    else:
        raise ValueError(f"{entry.name} is neither file, folder nor link")


def _place(name: str) -> str:
    """Return where a member lies on a system with a merged /usr and its kernel beside its modules."""
    path = "/" + name.removeprefix(".").strip("/")
    path = _MERGED.sub(r"/usr/\1", path) if not _MERGED.fullmatch(path) else path
    parts: list[str] = []
    for part in path.split("/")[1:]:
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    path = "/" + "/".join(parts)
    return _KERNEL.sub(r"/usr/lib/modules/\2/\1", path)


class _Documents:
    """What the files under /usr/share/doc say of a package."""

    def __init__(self, archive: tarfile.TarFile, name: str) -> None:
        self._archive, self._name = archive, name

    def license(self) -> str:
        """Return the licenses found in a machine-readable copyright file, sorted and joined by AND.

        Joining says only that each was found, not what applies to which file.
        """
        text = self._read("copyright")
        if not re.match(r"\s*Format:\s*https?://", text):
            return LICENSE_UNREAD
        found = {line.strip() for line in re.findall(r"(?m)^License:[ \t]*(\S.*)$", text)}
        return " AND ".join(f"({one})" if re.search(r"\s(or|and)\s", one) else one for one in sorted(found)) or (
            LICENSE_UNREAD
        )

    def changes(self) -> list[tuple[str, str, int]]:
        """Return (author - version, text, seconds since 1970) of the last changes, newest first."""
        text = self._read("changelog.Debian.gz") or self._read("changelog.gz")
        entries = []
        for block in Changelog(text, max_blocks=_CHANGELOG_ENTRIES, strict=False) if text else ():
            try:
                moment = int(parsedate_to_datetime(block.date or "").timestamp())
            except (TypeError, ValueError):
                continue
            lines = "\n".join(line.strip() for line in block.changes() if line.strip())
            entries.append((f"{block.author} - {block.version}", lines, moment))
        return entries

    def _read(self, name: str) -> str:
        for prefix in (f"./usr/share/doc/{self._name}/", f"usr/share/doc/{self._name}/"):
            try:
                file = self._archive.extractfile(prefix + name)
            except KeyError:
                continue
            if file is not None:
                content = file.read()
                return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8", "replace")
        return ""


def _text(control: object, name: str) -> str:
    try:
        return control.get_content(name, encoding="utf-8") or ""  # type: ignore[attr-defined]
    except Exception as error:
        if "not found" in str(error).lower() or "no such" in str(error).lower():
            return ""
        raise
