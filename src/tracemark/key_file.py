"""Keep a key in a small text file that only its owner can read."""

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from tracemark.errors import KeyFileError, OutputError, why
from tracemark.file_kind import is_special
from tracemark.new_file import OWNER_ONLY, write_private

__all__ = ["read_key_file", "write_key_file"]

OWNER_ANYTHING = 0o700  # what a key file's mode may hold at most
FILE_LIMIT = 4096  # bytes; a key file has about 250, and anything longer is another file

HEADER = "tracemark-key"
VERSION = "1"
ADVICE = (
    "# Whoever has this file can make and read your marks. Keep it secret, keep a copy:\n"
    "# without it no leak can ever be traced.\n"
)


def read_key_file(path: Path) -> dict[str, str]:
    """Read the fields of a key file.

    Parameters
    ----------
    path : Path
        The file.  On POSIX it must be closed to group and others.

    Returns
    -------
    fields : dict
        Name -> value, as :func:`write_key_file` was given them.

    Raises
    ------
    KeyFileError
        When there is no such file, others can read it, or it is not a key file.
    """
    data = _read_private(path)
    if not data:
        raise KeyFileError(f"key file {path} is empty")
    if len(data) > FILE_LIMIT or not data.startswith(HEADER.encode()):
        raise KeyFileError(f"{path} is not a tracemark key file: it must begin with '{HEADER}'")
    lines = [line.split() for line in data.decode("ascii", errors="replace").splitlines()]
    if lines[0] != [HEADER, VERSION]:
        raise KeyFileError(f"key file {path} must be of version {VERSION}, not {' '.join(lines[0][1:])!r}")
    return {words[0]: words[1] for words in lines[1:] if len(words) == 2}


def write_key_file(path: Path, fields: Mapping[str, str]) -> None:
    """Write a new key file, whole or not at all; it lasts through a power cut.

    Parameters
    ----------
    path : Path
        Where to; an existing file is never overwritten.
    fields : mapping
        Name -> value, neither with spaces.

    Raises
    ------
    KeyFileError
        When the path is a folder's, or the file exists or cannot be written.
    """
    text = f"{HEADER} {VERSION}\n{ADVICE}" + "".join(f"{name} {value}\n" for name, value in fields.items())
    try:
        write_private(path, text.encode("ascii"))
    except OutputError as error:
        raise KeyFileError(f"key file {error}") from error


def _read_private(path: Path) -> bytes:
    """Read a small file that only its owner may read."""
    try:
        if is_special(path):
            raise KeyFileError(f"key file {path} must be a file, and is a device or a pipe")
        with path.open("rb") as file:
            # Ask the open file, not the path: the path may point elsewhere a moment later.
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(FILE_LIMIT + 1)
            # Of any other file the mode is nobody's business here.
            if data.startswith(HEADER.encode()) and os.name == "posix" and stat.S_IMODE(mode) & ~OWNER_ANYTHING:
                raise KeyFileError(
                    f"key file must be closed to everybody but its owner, but {path} has mode"
                    f" {stat.S_IMODE(mode):04o}; run: chmod {OWNER_ONLY:o} {shlex.quote(str(path))}"
                )
            return data
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be read: {why(error)}") from error
