"""Read the files of leaks, each once: a pipe gives its bytes once, and a file may be another one a moment later."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tracemark as tm
from tracemark_cli.outcome import complain

__all__ = ["Leak", "read_leaks"]


@dataclass(frozen=True, eq=False)
class Leak:
    """What is known of a leak's file."""

    photo: tm.Photo
    """What it shows."""

    sha256: bytes
    """SHA-256 of the bytes that were read."""

    size: int
    """How many there were."""


def read_leaks(paths: Sequence[Path]) -> dict[Path, Leak]:
    """Read the files of leaks; those that fail are complained of.

    Parameters
    ----------
    paths : sequence of Path
        The files; one that is named twice is read once.

    Returns
    -------
    read : dict
        File -> what it holds, for those that could be read.
    """
    read: dict[Path, Leak] = {}
    for path in dict.fromkeys(paths):
        try:
            data = path.read_bytes()
            read[path] = Leak(tm.read_photo(data), hashlib.sha256(data).digest(), len(data))
        except OSError as error:
            complain(path, f"image file cannot be read: {(error.strerror or str(error)).lower()}")
        except (tm.TracemarkError, MemoryError) as error:
            complain(path, error)
    return read
