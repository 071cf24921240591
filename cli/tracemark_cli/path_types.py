"""Take paths from the command line as they are: whoever cannot read one says so, with the code for that."""

from pathlib import Path

import click

__all__ = ["FILE", "FOLDER"]

# Click would refuse what cannot be read as a misspelt command, and nothing of the command would be done.
FILE = click.Path(readable=False, path_type=Path)
"""A file, or whatever else has that name."""

FOLDER = click.Path(file_okay=False, readable=False, path_type=Path)
"""A folder, which need not be there."""
