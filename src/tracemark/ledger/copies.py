"""Keep who was given which copy, in a chain that shows when something was changed afterwards."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tracemark.codes.word import checked_recipient
from tracemark.errors import LedgerError
from tracemark.ledger.chain import hash_items
from tracemark.ledger.database import as_text
from tracemark.ledger.moment import iso_of, now

__all__ = ["CopyRecord", "Head", "add_copy", "chain_links", "hash_of", "read_copies", "read_head", "recipients_of"]

COPY = "tracemark.ledger.copy/1"  # first in the hash of every copy; a new meaning needs a new name

_SELECT = (
    "SELECT copies.number, digest, key_id, recipient, sha256, file, made, software, format_version, hash, seal"
    " FROM copies LEFT JOIN photos ON photos.number = copies.photo"
    " LEFT JOIN programs ON programs.number = copies.program"
)
_KINDS = (int, bytes, str, int, bytes, str, int, str, int, bytes, bytes)  # a damaged file may give others, or nothing


@dataclass(frozen=True)
class CopyRecord:
    """One copy that was written."""

    number: int
    """Which one in the ledger, from 1."""

    photo: bytes
    """Digest of the photo, 32 bytes."""

    key_id: str
    """ID of the key it is marked with."""

    recipient: int
    """Whose it is."""

    sha256: bytes
    """SHA-256 of the file's bytes."""

    file: str
    """Name of the file, inside the folder of the delivery; what it says of the recipient cannot be erased."""

    made: str
    """When it had been written, ISO 8601 UTC."""

    software: str
    """Name and version of the program that made it."""

    format_version: int
    """Format version of the mark."""

    hash: bytes
    """SHA-256 over this copy and the hash of the copy before, 32 bytes."""


@dataclass(frozen=True)
class Head:
    """Where the chain ends."""

    copies: int
    """How many copies there are."""

    hash: bytes
    """Hash of the last copy, 32 bytes; it stands for all of them."""


def add_copy(
    connection: sqlite3.Connection,
    *,
    photo: bytes,
    key_id: str,
    recipient: int,
    sha256: bytes,
    file: str,
    software: str,
    format_version: int,
) -> CopyRecord:
    """Append a copy to the chain; photo and recipient must be there."""
    recipient = checked_recipient(recipient)
    row = connection.execute(
        "SELECT number, seal FROM photos WHERE digest = ? AND key_id = ?", (photo, key_id)
    ).fetchone()
    if row is None:
        raise LedgerError(f"ledger must hold photo {photo.hex()} under key {key_id} before its copies, and does not")
    if connection.execute("SELECT 1 FROM recipients WHERE id = ?", (recipient,)).fetchone() is None:
        raise LedgerError(f"ledger must hold recipient {recipient} before their copies, and does not")
    place, seal = row
    head = read_head(connection)
    made = now()
    file = as_text(file)
    bare = CopyRecord(
        number=head.copies + 1,
        photo=photo,
        key_id=key_id,
        recipient=recipient,
        sha256=sha256,
        file=file,
        made=iso_of(made),
        software=software,
        format_version=format_version,
        hash=b"",  # in which it has no part
    )
    copy = replace(bare, hash=hash_of(bare, previous=head.hash, seal=seal))
    connection.execute(
        "INSERT INTO copies (number, photo, recipient, program, made, sha256, hash, file)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (copy.number, place, recipient, _program(connection, software, format_version), made, sha256, copy.hash, file),
    )
    connection.execute("UPDATE ledger SET copies = ?, head = ?", (copy.number, copy.hash))
    return copy


def hash_of(copy: CopyRecord, *, previous: bytes, seal: bytes) -> bytes:
    """Hash a copy, the copy before, and what is kept of its photo; of the recipient the number and the file's name."""
    return hash_items(
        COPY,
        previous,
        copy.number,
        copy.photo,
        copy.key_id,
        seal,
        copy.recipient,
        copy.sha256,
        copy.file,
        copy.made,
        copy.software,
        copy.format_version,
    )


def read_copies(
    connection: sqlite3.Connection,
    *,
    photo: bytes | None = None,
    recipient: int | None = None,
    sha256: bytes | None = None,
) -> Iterator[CopyRecord]:
    """Go through the copies in the order they were written, of one photo or recipient, or of certain bytes."""
    number = None if recipient is None else checked_recipient(recipient)
    wanted = {"digest": photo, "recipient": number, "sha256": sha256}
    conditions = [f"{name} = :{name}" for name, value in wanted.items() if value is not None]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    for row in connection.execute(f"{_SELECT}{where} ORDER BY copies.number", wanted):
        known = _copy(row)
        if known is None:
            raise _damaged(connection, row)
        yield known[0]


def chain_links(connection: sqlite3.Connection) -> Iterator[tuple[CopyRecord | None, bytes]]:
    """Go through the copies with the seal of each one's photo; no copy where a row makes no sense."""
    for row in connection.execute(f"{_SELECT} ORDER BY copies.number"):
        yield _copy(row) or (None, b"")


def read_head(connection: sqlite3.Connection) -> Head:
    """Read where the chain should end."""
    row = connection.execute("SELECT copies, head FROM ledger").fetchone()
    if row is None or tuple(map(type, row)) != (int, bytes):
        raise LedgerError("ledger is damaged: it does not say where its chain ends")
    return Head(*row)


def recipients_of(connection: sqlite3.Connection, photo: bytes, *, key_id: str) -> tuple[int, ...]:
    """List who has a copy of a photo, by their numbers."""
    rows = connection.execute(
        "SELECT DISTINCT recipient FROM copies JOIN photos ON photos.number = photo"
        " WHERE digest = ? AND key_id = ? ORDER BY recipient",
        (photo, key_id),
    )
    return tuple(recipient for (recipient,) in rows)


def _copy(row: tuple[Any, ...]) -> tuple[CopyRecord, bytes] | None:
    """Make a copy, and the seal of its photo, of a row; none where it makes no sense."""
    if tuple(map(type, row)) != _KINDS:
        return None
    number, photo, key_id, recipient, sha256, file, made, software, format_version, hashed, seal = row
    try:
        moment = iso_of(made)
    except OverflowError:  # no calendar has it
        return None
    record = CopyRecord(number, photo, key_id, recipient, sha256, file, moment, software, format_version, hashed)
    return record, seal


def _damaged(connection: sqlite3.Connection, row: tuple[Any, ...]) -> LedgerError:
    """Name the copy, and the photo or program that it points to where that is not there."""
    number, digest, *_, software, _, _, _ = row
    kind = "photo" if digest is None else "program"
    found = connection.execute(f"SELECT {kind} FROM copies WHERE number = ?", (number,)).fetchone()  # noqa: S608 - our own names
    if found is None or None not in (digest, software):
        return LedgerError(f"ledger is damaged: what it holds of copy {number} is not whole")
    return LedgerError(
        f"ledger is damaged: it must hold {kind} {found[0]}, to which copy {number} points, and does not"
    )


def _program(connection: sqlite3.Connection, software: str, format_version: int) -> int:
    """Give the number of a program, a new one if need be."""
    known = connection.execute(
        "SELECT number FROM programs WHERE software = ? AND format_version = ?", (software, format_version)
    ).fetchone()
    if known is not None:
        return int(known[0])
    added = connection.execute(
        "INSERT INTO programs (software, format_version) VALUES (?, ?) RETURNING number", (software, format_version)
    )
    return int(added.fetchone()[0])
