"""Open a ledger, and write into it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

from tracemark.arguments import (
    checked_file,
    checked_hash,
    checked_kind,
    checked_number,
    checked_path,
    checked_seconds,
    checked_text,
)
from tracemark.errors import LedgerError
from tracemark.ledger import copies, photos, recipients, schema
from tracemark.ledger.copies import CopyRecord
from tracemark.ledger.database import check_file, connect, is_there, plain_words, transaction
from tracemark.ledger.photos import PhotoRecord
from tracemark.ledger.questions import ReadableLedger

__all__ = ["Ledger", "checked_ledger"]

WAIT_S = 10.0  # for another program to finish writing; one copy takes about 5 ms
LONGEST_WAIT_S = (2**31 - 1) // 1000  # SQLite counts milliseconds in 32 bits


class Ledger(ReadableLedger):
    """What went to whom: photos, recipients and copies, in one file.

    :meth:`open` gives one; a ``with`` statement closes it.  Several programs may read it at once;
    writers wait for each other.  It is for the thread that opened it: another one opens it again.
    The key is never in it.  Its `identity` are 16 random bytes, `created` is when it was made,
    ISO 8601 UTC.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Ledger.open(f"{folder.name}/kit.db", create=True) as ledger:
    ...     ledger.add_recipients({17: {"name": "Zoë"}})
    ...     ledger.recipients()
    ()
    (Recipient(id=17, columns={'name': 'Zoë'}, erased=None),)
    >>> folder.cleanup()
    """

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        migrate: bool = True,
        timeout_s: float = WAIT_S,
    ) -> Self:
        """Open a ledger.

        Parameters
        ----------
        path : path-like
            The file.
        create : bool
            Whether to make a new one where there is none.
        migrate : bool
            Whether one of an older version is brought up to date; else it stays as it is, and may
            answer more slowly.
        timeout_s : float
            How long to wait while another program writes, seconds; 0 is not at all.

        Returns
        -------
        ledger : Ledger
            Ready to read and, where the file may be written, to write.

        Raises
        ------
        LedgerError
            When there is no such file, or it is no ledger, damaged, or of a newer version, or
            nobody could wait so long.  It is left exactly as it is.
        """
        place = checked_path(path, "path", refuse=LedgerError)
        wait_s = checked_seconds(timeout_s, "timeout_s", most=LONGEST_WAIT_S, refuse=LedgerError)
        with plain_words(place):
            if create and not is_there(place):
                schema.make_ledger(place)
            check_file(place, application=schema.APPLICATION_ID, newest=len(schema.MIGRATIONS))
            connection = connect(place, timeout_s=wait_s)
            try:
                if migrate:
                    schema.bring_up_to_date(connection)
                else:
                    schema.known_version(connection)
                return cls(place, connection)
            except BaseException:
                connection.close()
                raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """Record all that is recorded inside, or nothing; the disk is waited for once.

        What is refused inside leaves nothing behind, also where the error is caught and more is recorded.
        """
        with plain_words(self.path), transaction(self._connection):
            yield

    def add_photo(self, record: PhotoRecord) -> None:
        """Record a photo; one that is there under the same key stays as it is."""
        checked_kind(record, PhotoRecord, "record", refuse=LedgerError)
        with plain_words(self.path), transaction(self._connection):
            photos.add_photo(self._connection, record)

    def add_recipients(self, guests: Mapping[int, Mapping[str, str]], *, replace: bool = False) -> tuple[int, ...]:
        """Record recipients, all or none.

        Parameters
        ----------
        guests : mapping
            Recipient -> column -> what it says.  Columns that are new are added; the name of one
            that is known may be written in capitals or small letters, and it keeps its spelling.
        replace : bool
            Whether columns may say something else than before.  One that then says nothing is
            cleared; columns that are not given stay as they are.

        Returns
        -------
        erased : tuple of int
            Those whose personal data were erased; they stay erased.

        Raises
        ------
        LedgerError
            When a column says something else than before, and may not, or something else than text.
        RecipientError
            When one of them is no recipient.
        """
        with plain_words(self.path), transaction(self._connection):
            return recipients.add_recipients(self._connection, guests, replace=replace)

    def add_copy(
        self,
        *,
        photo: bytes,
        key_id: str,
        recipient: int,
        sha256: bytes,
        file: str,
        software: str,
        format_version: int,
    ) -> CopyRecord:
        """Record a copy whose file is whole and in its place.

        Parameters
        ----------
        photo, key_id, recipient
            Digest, ID of the key and number; photo and recipient must be recorded.
        sha256, file
            SHA-256 of the file's bytes, and its name inside the folder of the delivery.
        software, format_version
            Name and version of the program that made it, and the mark's format version.

        Returns
        -------
        copy : CopyRecord
            As it stands in the chain, for good: it lasts through a power cut.

        Raises
        ------
        LedgerError
            When photo or recipient are not recorded, no file can have that name, or the ledger
            cannot be written.
        RecipientError
            When that is no recipient.
        """
        checked_hash(photo, "photo", refuse=LedgerError)
        checked_hash(sha256, "sha256", refuse=LedgerError)
        checked_file(file, "file", refuse=LedgerError)
        for name, text in (("key_id", key_id), ("software", software)):
            checked_text(text, name, refuse=LedgerError)
        checked_number(format_version, "format_version", refuse=LedgerError)
        with plain_words(self.path), transaction(self._connection):
            return copies.add_copy(
                self._connection,
                photo=photo,
                key_id=key_id,
                recipient=recipient,
                sha256=sha256,
                file=file,
                software=software,
                format_version=format_version,
            )

    def erase_recipient(self, recipient: int) -> None:
        """Erase all columns of a recipient from the file; number and copies stay, and the chain still holds.

        The names of their copies' files stay, too, and what was put into them: they are in the chain.

        Raises
        ------
        LedgerError
            When there is no such recipient; inside of :meth:`together` or :meth:`snapshot`; or
            another program has the ledger open and remains of the columns are still in its -wal
            file: erase again later.
        RecipientError
            When that is no recipient.
        """
        with plain_words(self.path):
            if self._connection.in_transaction:
                # Until that ends the -wal file, which has remains of the columns, cannot be emptied.
                raise LedgerError(f"ledger {self.path} must be in no together() or snapshot() to erase a recipient")
            with transaction(self._connection):
                recipients.erase_recipient(self._connection, recipient)
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LedgerError(
                f"ledger {self.path} must not be open elsewhere for the last bytes of recipient {recipient} to go;"
                " erase again when it is closed there"
            )


def checked_ledger(ledger: object) -> Ledger:
    """Refuse what is no ledger, as the path of one is none.

    Parameters
    ----------
    ledger : object
        What was given.

    Returns
    -------
    ledger : Ledger
        The same.

    Raises
    ------
    LedgerError
        When it is something else.
    """
    if not isinstance(ledger, Ledger):
        raise LedgerError(f"ledger must be a tracemark Ledger, as Ledger.open gives one, not {type(ledger).__name__}")
    return ledger
