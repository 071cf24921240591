"""Read the files of leaks, each once: a pipe gives its bytes once, and a file may be another one a moment later."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tracemark as tm
from tracemark_cli.outcome import reason

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


def read_leaks(paths: Sequence[Path]) -> tuple[dict[Path, Leak], dict[Path, str]]:
    """Read the files of leaks.

    Parameters
    ----------
    paths : sequence of Path
        The files; one that is named twice is read once.

    Returns
    -------
    read : dict
        File -> what it holds, for those that could be read.
    failed : dict
        File -> why it could not, for the others.
    """
    read: dict[Path, Leak] = {}
    failed: dict[Path, str] = {}
    for path in dict.fromkeys(paths):
        try:
            data = tm.image_bytes(path)
            read[path] = Leak(tm.read_photo(data), hashlib.sha256(data).digest(), len(data))
        except (tm.TracemarkError, MemoryError) as error:
            failed[path] = reason(error)
    return read, failed
