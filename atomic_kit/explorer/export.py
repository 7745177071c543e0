"""A candidate as a file: treefile, lock file or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from ruamel.yaml import YAML

from atomic_kit.errors import InputError
from atomic_kit.explorer.state import Candidate
from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.sources import RpmRepoMetadata

_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def treefile_text(candidate: Candidate, *, ref: str, title: str) -> str:
    """Return a candidate as a treefile in rpm-ostree's words; what it does not ask for is not in it."""
    if not candidate.packages:
        raise InputError(f"{candidate.name} asks for nothing", hint="a treefile needs packages")
    document: dict[str, Any] = {"ref": ref, "recommends": candidate.recommends}
    document["packages"] = [_entry(text) for text in sorted(set(candidate.packages))]
    if candidate.exclude:
        document["exclude-packages"] = sorted(set(candidate.exclude))
    text = io.StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 1000
    yaml.dump(document, text)
    head = f"{title}: {candidate.name}".replace("\n", " ")
    return f"# {head}, as the explorer had it. Only the packages: units, scripts and accounts are the line's.\n" + (
        text.getvalue()
    )


def _entry(text: str) -> str:
    """Return a request as treefiles have it: one with blanks in it stands in quotes of its own."""
    return f"'{text}'" if any(letter.isspace() for letter in text) else text


def lock_text(
    packages: PackageSet, rpm_repos: Sequence[RpmRepoMetadata], *, generated: datetime, digests: bool = True
) -> str:
    """Return a lock file in rpm-ostree's shape, with the digests that the metadata tells.

    Without `digests` it pins versions only: for a source whose RPM files are made when they are fetched.
    Raises InputError when the metadata has other digests than SHA-256.
    """
    if digests and (others := [one for one in packages if not one.checksum.startswith("sha256:")]):
        raise InputError(f"the metadata tells no SHA-256 of {others[0].nevra}", hint="lock it by resolving a release")
    locked = {one.name: _locked(one, digests=digests) for one in packages}
    named = {metadata.id: {"generated": metadata.generated.strftime(_STAMP)} for metadata in rpm_repos}
    document = {"packages": locked, "metadata": {"generated": generated.strftime(_STAMP), "rpmmd_repos": named}}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _locked(package: Package, *, digests: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"evra": f"{package.nevra.evr}.{package.arch}"}
    return entry | ({"digest": package.checksum} if digests else {}) | {"metadata": {"sourcerpm": package.source}}


def csv_text(packages: PackageSet) -> str:
    """Return a row a package; the columns are the fields of Package, `required_by` joined by a blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Package)]
    writer.writerow(names)
    for package in packages:
        writer.writerow([_plain(getattr(package, name)) for name in names])
    return text.getvalue()


def _plain(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
