"""How a question is spelled on the command line: a release line, or names and rpm_repos as for dnf."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from atomic_kit.errors import InputError

if TYPE_CHECKING:
    from atomic_kit.packages.question import Question
    from atomic_kit.rpm_repos import RpmRepo

Command = TypeVar("Command", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
OVERRIDES = click.option(
    "-p",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a key of the parameters, e.g. policy.budget.packages=300.",
)
_ARCH = "x86_64"
_OPTIONS = (
    click.option("--treefile", type=click.Path(), metavar="FILE", help="Ask for what a treefile asks for."),
    click.option(
        "--repofrompath", multiple=True, metavar="ID,URL", help="Add an rpm_repo: http, https, file or a folder."
    ),
    click.option(
        "--repofile", multiple=True, type=click.Path(), metavar="FILE", help="Add the rpm_repos of a .repo file."
    ),
    click.option(
        "--gpgkey",
        multiple=True,
        metavar="URL[,FINGERPRINT]",
        help="A key that may sign; out of the network only with fingerprint.",
    ),
    click.option("--no-gpgcheck", "--nogpgcheck", is_flag=True, help="Take unsigned metadata and packages."),
    click.option("--no-repo-gpgcheck", is_flag=True, help="Take unsigned metadata; packages are checked."),
    click.option("--cacheonly", "-C", is_flag=True, help="Use the metadata that is here, however old; fetch none."),
    click.option(
        "--releasever", default="", metavar="VERSION", help="What $releasever stands for; default: the treefile's."
    ),
    click.option("--module", multiple=True, metavar="NAME:STREAM", help="A module stream to enable."),
    click.option(
        "--arch", "--forcearch", default=_ARCH, show_default=True, metavar="ARCH", help="The machine's architecture."
    ),
    click.option("--no-weak-deps", is_flag=True, help="Leave out what is only recommended."),
    click.option("--exclude", "-x", multiple=True, metavar="NAME", help="A package that may not be in."),
    click.option("--lockfile", multiple=True, type=click.Path(), metavar="FILE", help="Take just what is locked."),
    click.option("--lock-loose", is_flag=True, help="Let a lock pin versions only; other packages may come and go."),
    OVERRIDES,
)


def question_options(command: Command) -> Command:
    """Add the options that spell a question; they arrive as one map `asked`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def open_question(names: tuple[str, ...], asked: dict[str, Any]) -> Question:
    """Return the question that names and options spell.

    Without an rpm_repo the names are those of one release line, PARAMETERS or PARAMETERS@SNAPSHOT.
    """
    return _spelled_out(names, asked) if is_spelled_out(asked) else _of_line(names, asked)


def is_spelled_out(asked: dict[str, Any]) -> bool:
    """Say whether rpm_repos are named, so that no parameters are needed."""
    return bool(asked["repofrompath"] or asked["repofile"])


def _of_line(names: tuple[str, ...], asked: dict[str, Any]) -> Question:
    from atomic_kit.packages.question import ask_line
    from atomic_kit.parameters import load_parameters

    if len(names) != 1:
        got = f"got {', '.join(names)}" if names else "got nothing"
        raise InputError(
            f"expected the name of one release line, {got}", hint="to name packages, say whence: --repofrompath ID,URL"
        )
    for option in (
        "gpgkey",
        "no_gpgcheck",
        "no_repo_gpgcheck",
        "releasever",
        "module",
        "exclude",
        "lockfile",
        "lock_loose",
    ):
        if asked[option]:
            raise InputError(
                f"--{option.replace('_', '-')} goes with --repofrompath",
                hint="set a release line's keys by -p KEY=VALUE",
            )
    if asked["arch"] != _ARCH:
        raise InputError("--arch goes with --repofrompath", hint="a release line is of its own architecture")
    name, _, snapshot = names[0].partition("@")
    overrides = parsed(asked["overrides"])
    if asked["treefile"]:
        overrides["treefile"] = str(Path(asked["treefile"]).resolve())
    line = load_parameters(name, overrides)
    recommends = False if asked["no_weak_deps"] else None
    return ask_line(line, snapshot=snapshot, recommends=recommends, offline=asked["cacheonly"])


