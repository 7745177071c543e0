"""The verb that holds two package sets, repositories or versions side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atomic_kit.cli.asking import AS_JSON, is_spelled_out, open_question, question_options, rpm_repos_asked
from atomic_kit.cli.output import print_json, print_table, records, size
from atomic_kit.errors import InputError

if TYPE_CHECKING:
    from atomic_kit.packages.compare import Comparison
    from atomic_kit.packages.package_set import Package


@click.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@question_options
@click.option("--to-treefile", type=click.Path(), metavar="FILE", help="The second side's treefile.")
@click.option("--to-repofrompath", multiple=True, metavar="ID,URL", help="The second side's rpm_repos.")
@click.option("--to-releasever", default="", metavar="VERSION", help="The second side's $releasever.")
@AS_JSON
def compare(old: str | None, new: str | None, as_json: bool, **asked: Any) -> None:
    """Compare two package sets, two repositories or two versions of a distribution.

    OLD and NEW are each a release line (NAME or NAME@SNAPSHOT), a lock file, a release's folder, a commit, a
    repository (ID,URL: the newest of each of its packages) or, over --repofrompath, a treefile or names joined by
    commas. With --treefile and one of the --to- options none is needed: the same is asked for on both sides but for
    what they change.
    """
    from atomic_kit.packages.compare import Comparison

    other = _second_side(asked)
    if old is None and new is None and asked["treefile"] and other != asked:
        sides = [_of_question((), one) for one in (asked, other)]
    elif old is not None and (new is not None or other != asked):
        sides = [_side(old, asked), _side(new if new is not None else old, other)]
    else:
        raise InputError("two sides are needed", hint="give OLD and NEW, or --treefile and --to-repofrompath")
    comparison = Comparison(*sides)
    if as_json:
        print_json(_document(comparison))
    else:
        _show(comparison)


def _second_side(asked: dict[str, Any]) -> dict[str, Any]:
    """Take the --to- options out of what was asked; return what is asked of the second side."""
    changes = {key: asked.pop(f"to_{key}") for key in ("treefile", "repofrompath", "releasever")}
    return asked | {key: value for key, value in changes.items() if value}


def _side(text: str, asked: dict[str, Any]) -> tuple[Package, ...]:
    name, comma, place = text.partition(",")
    if name and comma and ("://" in place or place.startswith("/")):
        return _of_rpm_repo(text, asked)
    path = Path(text)
    if path.is_dir() or _is_lock(path) or not (is_spelled_out(asked) or _is_line(text)):
        return _of_listing(text)
    if path.is_file() and is_spelled_out(asked):
        return _of_question((), asked | {"treefile": text})
    return _of_question(tuple(text.split(",")) if is_spelled_out(asked) else (text,), asked | {"treefile": None})


def _is_lock(path: Path) -> bool:
    """Say whether a file is a lock by what it holds: there `packages` is a map, in a treefile a list."""
    from atomic_kit.yaml import YamlMap, read_yaml

    document = read_yaml(path, on_repeat=lambda *_: None) if path.is_file() else None
    return isinstance(document, YamlMap) and isinstance(document.get("packages"), YamlMap)


def _is_line(text: str) -> bool:
    from atomic_kit.parameters import find_parameters

    try:
        return find_parameters(text.partition("@")[0]).is_file()
    except InputError:
        return False


def _of_rpm_repo(pair: str, asked: dict[str, Any]) -> tuple[Package, ...]:
    from atomic_kit.packages.compare import newest
    from atomic_kit.packages.question import user_cache
    from atomic_kit.packages.resolve import open_pool
    from atomic_kit.sources.arches import solver_arch
    from atomic_kit.sources.rpmmd import RpmMdSource

    rpm_repos = rpm_repos_asked(asked | {"repofrompath": (pair,), "repofile": ()})
    source = RpmMdSource(user_cache(), rpm_repos, offline=asked["cacheonly"], modules=asked["module"])
    return newest(open_pool(source.snapshots()[-1], arch=solver_arch(asked["arch"])))


def _of_listing(text: str) -> tuple[Package, ...]:
    from atomic_kit.packages.compare import as_package
    from atomic_kit.release.listing import list_packages

    return tuple(as_package(one) for one in list_packages(text).packages)


def _of_question(names: tuple[str, ...], asked: dict[str, Any]) -> tuple[Package, ...]:
    question = open_question(names, asked)
    return question.pool.package_set(question.answer).packages


def _document(comparison: Comparison) -> dict[str, Any]:
    from atomic_kit.packages.diff import changes_frame, rpm_ostree_diff

    return {
        "totals": records(comparison.totals()),
        "by_kind": comparison.by_kind().to_dict("records"),
        "changes": records(changes_frame(comparison.changes).drop(columns="changelog")),
        "facts": comparison.facts().to_dict("records"),
        "pkgdiff": rpm_ostree_diff(comparison.changes, old_commit="", new_commit="")["pkgdiff"],
    }


def _show(comparison: Comparison) -> None:
    from atomic_kit.packages.diff import changes_frame

    changes = changes_frame(comparison.changes).fillna({"old_version": "", "new_version": ""})
    sized = comparison.totals().set_index("measure")["change"].notna()["install_size"]
    rows = [
        row | {"size_change": size(row["size_change"], signed=True) if sized else "unknown"}
        for row in changes.to_dict("records")
    ]
    print_table(rows, columns=("change", "name", "arch", "old_version", "new_version", "size_change"))
    facts = comparison.facts()
    for fact in ("license", "vendor"):
        told = facts[facts["fact"] == fact].to_dict("records")
        if told:
            print_table([row | {fact: row["name"]} for row in told], columns=(fact, "old", "new"))
    for row in comparison.totals().astype(object).to_dict("records"):
        click.echo(f"{row['measure'].replace('_', ' ')}: {_total(row)}")
    kinds = ", ".join(f"{row['packages']} {row['change']}" for row in comparison.by_kind().to_dict("records"))
    click.echo(kinds)


def _total(row: dict[Any, Any]) -> str:
    in_words = (lambda count: size(count)) if row["measure"].endswith("_size") else str
    import pandas as pd

    if pd.isna(row["change"]):
        known = ["unknown" if pd.isna(row[side]) else in_words(row[side]) for side in ("old", "new")]
        return " → ".join(known)
    sign = "+" if row["change"] > 0 else "-" if row["change"] < 0 else "±"
    return f"{in_words(row['old'])} → {in_words(row['new'])} ({sign}{in_words(abs(row['change']))})"
