"""`python -m atomic_kit.explorer [PARAMETERS]`: serve the explorer and say where."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from atomic_kit.errors import AtomicKitError
from atomic_kit.explorer.serving import serve


@click.command()
@click.argument("parameters", default="demo")
@click.option("--port", default=8866, show_default=True, help="0 takes a free one.")
@click.option("--state", type=str, default=None, help="A file that the explorer saved, or a link's text.")
def main(parameters: str, port: int, state: str | None) -> None:
    """Open the explorer on a release line as a web page, until Ctrl-C."""
    try:
        with suppress(KeyboardInterrupt):
            serve(Path(parameters) if "/" in parameters else parameters, tell=_tell, port=port, state=state)
    except AtomicKitError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def _tell(address: str) -> None:
    click.echo(f"Explorer: {address}\nCtrl-C ends it.")


if __name__ == "__main__":
    main()
