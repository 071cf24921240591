"""Lay out the tables of a ledger, and bring older ledgers up to date."""

import secrets
import sqlite3
from pathlib import Path

from tracemark.errors import LedgerError
from tracemark.ledger.chain import first_hash
from tracemark.ledger.database import create_file, transaction
from tracemark.ledger.moment import iso_of, now

__all__ = ["APPLICATION_ID", "MIGRATIONS", "bring_up_to_date", "known_version", "make_ledger"]

APPLICATION_ID = 0x746D6C67  # "tmlg" in ASCII: SQLite keeps it at byte 68 of the file, for tools that tell files apart
IDENTITY_BYTES = 16  # random; no two ledgers share them

# One tuple of statements for each version; released ones never change. A version is the number of tuples done.
# A ledger of any version must answer as it is, if more slowly: a dry run leaves it so.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # `copies` and `head` tell where the chain ends, so that cutting off its end shows.
        """CREATE TABLE ledger (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            id BLOB NOT NULL CHECK (length(id) = 16),
            created TEXT NOT NULL,
            copies INTEGER NOT NULL CHECK (copies >= 0),
            head BLOB NOT NULL CHECK (length(head) = 32)
        ) STRICT""",
        # The large columns stand last: SQLite reads a row from the left, and stops where it may.
        """CREATE TABLE photos (
            number INTEGER PRIMARY KEY,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            key_id TEXT NOT NULL,
            name TEXT NOT NULL,
            rows INTEGER NOT NULL,
            columns INTEGER NOT NULL,
            dtype TEXT NOT NULL,
            profile_version INTEGER NOT NULL,
            chip_set INTEGER NOT NULL,
            strength REAL NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            keypoint_count INTEGER NOT NULL CHECK (keypoint_count >= 0),
            keypoints BLOB NOT NULL CHECK (length(keypoints) = 16 * keypoint_count),
            descriptors BLOB NOT NULL CHECK (length(descriptors) = 128 * keypoint_count),
            luma BLOB NOT NULL,
            UNIQUE (digest, key_id)
        ) STRICT""",
        """CREATE TABLE recipients (
            id INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 4294967295),
            erased TEXT
        ) STRICT""",
        # Apart from everything that must last: erasing one person rewrites all of it.
        """CREATE TABLE personal (
            recipient INTEGER PRIMARY KEY REFERENCES recipients,
            columns TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE programs (
            number INTEGER PRIMARY KEY,
            software TEXT NOT NULL,
            format_version INTEGER NOT NULL,
            UNIQUE (software, format_version)
        ) STRICT""",
        # A million rows are usual, so photo and program are numbers, and the time is milliseconds since 1970, UTC.
        """CREATE TABLE copies (
            number INTEGER PRIMARY KEY,
            photo INTEGER NOT NULL REFERENCES photos,
            recipient INTEGER NOT NULL REFERENCES recipients,
            program INTEGER NOT NULL REFERENCES programs,
            made INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            file TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX copies_of_a_photo ON copies (photo, recipient)",
        "CREATE INDEX copies_of_a_recipient ON copies (recipient)",
        """CREATE TRIGGER copies_are_appended BEFORE INSERT ON copies
            WHEN NEW.number IS NOT 1 + coalesce((SELECT max(number) FROM copies), 0)
            BEGIN SELECT RAISE(ABORT, 'copies are only ever appended'); END""",
        """CREATE TRIGGER copies_never_change BEFORE UPDATE ON copies
            BEGIN SELECT RAISE(ABORT, 'copies never change'); END""",
        """CREATE TRIGGER copies_are_never_removed BEFORE DELETE ON copies
            BEGIN SELECT RAISE(ABORT, 'copies are never removed'); END""",
        """CREATE TRIGGER photos_never_change BEFORE UPDATE ON photos
            BEGIN SELECT RAISE(ABORT, 'photos never change'); END""",
        """CREATE TRIGGER photos_are_never_removed BEFORE DELETE ON photos
            BEGIN SELECT RAISE(ABORT, 'photos are never removed'); END""",
        """CREATE TRIGGER recipients_are_never_removed BEFORE DELETE ON recipients
            BEGIN SELECT RAISE(ABORT, 'recipients are never removed'); END""",
        """CREATE TRIGGER programs_never_change BEFORE UPDATE ON programs
            BEGIN SELECT RAISE(ABORT, 'programs never change'); END""",
        """CREATE TRIGGER the_chain_only_grows BEFORE UPDATE ON ledger
            WHEN NEW.copies <= OLD.copies OR NEW.id IS NOT OLD.id OR NEW.created IS NOT OLD.created
            BEGIN SELECT RAISE(ABORT, 'the chain only grows'); END""",
        """CREATE TRIGGER the_chain_is_never_removed BEFORE DELETE ON ledger
            BEGIN SELECT RAISE(ABORT, 'the chain is never removed'); END""",
    ),
    # Whose copy a file is, is asked for each photo of a kit and each leak: to go through a million copies takes 0.1 s.
    ("CREATE INDEX copies_of_certain_bytes ON copies (sha256)",),
)


def make_ledger(path: Path) -> None:
    """Make a ledger without entries.

    Parameters
    ----------
    path : Path
        Where to; a file that is there by then is left alone.

    Raises
    ------
    LedgerError
        When it cannot be written.
    """
    identity, created = secrets.token_bytes(IDENTITY_BYTES), iso_of(now())
    with create_file(path, application=APPLICATION_ID) as connection:
        bring_up_to_date(connection)
        connection.execute(
            "INSERT INTO ledger (only, id, created, copies, head) VALUES (1, ?, ?, 0, ?)",
            (identity, created, first_hash(identity, created)),
        )


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Do the migrations that a ledger has not had, each whole or not at all.

    Parameters
    ----------
    connection : sqlite3.Connection
        An open ledger, or an empty database.

    Raises
    ------
    LedgerError
        When the ledger is of a version that this program does not know; it is left as it is.
    """
    while (version := known_version(connection)) != len(MIGRATIONS):
        with transaction(connection):
            # Somebody else may have done it while we waited for our turn.
            if known_version(connection) == version:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")


def known_version(connection: sqlite3.Connection) -> int:
    """Read which version of the tables a ledger has.

    Parameters
    ----------
    connection : sqlite3.Connection
        An open ledger, or an empty database.

    Returns
    -------
    version : int
        0 is none.

    Raises
    ------
    LedgerError
        When this program does not know it.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise LedgerError(f"ledger must be of version {len(MIGRATIONS)} or older, not {version}; update tracemark")
    return version
