"""The verb that serves the explorer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atomic_kit.cli.asking import is_spelled_out, question_options, rpm_repos_asked
from atomic_kit.errors import InputError

if TYPE_CHECKING:
    from atomic_kit.treefile import Treefile

# What a page of its own settings would not show; parameters have keys for it.
_ELSEWHERE = ("overrides", "lockfile", "lock_loose", "cacheonly")


@click.command()
@click.argument("names", nargs=-1, metavar="[PARAMETERS] | NAME...")
@question_options
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8866,
    show_default=True,
    help="Where this machine serves it; 0 takes a free one.",
)
@click.option("--state", metavar="FILE|LINK", help="A file that the explorer saved, or a link's text.")
def explore(names: tuple[str, ...], port: int, state: str | None, **asked: Any) -> None:
    """Serve the explorer of a package set as a web page, until Ctrl-C; by default that of the demo."""
    from atomic_kit.explorer.serving import serve

    if used := [key for key in _ELSEWHERE if asked[key]]:
        raise InputError(f"--{used[0].replace('_', '-')} does not go with the explorer", hint="leave it out")
    if len(names) > 1 and not is_spelled_out(asked):
        raise InputError(
            f"got {', '.join(names)}, expected one release line", hint="or say whence: --repofrompath ID,URL"
        )
    with suppress(KeyboardInterrupt), ExitStack() as opened:
        line = opened.enter_context(_written(names, asked)) if is_spelled_out(asked) else (names or ("demo",))[0]
        serve(line, tell=lambda address: click.echo(f"Explorer: {address}\nCtrl-C ends it."), port=port, state=state)


@contextmanager
def _written(names: tuple[str, ...], asked: dict[str, Any]) -> Iterator[Path]:
    """Yield the path of parameters, and a treefile beside them, that say what was asked."""
    from atomic_kit.files import scratch_folder, write_json
    from atomic_kit.packages.question import read_treefile, user_cache
    from atomic_kit.treefile import entry_of

    read = read_treefile(Path(asked["treefile"]), arch=asked["arch"]) if asked["treefile"] else None
    if read is None and not names:
        raise InputError("nothing is asked for", hint="name packages, or give --treefile FILE")
    releasever = asked["releasever"] or (read.releasever if read else "")
    rpm_repos = rpm_repos_asked(asked | {"releasever": releasever})
    recommends = not asked["no_weak_deps"] and (read.recommends if read else True)
    treefile = {
        "ref": (read.ref if read else "") or "explorer/x86_64/candidate",
        "packages": [entry_of(text) for text in (*(read.packages if read else ()), *names)],
        "exclude-packages": [*(read.exclude_packages if read else ()), *asked["exclude"]],
        "recommends": recommends,
        **(_kept(read) if read else {}),
    }
    source = {
        "kind": "rpm-md",
        "rpm_repos": [one.model_dump(mode="json", exclude_defaults=True) for one in rpm_repos],
        "modules": asked["module"],
    }
    with scratch_folder("asked") as folder:
        write_json(folder / "host.json", treefile)
        line = {"line": "explorer", "title": "Packages", "stream": "explorer", "treefile": "host.json"}
        places = {"build": str(user_cache().parent / "explorer"), "reports": str(folder)}
        write_json(folder / "line.yaml", line | places | {"source": source | _release(releasever)})
        yield folder / "line.yaml"


def _kept(read: Treefile) -> dict[str, Any]:
    """Return what else of a treefile says which packages are taken, and what its export keeps."""
    from atomic_kit.treefile import entry_of

    rpm_repos = {"repos": list(read.rpm_repos), "lockfile-repos": list(read.lockfile_repos)}
    bound = [{"repo": one.rpm_repo, "packages": [*map(entry_of, one.packages)]} for one in read.repo_packages]
    kept = {**rpm_repos, "repo-packages": bound, "documentation": read.documentation, "releasever": read.releasever}
    return {key: value for key, value in kept.items() if value not in ([], "", True)}


def _release(releasever: str) -> dict[str, str]:
    return {"releasever": releasever} if releasever else {}
