"""The verbs that tell what is in a package set, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atomic_kit.cli.asking import AS_JSON, is_spelled_out, open_question, question_options
from atomic_kit.cli.output import counted, print_json, print_table, size
from atomic_kit.errors import InputError
from atomic_kit.words import few

if TYPE_CHECKING:
    from atomic_kit.packages.graph import Link
    from atomic_kit.packages.package_set import PackageSet
    from atomic_kit.packages.question import Question
    from atomic_kit.packages.why import Explanation


@click.command()
@click.argument("names", nargs=-1, metavar="PARAMETERS | NAME...")
@question_options
@click.option("--write-lock", type=click.Path(path_type=Path), metavar="FILE", help="Lock what was chosen.")
@AS_JSON
def resolve(names: tuple[str, ...], as_json: bool, write_lock: Path | None, **asked: Any) -> None:
    """Solve what a release line, a treefile or names ask for; nothing is fetched but metadata.

    The demo makes its packages on demand: of those that were never fetched it knows no license, and their sizes
    are Debian's.
    """
    question = open_question(names, asked)
    package_set, made = _as_known(question)
    if write_lock:
        from atomic_kit.files import write_json
        from atomic_kit.packages.lock import lock_of

        write_json(write_lock, lock_of(package_set, question.snapshot))
    if as_json:
        rows = [asdict(one) | {"required_by": ", ".join(one.required_by)} for one in package_set]
        print_json({"packages": rows, "problems": []})
        return
    facts = ("name", "arch", "rpm_repo", "reason")
    rows = [
        {fact: getattr(one, fact) for fact in facts} | {"version": one.nevra.evr, "installed": size(one.install_size)}
        for one in package_set
    ]
    print_table(rows, columns=("name", "version", "arch", "installed", "rpm_repo", "reason"))
    totals = f"{size(package_set.install_size)} installed, {size(package_set.download_size)} to fetch"
    click.echo(f"{counted(len(package_set), 'package')}, {totals}, from the snapshot {question.snapshot.name}")
    if made:
        click.echo(
            f"the sizes of {counted(made, 'package')} are those of the RPM files that the demo made, not Debian's"
        )


def _as_known(question: Question) -> tuple[PackageSet, int]:
    """Return the package set, with what the RPM files say of those that were made on demand; and how many these are."""
    package_set = question.pool.package_set(question.answer)
    if not any(metadata.on_demand for metadata in question.snapshot.rpm_repos):
        return package_set, 0
    from atomic_kit.packages.from_rpm import as_fetched
    from atomic_kit.packages.package_set import PackageSet

    kept = question.source.kept(package_set.packages)
    return PackageSet(tuple(as_fetched(one, kept[one]) if one in kept else one for one in package_set)), len(kept)


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="PARAMETERS PACKAGE | PACKAGE NAME...")
@question_options
@click.option(
    "--chains",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many ways to it to show, shortest first.",
)
@AS_JSON
def why(arguments: tuple[str, ...], chains: int, as_json: bool, **asked: Any) -> None:
    """Say why a package is in: the ways from what was requested to it, and what hangs on it.

    PACKAGE is a name, a full name, a path or a capability. With --repofrompath it comes first, then the names
    that are asked for unless --treefile says it.
    """
    from atomic_kit.packages.why import explain_package

    if is_spelled_out(asked):
        package, names = arguments[0], arguments[1:]
    elif len(arguments) == 2:
        package, names = arguments[1], arguments[:1]
    else:
        raise InputError("expected PARAMETERS PACKAGE", hint="e.g. atomic-kit why demo podman")
    question = open_question(names, asked)
    found = explain_package(question.graph, package, chains=chains)
    if as_json:
        print_json({"explanations": [_explanation(one) for one in found]})
        return
    for one in found:
        _tell(one)


def _explanation(one: Explanation) -> dict[str, Any]:
    return {
        "package": str(one.package.nevra),
        "reason": one.reason,
        "requests": one.requests,
        "chains": [[asdict(link) for link in chain] for chain in one.chains],
        "direct": [asdict(link) for link in one.direct],
        "links": [asdict(link) for link in one.links],
        "leaving": one.leaving,
        "install_size": one.package.install_size,
        "retained": one.retained,
    }


def _tell(one: Explanation) -> None:
    click.secho(f"{one.package.nevra} is {one.reason}", bold=True)
    for chain in one.chains:
        click.echo(f"  {_chain(chain)}")
    wanting = len({link.source for link in one.direct if link.kind != "requests"})
    click.echo(f"wanted directly by {counted(wanting, 'package')}; leading to it: {_some(one.requests)}")
    click.echo(f"its size: {size(one.package.install_size)}; with what nothing else needs: {size(one.retained)}")
    click.echo(f"without it these could not stay either: {_some(one.leaving)}")


def _chain(chain: Sequence[Link]) -> str:
    words = [chain[0].source]
    for link in chain:
        if link.kind == "requests":
            words = [link.text] if link.text == link.target else [link.text, f"→ {link.target}"]
        else:
            arrow = "→" if link.kind == "requires" else f"→ ({link.kind})"
            words.append(f"{arrow} {link.target}" + ("" if link.text == link.target else f" [{link.text}]"))
    return " ".join(words)


def _some(names: Sequence[str]) -> str:
    return few(names, 8) or "nothing"
