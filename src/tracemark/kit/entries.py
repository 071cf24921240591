"""Write what a manifest says of a file as one line, and read it again."""

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tracemark.kit.folder import is_inside
from tracemark.kit.manner import Manner

__all__ = ["ARCHIVE", "BEGINNING", "COPY", "ArchiveEntry", "CopyEntry", "Entry", "read_line", "sum_line", "write_line"]

COPY = "tracemark.kit.copy/1"
ARCHIVE = "tracemark.kit.archive/1"
BEGINNING = b'{"schema": "tracemark.kit.'  # of every line, here and in any later version
CHECKED = {"method", "log10_false_alarm"}  # what is said of how a copy was read back
SHA256 = re.compile("[0-9a-f]{64}")  # as `sha256sum` writes it
# What `sha256sum` writes for signs that would break a line; such a line begins with a backslash: GNU coreutils manual,
# section cksum.
ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"))


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """What the manifest says of a copy."""

    file: str
    """Its name inside the kit's folder."""

    sha256: str
    """SHA-256 of its bytes, hexadecimal."""

    bytes: int
    """How many there are."""

    recipient: int
    """Whose it is."""

    photo: str
    """Name of the photo's file."""

    photo_sha256: str
    """SHA-256 of the photo's file, hexadecimal."""

    key: str
    """ID of the key."""

    quality: int | None
    """Quality of JPEG, WebP and AVIF that was asked for; None for the photo's own."""

    strip_gps: bool
    """Whether it leaves out where the photo was taken."""

    software: str
    """Name and version of the program."""

    checked: Mapping[str, Any] | None
    """How it was read back; None when it was not."""

    baseline: bool = False
    """Whether a progressive JPEG was to be written as baseline; older manifests do not say it, and it was not."""

    @property
    def made_as(self) -> tuple[int, str, str, Manner]:
        """Whose it is, of which photo, with which key, and how it was made: what one order makes but once."""
        return self.recipient, self.photo_sha256, self.key, Manner(self.quality, self.strip_gps, self.baseline)


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """What the manifest says of an archive."""

    file: str
    """Its name inside the kit's folder."""

    sha256: str
    """SHA-256 of its bytes, hexadecimal."""

    bytes: int
    """How many there are."""

    recipient: int
    """Whose copies it holds."""

    holds: Mapping[str, str] = field(default_factory=dict)
    """Name of each copy in it -> SHA-256."""


Entry = CopyEntry | ArchiveEntry
KINDS: dict[str, type[CopyEntry] | type[ArchiveEntry]] = {COPY: CopyEntry, ARCHIVE: ArchiveEntry}


def write_line(entry: Entry) -> bytes:
    """Write an entry.

    Parameters
    ----------
    entry : CopyEntry or ArchiveEntry
        A name in it that is no text is escaped.

    Returns
    -------
    line : bytes
        A JSON object in ASCII, with a newline at its end and nowhere else.
    """
    schema = next(schema for schema, kind in KINDS.items() if isinstance(entry, kind))
    return json.dumps({"schema": schema, **asdict(entry)}, allow_nan=False).encode() + b"\n"


def read_line(line: bytes) -> Entry:
    """Read an entry.

    Parameters
    ----------
    line : bytes
        As :func:`write_line` writes it, with or without the newline.

    Returns
    -------
    entry : CopyEntry or ArchiveEntry

    Raises
    ------
    ValueError
        When it is anything else.
    """
    try:
        fields = json.loads(line)
        entry = KINDS[fields.pop("schema")](**fields)
        named = [entry.sha256, *([entry.photo_sha256] if isinstance(entry, CopyEntry) else entry.holds.values())]
        whole = all(SHA256.fullmatch(sha256) for sha256 in named)
        whole &= isinstance(entry.bytes, int) and isinstance(entry.recipient, int) and is_inside(entry.file)
        whole &= not isinstance(entry, CopyEntry) or _is_whole(entry)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"line must be an entry of a manifest ({error})") from error
    if not whole:
        raise ValueError("line must be an entry of a manifest (a field is damaged)")
    return entry


def _is_whole(entry: CopyEntry) -> bool:
    """Tell whether the fields that only a copy has are such as are written."""
    words = (entry.photo, entry.key, entry.software)
    quality, checked = entry.quality, entry.checked
    return (
        all(isinstance(word, str) for word in words)
        and (quality is None or isinstance(quality, int))
        and isinstance(entry.strip_gps, bool)
        and isinstance(entry.baseline, bool)
        and (checked is None or checked.keys() == CHECKED)
        and (checked is None or isinstance(checked["method"], str))
        and (checked is None or -math.inf < checked["log10_false_alarm"] <= 0)
    )


def sum_line(entry: Entry) -> bytes:
    """Write the sum of a file as ``sha256sum`` does.

    Parameters
    ----------
    entry : CopyEntry or ArchiveEntry

    Returns
    -------
    line : bytes
        With a newline at its end and nowhere else.
    """
    name = os.fsencode(entry.file)
    escaped = name
    for sign, words in ESCAPES:
        escaped = escaped.replace(sign, words)
    mark = b"" if escaped == name else b"\\"
    return b"%b%b  %b\n" % (mark, entry.sha256.encode(), escaped)
