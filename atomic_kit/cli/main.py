"""The verbs and what becomes of errors.

Exit codes: 0 done, 1 a release step or a check failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

import click

from atomic_kit.cli.asking import AS_JSON, OVERRIDES, parsed
from atomic_kit.cli.comparing import compare
from atomic_kit.cli.exploring import explore
from atomic_kit.cli.output import print_json, print_table, size
from atomic_kit.cli.questions import resolve, why
from atomic_kit.cli.what_if import what_if
from atomic_kit.errors import AtomicKitError, InputError, UnsolvableError

PARAMETERS = click.argument("parameters", metavar="PARAMETERS")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="atomic-kit")
def commands() -> None:
    """Decide what goes into an image-based Linux host, build it, prove that it works, publish the evidence.

    PARAMETERS is a file, or the bare name of one in parameters/.
    """


@commands.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Say what this machine has, what it lacks and how to get it."""
    from atomic_kit.doctor import diagnose, is_healthy

    findings = diagnose()
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        print_table([finding.as_dict() for finding in findings], columns=("subject", "state", "detail", "cure"))
    if not is_healthy(findings):
        sys.exit(1)


@commands.command()
@PARAMETERS
@OVERRIDES
@AS_JSON
def compose(parameters: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Compose a draft: a signed commit in the candidate repository."""
    from atomic_kit.parameters import load_parameters
    from atomic_kit.release.lock import alone
    from atomic_kit.steps import compose_draft

    line = load_parameters(parameters, parsed(overrides))
    with alone(line):
        release, commit = compose_draft(line)
    answer = {
        "ref": commit.ref,
        "commit": commit.checksum,
        "version": commit.version,
        "package_count": commit.package_count,
        "installed_size": commit.installed_size,
        "commit_size": commit.commit_size,
        "ostree_repo": str(release.workspace.candidate_repo),
    }
    if as_json:
        print_json(answer)
    else:
        print_table([{"fact": key, "value": str(value)} for key, value in answer.items()], columns=("fact", "value"))


@commands.command()
@PARAMETERS
@OVERRIDES
@click.option("--platform", required=True, help="Where the image is to run, or `all`.")
@AS_JSON
def image(parameters: str, overrides: tuple[str, ...], platform: str, as_json: bool) -> None:
    """Build a draft's image for a platform."""
    from atomic_kit.images import known_platforms
    from atomic_kit.parameters import load_parameters
    from atomic_kit.release.lock import alone
    from atomic_kit.steps import compose_draft, images_step

    platforms = known_platforms() if platform == "all" else (platform,)
    if unknown := set(platforms) - set(known_platforms()):
        raise InputError(f"unknown platform {unknown.pop()!r}", hint=f"known: {', '.join(known_platforms())}, all")
    line = load_parameters(parameters, parsed(overrides))
    with alone(line):
        release, _ = compose_draft(line)
        rows = images_step(release, platforms).to_dict("records")
    if as_json:
        print_json(rows)
    else:
        print_table([row | {"size": size(row["size"])} for row in rows], columns=("platform", "format", "size", "path"))


@commands.command()
@PARAMETERS
@OVERRIDES
@AS_JSON
def check(parameters: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Run the checks on a draft in a machine."""
    from atomic_kit.errors import StepError
    from atomic_kit.parameters import load_parameters
    from atomic_kit.release.lock import alone
    from atomic_kit.release.records import read_table
    from atomic_kit.steps import checks_step, compose_draft, images_step

    line = load_parameters(parameters, parsed(overrides))
    failure = None
    with alone(line):
        release, _ = compose_draft(line)
        images_step(release)
        try:
            checks_step(release)
        except StepError as error:
            failure = error
    if failure is not None and not (release.folder / "checks.json").is_file():
        raise failure
    rows = read_table(release.folder, "checks").to_dict("records")
    if as_json:
        print_json({"checks": rows, **release.record("checks")})
    else:
        print_table(rows, columns=("suite", "check", "firmware", "outcome", "seconds"))
    if failure is not None:
        raise failure


@commands.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--build", "build", metavar="FOLDER", help="Where the ostree_repos are; default: the project's build folder."
)
@AS_JSON
def diff(old: str, new: str, build: str | None, as_json: bool) -> None:
    """Compare the packages of two commits, refs, lock files or release folders."""
    from pathlib import Path

    from atomic_kit.packages.diff import changes_frame, diff_packages, rpm_ostree_diff
    from atomic_kit.release.listing import list_packages

    folder = Path(build) if build else None
    before, after = list_packages(old, build=folder), list_packages(new, build=folder)
    changes = diff_packages(before.packages, after.packages)
    if as_json:
        print_json(rpm_ostree_diff(changes, old_commit=before.commit, new_commit=after.commit))
        return
    columns = ("change", "name", "old_version", "new_version", "size_change")
    rows = changes_frame(changes)[list(columns)].fillna("").to_dict("records")
    print_table([row | {"size_change": size(row["size_change"], signed=True)} for row in rows], columns=columns)


@commands.command()
@PARAMETERS
@OVERRIDES
def release(parameters: str, overrides: tuple[str, ...]) -> None:
    """Make whatever releases of the line are due: every step, its record and the report."""
    from atomic_kit.parameters import load_parameters
    from atomic_kit.pipeline import run_line

    run_line(load_parameters(parameters, parsed(overrides)), say=click.echo)


for verb in (resolve, why, what_if, compare, explore):
    commands.add_command(verb)


def main() -> None:
    """Run the command line; every error that is foreseen is one sentence on stderr."""
    # A schedule that ends a run gets the same tidy end as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _stop("interrupted; the same command goes on from the last whole step", 130)
    except AtomicKitError as error:
        if "--json" in sys.argv:
            print_json({"error": _document(error)})
        _stop(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        known = error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EPERM, errno.EDQUOT)
        if error.errno is None or not (known or error.filename):
            raise
        cure = "make room or rights there" if known else "see what is in its place"
        _stop(f"{_place(error)}: {os.strerror(error.errno)}; {cure} and run again", 1)


def _place(error: OSError) -> str:
    """Return where the system could not do something."""
    name = error.filename
    return os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else "the disk"


def _document(error: AtomicKitError) -> dict[str, object]:
    """Return an error as programs read it; a set that cannot be solved has problems, a cause and cures."""
    said: dict[str, object] = {"what": error.what, "hint": error.hint}
    if isinstance(error, UnsolvableError):
        said |= {"problems": error.problems, "cause": error.cause, "cures": error.cures}
    return said


def _stop(sentence: str, code: int) -> None:
    print(f"atomic-kit: {sentence}", file=sys.stderr)
    sys.exit(code)
