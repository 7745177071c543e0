"""Pages: one a release, one a stream, one for all streams; self-contained and readable offline."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from atomic_kit import command
from atomic_kit.files import write_text
from atomic_kit.history import stream_history
from atomic_kit.release.records import STEPS, has_record, read_record, read_table
from atomic_kit.release.version import version_key
from atomic_kit.report import figures

MIB = 2**20


def write_pages(folder: Path, *, title: str, version: str, is_draft: bool) -> Path:
    """Write a release's page and, for one that is no draft, its stream's and the front page; return the release's."""
    page = write_release_page(folder, title=title, version=version, is_draft=is_draft)
    if not is_draft:
        write_stream_page(folder.parent, title=title)
        write_front_page(folder.parent.parent)
    return page


def write_release_page(folder: Path, *, title: str, version: str, is_draft: bool = False) -> Path:
    """Write index.html into a release's folder from its records; what a step did not record is left out."""
    facts = {step: read_record(folder, step) if has_record(folder, step) else None for step in STEPS}
    failure = read_record(folder, "failure") if has_record(folder, "failure") else None
    pictures = []
    tables = []
    if facts["checks"]:
        checks = read_table(folder, "checks")
        pictures.append(
            ("Checks", _picture(figures.checks_grid(checks)), "Outcome of every check by suite and firmware")
        )
        tables.append(("Checks", _checks_table(checks)))
    if facts["changes"]:
        changes = read_table(folder, "changes")
        if len(changes) and facts["changes"]["from"]:
            text = "Change of the installed size by package"
            pictures.append(("Changes", _picture(figures.package_changes(changes)), text))
            tables.append(("Changed packages", _changes_table(changes)))
    if facts["trends"]:
        text = "Sizes, packages and boot time over the releases of the stream"
        pictures.append(("Trends", _picture(figures.trends(read_table(folder, "trends"))), text))
    if facts["package-set"]:
        packages = read_table(folder, "packages")
        text = "The largest packages by installed size and why they are there"
        pictures.append(("Packages", _picture(figures.package_sizes(packages)), text))
        if facts["policy"]:
            tables.append(("Policy findings", _findings_table(read_table(folder, "findings"))))
        tables.append((f"All {len(packages)} packages", _packages_table(packages)))
    consoles = sorted(path.name for path in folder.glob("console-*.log"))
    page = _template("release.html.j2").render(
        title=title,
        version=version,
        is_draft=is_draft,
        facts=facts,
        failure=failure,
        outcome=_outcome(folder),
        pictures=pictures,
        tables=tables,
        notebooks=sorted(path.name for path in folder.glob("[0-9][0-9]-*.html")),
        consoles=consoles,
        console_tail=_tail(folder, consoles) if failure else "",
    )
    write_text(folder / "index.html", page)
    return folder / "index.html"


def write_stream_page(folder: Path, *, title: str) -> Path:
    """Write the page of a stream: how it developed, and its releases, newest first."""
    history = stream_history(folder.parent, folder.name)
    releases: list[dict[str, Any]] = []
    for plan in folder.glob("*/plan.json"):
        release = plan.parent
        facts = {
            step: read_record(release, step) if has_record(release, step) else {} for step in ("compose", "changes")
        }
        has_page = (release / "index.html").is_file()
        releases.append({"version": release.name, "has_page": has_page, "outcome": _outcome(release), **facts})
    releases.sort(key=lambda row: version_key(row["version"]), reverse=True)
    page = _template("stream.html.j2").render(
        title=title,
        stream=folder.name,
        releases=releases,
        trends=_picture(figures.trends(history)) if len(history) else "",
    )
    write_text(folder / "index.html", page)
    return folder / "index.html"


def write_front_page(reports: Path) -> Path:
    """Write the page that lists the streams."""
    streams = []
    for folder in sorted(path.parent for path in reports.glob("*/index.html")):
        versions = sorted((path.parent.name for path in folder.glob("*/release.json")), key=version_key)
        streams.append({"name": folder.name, "count": len(versions), "newest": versions[-1] if versions else ""})
    write_text(reports / "index.html", _template("front.html.j2").render(streams=streams))
    return reports / "index.html"


def _outcome(folder: Path) -> str:
    """Return how a release ended: failed, passed, or unfinished when it was interrupted or is under way."""
    if has_record(folder, "failure"):
        return "failed"
    return "passed" if has_record(folder, "release") else "unfinished"


def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("atomic_kit.report"),
        autoescape=select_autoescape(["html.j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["mib"] = lambda value: "none" if value is None else f"{value / MIB:,.1f} MiB"
    return environment.get_template(name)


def _picture(figure: figures.Picture) -> str:
    """Return a picture as a data URL."""
    return "data:image/png;base64," + base64.b64encode(figure.png()).decode()


def _checks_table(checks: pd.DataFrame) -> str:
    return _table(checks[["suite", "firmware", "check", "title", "outcome", "seconds", "evidence"]])


def _changes_table(changes: pd.DataFrame) -> str:
    shown = changes[["change", "name", "old_version", "new_version", "size_change", "changelog"]].copy()
    shown["size_change"] = [f"{value / 1024:+,.0f} KiB" for value in shown["size_change"].astype(float)]
    return _table(shown)


def _findings_table(findings: pd.DataFrame) -> str:
    return _table(findings)


def _packages_table(packages: pd.DataFrame) -> str:
    shown = packages[["name", "version", "release", "arch", "install_size", "license", "reason", "required_by"]].copy()
    shown["install_size"] = [f"{value / 1024:,.0f} KiB" for value in shown["install_size"]]
    return _table(shown)


def _table(frame: pd.DataFrame) -> str:
    """Return a table as HTML; long texts fold."""
    headed = frame.fillna("").rename(columns=lambda name: name.replace("_", " "))
    return str(headed.to_html(index=False, border=0, classes="sortable", escape=True))


def _tail(folder: Path, consoles: list[str]) -> str:
    return "\n\n".join(
        f"{name}:\n" + command.tail((folder / name).read_text(errors="replace"), lines=25) for name in consoles
    )
