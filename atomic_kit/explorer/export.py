"""A candidate as a file: treefile, lock file or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml

from atomic_kit.errors import InputError
from atomic_kit.explorer.document import to_document
from atomic_kit.explorer.state import State
from atomic_kit.explorer.study import Study
from atomic_kit.files import scratch_folder
from atomic_kit.packages.lock import lock_of
from atomic_kit.packages.package_set import Package, PackageSet
from atomic_kit.solver import Request
from atomic_kit.sources import Snapshot
from atomic_kit.treefile import Treefile, entry_of, load_treefile

# The name and the media type of each file that is handed out.
FILES = {
    "treefile": ("host.yaml", "application/yaml"),
    "lock": ("manifest-lock.x86_64.json", "application/json"),
    "csv": ("packages.csv", "text/csv"),
    "state": ("explorer.json", "application/json"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the packages are from: what is named in the page and in exported files, and a line's own treefile."""

    title: str
    ref: str
    snapshot: Snapshot
    treefile: Treefile | None = None


def file_text(study: Study, state: State, origin: Origin, kind: str) -> str:
    """Return the shown candidate as a file's text: treefile, lock or csv; or all candidates: state.

    Raises InputError for another kind and for what cannot be solved.
    """
    shown = state.shown
    if kind == "state":
        return json.dumps(to_document(state), indent=2, ensure_ascii=False) + "\n"
    if kind == "treefile":
        request, title = study.framed(shown.request), f"{origin.title}: {shown.name}"
        return treefile_text(request, title, ref=origin.ref, treefile=origin.treefile)
    if kind not in FILES:
        raise InputError(f"there is no export {kind!r}", hint=f"known: {', '.join(FILES)}")
    if study.answer(shown.request) is None:
        raise InputError(f"{shown.name} has no package set", hint="mend its requests first, or save the state")
    packages = study.package_set(shown.request)
    return csv_text(packages) if kind == "csv" else lock_text(packages, origin.snapshot)


class _Quoted(str):
    """A text that stands between double quotes."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    pass


_Dumper.add_representer(_Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def treefile_text(request: Request, title: str, *, ref: str, treefile: Treefile | None = None) -> str:
    """Return a request as a treefile in rpm-ostree's words, with a line's treefile's documentation and releasever.

    Raises InputError for what no treefile can say: the text is read before it is handed out.
    """
    if not request.texts:
        raise InputError(f"{title} asks for nothing", hint="a treefile needs packages")
    document: dict[str, Any] = {"ref": ref} if ref else {}
    if treefile is not None and treefile.releasever:
        document["releasever"] = treefile.releasever
    if treefile is not None and not treefile.documentation:
        document["documentation"] = False
    document["recommends"] = request.recommends
    document["packages"] = _entries(request.packages)
    if request.from_rpm_repo:
        document["repo-packages"] = [{"repo": one, "packages": _entries(texts)} for one, texts in request.from_rpm_repo]
    if request.exclude:
        document["exclude-packages"] = sorted(request.exclude)
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    head = "".join(letter if letter.isprintable() else " " for letter in title)
    text = f"# {head}, as the explorer had it.\n# In it are {_listed(document)};\n{_REST}{body}"
    _read_back(text, basearch=treefile.basearch if treefile else "x86_64")
    return text


_REST = "# take everything else from the line's treefile.\n"


def _listed(document: Mapping[str, Any]) -> str:
    *names, last = document
    return f"{', '.join(names)} and {last}"


def _entries(texts: Iterable[str]) -> list[str]:
    """Return requests as treefiles have them: one with blanks in it stands in quotes of its own."""
    return [one if (entry := entry_of(one)) == one else _Quoted(entry) for one in sorted(set(texts))]


def _read_back(text: str, *, basearch: str) -> None:
    with scratch_folder("treefile") as folder:
        path = folder / "host.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            load_treefile(path, basearch=basearch, composed=False)
        except InputError as error:
            said = error.what.replace(str(path), "it")
            raise InputError(f"this cannot be said in a treefile ({said})", hint="change the requests") from None


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
