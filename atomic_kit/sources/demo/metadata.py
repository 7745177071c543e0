"""The archive's lists of packages as rpm-md repositories that any RPM solver reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import createrepo_c

from atomic_kit.files import file_digest, new_folder, value_digest
from atomic_kit.progress import Step
from atomic_kit.sources import RpmRepoMetadata
from atomic_kit.sources.demo.apt import Index
from atomic_kit.sources.demo.relations import (
    Relation,
    Relations,
    relations,
    rpm_arch,
    rpm_version,
    virtual_names,
)

# Part of every key under which a conversion is kept: raise it when the conversion changes.
METADATA_VERSION = 3
# The virtual names that the conversion knew, beside the metadata.
_VIRTUAL = "virtual.json"

VENDOR = "Debian"
_FLAGS = {"=": "EQ", "<": "LT", ">": "GT", "<=": "LE", ">=": "GE"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Converted:
    """One list of the archive as an rpm_repo, and the names it provides without a version."""

    rpm_repo: RpmRepoMetadata
    uri: str
    virtual: frozenset[str]

    @property
    def digest(self) -> str:
        """Return the digest of what the relations of its packages depend on beside themselves."""
        return _names_digest(self.virtual)


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each paragraph of a list of packages; continued lines are joined by spaces.

    A list has 65,000 paragraphs of a simple, fixed form; see docs/decisions/reading-package-lists.md.
    """
    for block in text.split("\n\n"):
        if block.strip():
            yield dict(line.split(": ", 1) for line in block.replace("\n ", " ").splitlines() if ": " in line)


def convert_index(index: Index, *, folder: Path, virtual: frozenset[str], work: Step) -> Converted:
    """Return a list of packages as an rpm_repo in `folder`, converting it only when it is new.

    In the metadata the checksum of a package is that of its .deb file, since the RPM file does not exist
    before it is fetched.
    """
    key = f"{index.sha256[:16]}-{_names_digest(virtual)}-{METADATA_VERSION}"
    target = folder / f"{index.suite}-{key}"
    if not is_whole(target / "repodata"):
        fields = [one for one in paragraphs(index.path.read_text(encoding="utf-8")) if "Version" in one]
        own = virtual | {name for one in fields for name in virtual_names(one)}
        with new_folder(target) as part:
            _write_repo(part, fields, own, work)
    repodata = target / "repodata"
    rpm_repo = RpmRepoMetadata(
        id="debian" if "-" not in index.suite else f"debian-{index.suite.rpartition('-')[2]}",
        primary=repodata / "primary.xml.gz",
        filelists=None,
        digest=file_digest(repodata / "repomd.xml"),
        generated=index.generated,
        on_demand=True,
    )
    names = json.loads((repodata / _VIRTUAL).read_text(encoding="utf-8"))
    return Converted(rpm_repo, index.uri, frozenset(names))


def _names_digest(names: frozenset[str]) -> str:
    return value_digest(sorted(names))[:16]


def is_whole(repodata: Path) -> bool:
    """Say whether the files in a repodata folder are what its repomd.xml says."""
    try:
        records = createrepo_c.Repomd(str(repodata / "repomd.xml")).records
        return all(one.checksum == file_digest(repodata.parent / one.location_href) for one in records)
    except (createrepo_c.CreaterepoCError, OSError, ValueError):
        return False


def _write_repo(folder: Path, fields: list[dict[str, str]], virtual: frozenset[str], work: Step) -> None:
    repodata = folder / "repodata"
    repodata.mkdir()
    primary = repodata / "primary.xml.gz"
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" '
        f'xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="{len(fields)}">\n'
    )
    with gzip.GzipFile(primary, "wb", compresslevel=1, mtime=0) as stream:
        stream.write(head.encode())
        for one in fields:
            stream.write(_package(one, relations(one, virtual=virtual)).encode())
            work.advance()
        stream.write(b"</metadata>\n")
    (repodata / _VIRTUAL).write_text(json.dumps(sorted(virtual)), encoding="utf-8")
    write_repomd(repodata)


def write_repomd(repodata: Path) -> None:
    """Write repomd.xml for the files in a repodata folder, the same for the same files."""
    repomd = createrepo_c.Repomd()
    repomd.set_revision("0")
    for path in sorted(repodata.iterdir()):
        record = createrepo_c.RepomdRecord(path.name.partition(".")[0], str(path))
        record.fill(createrepo_c.SHA256)
        record.location_href = f"repodata/{path.name}"
        record.timestamp = 0
        repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump(), encoding="utf-8")


def _package(fields: dict[str, str], its: Relations) -> str:
    epoch, version, release = rpm_version(fields["Version"])
    source, _, source_version = fields.get("Source", fields["Package"]).partition(" ")
    _, *of_source = rpm_version(source_version.strip("()") or fields["Version"])
    groups = (("provides", its.provides), ("requires", its.requires), ("conflicts", its.conflicts))
    lists = "".join(_relations(kind, entries) for kind, entries in (*groups, ("recommends", its.recommends)))
    return (
        f'<package type="rpm"><name>{fields["Package"]}</name><arch>{rpm_arch(fields["Architecture"])}</arch>'
        f'<version epoch="{epoch}" ver={quoteattr(version)} rel={quoteattr(release)}/>'
        f'<checksum type="sha256" pkgid="YES">{fields["SHA256"]}</checksum>'
        f"<summary>{fields.get('Description', '').translate(_ESCAPES)}</summary><description/>"
        f"<packager/><url>{fields.get('Homepage', '').translate(_ESCAPES)}</url>"
        f'<size package="{fields["Size"]}" installed="{int(fields.get("Installed-Size", 0)) * 1024}"/>'
        f"<location href={quoteattr(fields['Filename'])}/>"
        f"<format><rpm:license/><rpm:vendor>{VENDOR}</rpm:vendor>"
        f"<rpm:sourcerpm>{source}-{'-'.join(of_source)}.src.rpm</rpm:sourcerpm>{lists}</format></package>\n"
    )


def _relations(kind: str, entries: tuple[Relation, ...]) -> str:
    if not entries:
        return ""
    return f"<rpm:{kind}>{''.join(map(_entry, entries))}</rpm:{kind}>"


def _entry(relation: Relation) -> str:
    name = quoteattr(relation.name)
    if not relation.sign:
        return f"<rpm:entry name={name}/>"
    epoch, _, rest = relation.version.rpartition(":")
    version, _, release = rest.partition("-")
    rel = f' rel="{release}"' if release else ""
    return f'<rpm:entry name={name} flags="{_FLAGS[relation.sign]}" epoch="{epoch or 0}" ver="{version}"{rel}/>'
