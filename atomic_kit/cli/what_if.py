"""The verb that tells what a package set would be if something else were asked for."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atomic_kit.cli.asking import AS_JSON, is_spelled_out, open_question, question_options
from atomic_kit.cli.output import counted, print_json, print_table, records, size
from atomic_kit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from atomic_kit.packages.question import Question

_CHANGES = ("add", "remove", "ban", "weak_deps")
# How a question is answered, and which.
_HOW = {
    "any_version": "smallest",
    "measure": "smallest",
    "seconds": "smallest",
    "keep": "sweep",
    "output": "sweep",
    "picture": "sweep",
}


_ALL_SHOWN = 40  # candidates; of more than these only the best are shown


@click.command("what-if")
@click.argument("names", nargs=-1, metavar="PARAMETERS | NAME...")
@question_options
@click.option("--add", multiple=True, metavar="NAME", help="Ask for it too.")
@click.option("--remove", multiple=True, metavar="NAME", help="No longer ask for it.")
@click.option("--ban", multiple=True, metavar="NAME", help="What if this package may not be in.")
@click.option("--weak-deps", type=click.Choice(["on", "off"]), help="What if weak dependencies were taken, or not.")
@click.option("--without", metavar="PACKAGE", help="What would leave with a package.")
@click.option("--no-docs", is_flag=True, help="What documentation weighs; fetches the packages.")
@click.option("--langs", metavar="LANG,...", help="What all other languages weigh; fetches the packages.")
@click.option("--alternatives", metavar="CAPABILITY", help="Each package that provides it, and what it leads to.")
@click.option("--redundant", is_flag=True, help="The requests that could be left out, as others bring the same.")
@click.option("--smallest", multiple=True, metavar="CAPABILITY", help="The smallest set that provides all of these.")
@click.option(
    "--measure",
    type=click.Choice(["install_size", "download_size", "packages"]),
    default="install_size",
    show_default=True,
    help="What --smallest makes small.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True, max=86400),
    default=60.0,
    show_default=True,
    help="How long --smallest may take.",
)
@click.option("--any-version", is_flag=True, help="Let --smallest take older versions too.")
@click.option("--sweep", metavar="each|pairs|FILE", help="Solve all sets with one or two requests less, or a file's.")
@click.option("--keep", multiple=True, metavar="NAME", help="What --sweep counts as kept; default: all requests.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE.parquet", help="Where the table of --sweep goes."
)
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE.png", help="Where the picture of --sweep goes."
)
@AS_JSON
def what_if(names: tuple[str, ...], as_json: bool, **asked: Any) -> None:
    """Say what changes when something else is asked for; alone, what each request costs."""
    choices = {key: asked.pop(key) for key in (*_CHANGES, *_ANSWERS, *_HOW)}
    chosen = [key for key in _ANSWERS if choices[key] not in (None, False, ())]
    changes = [key for key in _CHANGES if choices[key]]
    _check(choices, chosen, changes)
    if choices["smallest"] and is_spelled_out(asked):
        if names or asked["treefile"]:
            raise InputError("--smallest names all that is asked for", hint="leave out other names and --treefile")
        names = choices["smallest"]
    question = open_question(names, asked)
    answer = _ANSWERS[chosen[0]] if chosen else _change if changes else _requests
    answer(question, choices, as_json)


def _check(choices: dict[str, Any], chosen: list[str], changes: list[str]) -> None:
    """Refuse options that answer different questions, that belong to another one, and empty values."""
    if len(chosen) + bool(changes) > 1 and not {*chosen, *changes} <= {"no_docs", "langs"}:
        named = ", ".join(map(_option, (*chosen, *changes)))
        raise InputError(f"{named} answer different questions", hint="ask one at a time")
    context = click.get_current_context()
    for key, question in _HOW.items():
        if context.get_parameter_source(key) is not click.core.ParameterSource.DEFAULT and question not in chosen:
            raise InputError(f"{_option(key)} goes with {_option(question)}", hint=f"add {_option(question)}")
    for key in chosen:
        if choices[key] == "" or (isinstance(choices[key], tuple) and "" in choices[key]):
            raise InputError(f"{_option(key)} is empty", hint="name something")


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _change(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.what_if import changed, size_of, what_if

    weak = {"on": True, "off": False}.get(choices["weak_deps"])
    after = changed(
        question.request, add=choices["add"], remove=choices["remove"], exclude=choices["ban"], recommends=weak
    )
    outcome = what_if(question.pool, question.request, after)
    old, new = (size_of(question.pool, one.chosen) for one in (outcome.before, outcome.after))
    moves = {kind: _packages(question, ids) for kind, ids in (("comes", outcome.comes), ("goes", outcome.goes))}
    if as_json:
        print_json({"before": asdict(old), "after": asdict(new), "change": asdict(new - old), **moves})
        return
    rows = [row | {"change": kind, "size": size(row["install_size"])} for kind in moves for row in moves[kind]]
    print_table(rows, columns=("change", "package", "size"))
    change = new - old
    totals = f"{size(change.install_size, signed=True)} installed, {size(change.download_size, signed=True)} to fetch"
    click.echo(f"{old.packages} → {counted(new.packages, 'package')}, {totals}")


def _packages(question: Question, ids: frozenset[int]) -> list[dict[str, Any]]:
    packages = sorted((question.pool.package(one) for one in ids), key=lambda one: (-one.install_size, one.name))
    return [{"package": str(one.nevra), "install_size": one.install_size} for one in packages]


def _requests(question: Question, _: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.what_if import request_sizes

    frame = request_sizes(question.pool, question.request)
    if as_json:
        print_json({"requests": records(frame)})
    else:
        _show_sizes(frame, ("alone", "shared", "additional"))


def _without(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.why import explain_package

    found = explain_package(question.graph, choices["without"])
    if as_json:
        rows = [{"package": str(one.package.nevra), "leaving": one.leaving, "retained": one.retained} for one in found]
        print_json({"without": rows})
        return
    for one in found:
        click.echo(f"{one.package.nevra} and what nothing else needs: {size(one.retained)}")
        click.echo(f"without it these could not stay either: {', '.join(one.leaving) or 'none'}")


def _contents(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.contents import left_out

    package_set = question.pool.package_set(question.answer)
    rpm_files = question.source.fetch(package_set.packages)
    languages = [one.strip() for one in choices["langs"].split(",")] if choices["langs"] else None
    frame = left_out(rpm_files, documentation=not choices["no_docs"], languages=languages)
    if as_json:
        print_json({"left_out": records(frame), "total": int(frame["left_out"].sum())})
        return
    _show_sizes(frame[frame["left_out"] > 0], ("install_size", "documentation", "languages", "left_out"))
    click.echo(f"{size(int(frame['left_out'].sum()))} of {size(int(frame['install_size'].sum()))} would stay away")


def _alternatives(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.what_if import alternatives

    frame = alternatives(question.pool, question.request, choices["alternatives"])
    if as_json:
        print_json({"alternatives": records(frame)})
    else:
        _show_sizes(frame, ("install_size", "change"), signed=("change",))


def _redundant(question: Question, _: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.what_if import fewest_requests

    kept = fewest_requests(question.pool, question.request)
    dropped = [text for text in question.request.texts if text not in kept]
    if as_json:
        print_json({"redundant": dropped, "enough": kept})
        return
    click.echo(f"the same {len(question.answer.chosen)} packages come from these alone: {', '.join(kept)}")
    click.echo(f"redundant: {', '.join(dropped) or 'none'}")


def _smallest(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.smallest import smallest_set

    found = smallest_set(
        question.pool,
        choices["smallest"],
        exclude=question.request.exclude,
        any_version=choices["any_version"],
        measure=choices["measure"],
        seconds=choices["seconds"],
    )
    names = [str(one.nevra) for one in found.package_set]
    if as_json:
        facts = {key: getattr(found, key) for key in ("size", "bound", "gap", "is_exact", "considered")}
        print_json({"packages": names, "measure": choices["measure"], **facts})
        return
    rows = [{"package": str(one.nevra), "size": size(one.install_size)} for one in found.package_set]
    print_table(rows, columns=("package", "size"))
    in_words = str if choices["measure"] == "packages" else size
    proof = "no set is smaller" if found.is_exact else f"gap {found.gap:.1%}: no set is below {in_words(found.bound)}"
    click.echo(f"{len(names)} packages, {size(found.package_set.install_size)} installed; {proof}")


def _sweep(question: Question, choices: dict[str, Any], as_json: bool) -> None:
    from atomic_kit.packages.sweep import leave_one_out, leave_two_out, read_candidates, sweep

    kinds = {"each": leave_one_out, "pairs": leave_two_out}
    for key, suffix in (("output", ".parquet"), ("picture", ".png")):
        if choices[key] is not None and (choices[key].is_dir() or choices[key].suffix != suffix):
            raise InputError(f"{_option(key)} {choices[key]} is no {suffix} file", hint=f"name one, e.g. sweep{suffix}")
    make = kinds.get(choices["sweep"])
    candidates = make(question.request) if make else read_candidates(Path(choices["sweep"]), question.request)
    frame = sweep(question.pool, candidates, keep=choices["keep"] or question.request.texts)
    if choices["output"]:
        from atomic_kit.release.records import write_table

        write_table(choices["output"], frame)
    if choices["picture"]:
        from atomic_kit.files import new_file
        from atomic_kit.report.figures import trade_off

        with new_file(choices["picture"]) as part:
            part.write_bytes(trade_off(frame).png())
    if as_json:
        print_json({"candidates": records(frame)})
        return
    for key in ("output", "picture"):
        if choices[key]:
            click.echo(f"written: {choices[key].resolve()}")
    front = frame[frame["is_on_front"]].sort_values(["capabilities", "install_size"], ascending=[False, True])
    if len(frame) <= _ALL_SHOWN:
        everything = frame.assign(is_on_front=frame["is_on_front"].astype(bool))
        _show_sizes(everything, ("install_size", "download_size"))
        return
    alike = front.groupby(["install_size", "capabilities", "lost"], sort=False)["candidate"].transform("size")
    shown = front.assign(alike=alike).drop_duplicates(["install_size", "capabilities", "lost"])
    _show_sizes(shown, ("install_size", "download_size"), hidden=("is_on_front", "problem"))
    failed = int((frame["problem"] != "").sum())
    click.echo(f"{len(front)} of {len(frame)} candidates are on the front: no other is as small and keeps as much")
    if failed:
        click.echo(f"without a package set: {counted(failed, 'candidate')}; --json and --output tell why")


def _show_sizes(
    frame: pd.DataFrame, sizes: tuple[str, ...], *, signed: tuple[str, ...] = (), hidden: tuple[str, ...] = ()
) -> None:
    """Print a table whose columns `sizes` are bytes."""
    rows = records(frame.drop(columns=list(hidden)))
    for row in rows:
        for key in sizes:
            row[key] = "-" if row[key] is None else size(row[key], signed=key in signed)
        for key, value in row.items():
            row[key] = {True: "yes", False: ""}.get(value, value) if isinstance(value, bool) else value
    print_table(rows, columns=[key for key in frame.columns if key not in hidden])


_ANSWERS = {
    "without": _without,
    "no_docs": _contents,
    "langs": _contents,
    "alternatives": _alternatives,
    "redundant": _redundant,
    "smallest": _smallest,
    "sweep": _sweep,
}
