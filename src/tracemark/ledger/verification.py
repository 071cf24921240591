"""Find out whether a ledger still says what it said when it was written."""

import sqlite3
from dataclasses import dataclass

from tracemark.ledger.chain import first_hash
from tracemark.ledger.copies import Head, chain_links, hash_of, read_head
from tracemark.ledger.photos import broken_seals

__all__ = ["Verification", "verify"]

MOST_COMPLAINTS = 10  # of SQLite, and of the chain: more say nothing new


@dataclass(frozen=True)
class Verification:
    """What the verification of a ledger found; true when nothing is wrong."""

    head: Head
    """Where the chain ends, as the ledger says."""

    problems: tuple[str, ...]
    """What is wrong, one sentence each; empty when all is well."""

    noted: int | None = None
    """After how many copies the hash that was noted down was the head; None when none was given, or it never was."""

    def __bool__(self) -> bool:
        """Tell whether all is well."""
        return not self.problems


def verify(connection: sqlite3.Connection, *, identity: bytes, created: str, noted: bytes | None) -> Verification:
    """Check file, photos and chain.

    Parameters
    ----------
    connection : sqlite3.Connection
        An open ledger.
    identity : bytes
        The ledger's own, 16 bytes.
    created : str
        When it was made, ISO 8601 UTC.
    noted : bytes or None
        A head that was written down earlier, outside the ledger.

    Returns
    -------
    verification : Verification
        All that is wrong.
    """
    broken = [
        f"what is kept of photo {entry.name} ({_shown(entry.digest)}) was changed" for entry in broken_seals(connection)
    ]
    head = read_head(connection)
    found, after = _follow(connection, head, first_hash(identity, created), noted)
    if noted is not None and after is None:
        found.append(f"the head that was noted, {noted.hex()}, is not in the chain: it was written anew or cut short")
    return Verification(head, tuple(_damages(connection) + broken + found), after)


def _shown(digest: object) -> str:
    """Write a digest, or what a damaged file has in its place."""
    return digest.hex() if isinstance(digest, bytes) else repr(digest)


def _damages(connection: sqlite3.Connection) -> list[str]:
    """Ask SQLite whether its file is sound."""
    damages = [
        f"the file is damaged: {words}"
        for (words,) in connection.execute(f"PRAGMA integrity_check({MOST_COMPLAINTS})")
        if words != "ok"
    ]
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        damages.append("rows are missing that others point to")
    return damages


def _follow(
    connection: sqlite3.Connection, head: Head, first: bytes, noted: bytes | None
) -> tuple[list[str], int | None]:
    """Go along the chain; the second answer is after how many copies the noted hash stood."""
    problems: list[str] = []
    previous, count = first, 0
    after = 0 if noted == first else None
    for copy, seal in chain_links(connection):
        count += 1
        if copy is None:
            problems.append(f"the copy in place {count} is damaged, or its photo or program is missing")
            continue
        if copy.number != count:
            problems.append(f"copy {count} must come next in the chain, not {copy.number}")
            count = copy.number
        elif hash_of(copy, previous=previous, seal=seal) != copy.hash:
            problems.append(f"copy {count} was changed, or something it stands on")
        if copy.hash == noted:
            after = count
        previous = copy.hash
    if head != Head(count, previous):
        problems.append(
            f"the chain must end with copy {head.copies} and hash {head.hash.hex()}, not {count} and {previous.hex()}"
        )
    more = len(problems) - MOST_COMPLAINTS
    return problems[:MOST_COMPLAINTS] + ([f"and {more} more like these"] if more > 0 else []), after
