"""Keep a prepared photo in a file: its variants, and all but the key that splicing them needs.

::

    tracemark-plan 1              a line of text
    {"key": "05d842592d8ad048",…  a line of JSON, the facts
    ÿØÿà…                         the variants, JPEG files one behind the other
    …                             the seal: 32 bytes of BLAKE2b over all of this, keyed
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO

from tracemark.errors import FormatError, KeyFileError, why
from tracemark.file_kind import is_special
from tracemark.keys import Key
from tracemark.new_file import write_atomically
from tracemark.profile import PROFILE

__all__ = ["PlanFile", "read_plan_file", "write_plan_file"]

HEADER = b"tracemark-plan"
VERSION = b"1"
SEAL_BYTES = 32
KEY_ID = re.compile(r"[0-9a-f]{16}")  # as Key.id writes it
FACTS_LIMIT = 65536  # bytes; the facts have about 400


@dataclass(frozen=True)
class PlanFile:
    """What a prepared photo's file holds."""

    digest: bytes
    """BLAKE2b of the photo's pixels, 32 bytes."""

    rows: int
    """Photo rows, pixels."""

    columns: int
    """Photo columns, pixels."""

    chip_set: int
    """Which of the profile's chip sets the photo uses."""

    files: Sequence[bytes]
    """The variants, by the number of their content."""


def write_plan_file(path: Path, plan: PlanFile, *, key: Key) -> None:
    """Write a prepared photo, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; a new file is its owner's alone, an existing one is replaced and stays as open as it was.
    plan : PlanFile
        What it is to hold.
    key : Key
        The key that the photo was prepared with: its ID is written, and the file is sealed with it.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    facts = {
        "key": key.id,
        "profile": PROFILE.version,
        "digest": plan.digest.hex(),
        "rows": plan.rows,
        "columns": plan.columns,
        "chip_set": plan.chip_set,
        "sizes": [len(file) for file in plan.files],
    }
    data = b"".join([HEADER, b" ", VERSION, b"\n", json.dumps(facts).encode(), b"\n", *plan.files])
    write_atomically(path, data + _seal(memoryview(data), key), private=True)


def read_plan_file(path: Path, *, key: Key) -> PlanFile:
    """Read a prepared photo.

    Parameters
    ----------
    path : Path
        The file.
    key : Key
        The key that the photo was prepared with.

    Returns
    -------
    plan : PlanFile
        What :func:`write_plan_file` was given.

    Raises
    ------
    FormatError
        When there is no such file, or it is damaged or of another version.
    KeyFileError
        When the file was written with another key.
    """
    damaged = FormatError(f"prepared photo {path} is damaged or cut short")
    try:
        if is_special(path):
            raise FormatError(f"prepared photo {path} must be a file, and is a device or a pipe")
        with path.open("rb") as file:
            _look_at_beginning(file, path, damaged)
            file.seek(0)
            data = file.read()
    except OSError as error:
        raise FormatError(f"prepared photo {path} cannot be read: {why(error)}") from error
    facts, start = _facts(data, path, damaged)
    if facts["key"] != key.id:
        raise KeyFileError(f"key must be {facts['key']}, with which {path} was prepared, not {key.id}")
    body = memoryview(data)[:-SEAL_BYTES]
    if not hmac.compare_digest(_seal(body, key), data[-SEAL_BYTES:]):
        raise damaged
    if facts["profile"] != PROFILE.version:
        raise FormatError(f"prepared photo {path} must be of format {PROFILE.version}, not {facts['profile']}")
    bounds = accumulate(facts["sizes"], initial=start)
    files = [data[first:last] for first, last in pairwise(bounds)]
    return PlanFile(bytes.fromhex(facts["digest"]), facts["rows"], facts["columns"], facts["chip_set"], files)


def _look_at_beginning(file: BinaryIO, path: Path, damaged: FormatError) -> None:
    """Refuse another file, and one that is not as long as it says, before memory is taken for all of it."""
    facts, start = _facts(file.read(FACTS_LIMIT), path, damaged)
    if os.fstat(file.fileno()).st_size != start + sum(facts["sizes"]) + SEAL_BYTES:
        raise damaged


def _facts(data: bytes, path: Path, damaged: FormatError) -> tuple[dict[str, Any], int]:
    """Read the lines before the variants; the second answer is where those begin."""
    first, _, rest = data[:FACTS_LIMIT].partition(b"\n")
    name, _, version = first.partition(b" ")
    if name != HEADER:
        raise FormatError(f"{path} is not a prepared photo: it must begin with '{HEADER.decode()}'")
    if version != VERSION:
        found = version.decode("ascii", errors="replace")
        raise FormatError(f"prepared photo {path} must be of version {VERSION.decode()}, not {found!r}")
    line, ended, _ = rest.partition(b"\n")
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError) as error:  # whoever nests brackets deeply enough need not know the key
        raise damaged from error
    if not ended or not isinstance(facts, dict):
        raise damaged
    key_id, sizes = facts.get("key"), facts.get("sizes")
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id) or not isinstance(sizes, list):
        raise damaged
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise damaged
    return facts, len(first) + 1 + len(line) + 1


def _seal(data: memoryview, key: Key) -> bytes:
    """Hash a file so that nobody without the key can write another one."""
    secret = key.stream("plan file", size=SEAL_BYTES).tobytes()
    return hashlib.blake2b(data, key=secret, digest_size=SEAL_BYTES).digest()
