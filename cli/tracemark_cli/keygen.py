"""`tracemark keygen`."""

from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.outcome import KeyFailure
from tracemark_cli.path_types import FILE

__all__ = ["keygen"]


@click.command()
@click.argument("path", type=FILE)
def keygen(path: Path) -> None:
    """Make a new key and save it in PATH, for its owner's eyes only.

    The id of the key is printed; an existing file is never overwritten.
    """
    key = tm.Key.generate()
    try:
        key.save(path)
    except tm.KeyFileError as error:
        raise KeyFailure(str(error)) from error
    click.echo(f"key saved in {click.format_filename(path)}; keep a copy: without it no leak can be traced", err=True)
    click.echo(key.id)