def _spelled_out(names: tuple[str, ...], asked: dict[str, Any]) -> Question:
    from atomic_kit.packages.question import ask_rpm_repos, read_treefile

    if asked["overrides"]:
        raise InputError("-p sets keys of parameters, and none are named", hint="leave it out")
    treefile = read_treefile(Path(asked["treefile"]), arch=asked["arch"]) if asked["treefile"] else None
    releasever = asked["releasever"] or (treefile.releasever if treefile else "")
    return ask_rpm_repos(
        rpm_repos_asked(asked | {"releasever": releasever}),
        treefile=treefile,
        names=names,
        exclude=asked["exclude"],
        lockfiles=[Path(path) for path in asked["lockfile"]],
        strict=not asked["lock_loose"],
        arch=asked["arch"],
        releasever=releasever,
        modules=[_stream(text) for text in asked["module"]],
        recommends=False if asked["no_weak_deps"] else None,
        offline=asked["cacheonly"],
    )


def rpm_repos_asked(asked: dict[str, Any]) -> list[RpmRepo]:
    """Return the rpm_repos of --repofrompath and --repofile; raise InputError when there are none."""
    from atomic_kit.sources.arches import basearch_of
    from atomic_kit.sources.repofile import read_repo_file, rpm_repos_from_paths

    variables = {"basearch": basearch_of(asked["arch"]), "arch": asked["arch"]}
    if asked["releasever"]:
        variables["releasever"] = asked["releasever"]
    keys = [_key(text) for text in asked["gpgkey"]]
    pairs = [_filled(pair, variables) for pair in asked["repofrompath"]]
    checks = {"gpgcheck": not asked["no_gpgcheck"], "repo_gpgcheck": not asked["no_repo_gpgcheck"]}
    found = rpm_repos_from_paths(pairs, gpgkey=keys, **checks)
    fingerprints = [one for key in keys for one in key.fingerprint]
    for path in asked["repofile"]:
        read = read_repo_file(Path(path), variables=variables, fingerprints=fingerprints, **checks)
        found += [one for one in read if one.enabled]
    if not found:
        raise InputError("no rpm_repo is named", hint="give --repofrompath ID,URL or --repofile FILE")
    return found


def _key(text: str) -> Any:
    from pydantic import ValidationError

    from atomic_kit.rpm_repos import RpmKey

    place, _, fingerprint = text.partition(",")
    if "://" not in place and not Path(place).is_file():
        raise InputError(f"--gpgkey {place} does not exist", hint="name a file, or URL,FINGERPRINT")
    where: dict[str, Any] = {"url": place} if "://" in place else {"file": Path(place).absolute()}
    if place.startswith("file://"):
        where = {"file": Path(place.removeprefix("file://"))}
    try:
        return RpmKey.model_validate({**where, "fingerprint": [fingerprint] if fingerprint else []})
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"--gpgkey {text}: {said}", hint="write URL,FINGERPRINT") from None


def _stream(text: str) -> str:
    from atomic_kit.sources import MODULE_STREAM

    if not re.fullmatch(MODULE_STREAM, text):
        raise InputError(f"--module {text!r} is not NAME:STREAM", hint="e.g. --module nodejs:20")
    return text


def _filled(pair: str, variables: dict[str, str]) -> str:
    try:
        return string.Template(pair).substitute(variables)
    except KeyError as error:
        raise InputError(f"{pair}: ${error.args[0]} has no value", hint="give --releasever VERSION") from None
    except ValueError:
        return pair


def parsed(overrides: tuple[str, ...]) -> dict[str, str]:
    """Return `-p KEY=VALUE` options as a map; raise InputError when one has no `=`."""
    pairs = {}
    for text in overrides:
        key, sign, value = text.partition("=")
        if not key or not sign:
            raise InputError(f"-p {text!r} is not KEY=VALUE", hint="e.g. -p disk_size=6")
        pairs[key] = value
    return pairs
