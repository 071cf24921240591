"""Say where the key is: the path comes in, never the secret."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.outcome import KeyFailure
from tracemark_cli.path_types import FILE

__all__ = ["key_option", "open_key"]

key_option = click.option(
    "--key",
    "key_file",
    type=FILE,
    envvar="TRACEMARK_KEY_FILE",
    show_envvar=True,
    required=True,
    help="The key file that `tracemark keygen` made.",
)


def open_key(path: Path) -> tm.Key:
    """Load a key; when that fails the command ends.

    Parameters
    ----------
    path : Path
        The key file.

    Returns
    -------
    key : Key
        The key in it.
    """
    try:
        return tm.Key.load(path)
    except tm.KeyFileError as error:
        raise KeyFailure(str(error)) from error
