"""A candidate as a file: treefile, lock file or CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from typing import Any

import yaml

from atomic_kit.errors import InputError
from atomic_kit.explorer.state import Candidate
from atomic_kit.packages.lock import lock_of
from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.sources import Snapshot


def treefile_text(candidate: Candidate, *, ref: str, title: str) -> str:
    """Return a candidate as a treefile in rpm-ostree's words; what it does not ask for is not in it."""
    if not candidate.packages:
        raise InputError(f"{candidate.name} asks for nothing", hint="a treefile needs packages")
    document: dict[str, Any] = {"ref": ref, "recommends": candidate.recommends}
    document["packages"] = [_entry(text) for text in sorted(set(candidate.packages))]
    if candidate.exclude:
        document["exclude-packages"] = sorted(set(candidate.exclude))
    text = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
    head = f"{title}: {candidate.name}".replace("\n", " ")
    return f"# {head}, as the explorer had it. Only the packages: units, scripts and accounts are the line's.\n{text}"


def _entry(text: str) -> str:
    """Return a request as treefiles have it: one with blanks in it stands in quotes of its own."""
    return f"'{text}'" if any(letter.isspace() for letter in text) else text


def lock_text(packages: PackageSet, snapshot: Snapshot) -> str:
    """Return a lock file in rpm-ostree's shape, with the digests that the metadata tells."""
    return json.dumps(lock_of(packages, snapshot), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


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
