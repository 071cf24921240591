"""Ask a ledger: of what went to whom, and whether it still says what was written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracemark.arguments import checked_hash, checked_text
from tracemark.errors import LedgerError
from tracemark.ledger import copies, photos, recipients, verification
from tracemark.ledger.copies import CopyRecord, Head
from tracemark.ledger.database import plain_words, snapshot
from tracemark.ledger.photos import FeatureTable, PhotoEntry, PhotoRecord
from tracemark.ledger.recipients import Recipient
from tracemark.ledger.verification import Verification

__all__ = ["ReadableLedger"]


class ReadableLedger:
    """What can be asked of a ledger that is open; :class:`~tracemark.ledger.ledger.Ledger` writes it, too."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        row = connection.execute("SELECT id, created FROM ledger").fetchone()
        if row is None or tuple(map(type, row)) != (bytes, str):
            raise LedgerError(f"ledger {path} is damaged: it does not say who it is")
        self.identity: bytes = row[0]
        self.created: str = row[1]

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        with plain_words(self.path):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read all that is read inside as it stood at one moment, whatever other programs record meanwhile."""
        with plain_words(self.path), snapshot(self._connection):
            yield

    @property
    def head(self) -> Head:
        """Where the chain of copies ends; noted down elsewhere, it proves what stood before it."""
        with plain_words(self.path):
            return copies.read_head(self._connection)

    def photos(self, *, key_id: str | None = None) -> tuple[PhotoEntry, ...]:
        """List the photos in the order they came, of one key or of all."""
        if key_id is not None:
            checked_text(key_id, "key_id", refuse=LedgerError)
        with plain_words(self.path):
            return photos.read_entries(self._connection, key_id=key_id)

    def photo(self, digest: bytes, *, key_id: str) -> PhotoRecord:
        """Read all that is kept of a photo."""
        checked_hash(digest, "digest", refuse=LedgerError)
        checked_text(key_id, "key_id", refuse=LedgerError)
        with plain_words(self.path):
            return photos.read_photo_record(self._connection, digest, key_id=key_id)

    def luma(self, digest: bytes) -> NDArray[np.uint8]:
        """Read the working-scale luma of a photo."""
        checked_hash(digest, "digest", refuse=LedgerError)
        with plain_words(self.path):
            return photos.read_luma(self._connection, digest)

    def features(self, *, key_id: str) -> FeatureTable:
        """Read the features of all photos of a key; lumas are not decoded."""
        checked_text(key_id, "key_id", refuse=LedgerError)
        with self.snapshot():  # how many there are is read first
            return photos.read_features(self._connection, key_id=key_id)

    def seals(self) -> dict[tuple[bytes, str], bytes]:
        """Give the hash of all that is kept of each photo, by digest and ID of the key."""
        with plain_words(self.path):
            return photos.read_seals(self._connection)

    def recipients(self) -> tuple[Recipient, ...]:
        """List the recipients by their numbers."""
        with plain_words(self.path):
            return recipients.read_recipients(self._connection)

    def erased_recipients(self) -> tuple[int, ...]:
        """List those whose columns were erased, by their numbers; much faster than all recipients."""
        with plain_words(self.path):
            return recipients.erased_recipients(self._connection)

    def recipients_of(self, photo: bytes, *, key_id: str) -> tuple[int, ...]:
        """List who has a copy of a photo, by their numbers."""
        checked_hash(photo, "photo", refuse=LedgerError)
        checked_text(key_id, "key_id", refuse=LedgerError)
        with plain_words(self.path):
            return copies.recipients_of(self._connection, photo, key_id=key_id)

    def copies(
        self, *, photo: bytes | None = None, recipient: int | None = None, sha256: bytes | None = None
    ) -> Iterator[CopyRecord]:
        """Go through the copies in their order, of one photo or recipient, or of certain bytes."""
        for name, hashed in (("photo", photo), ("sha256", sha256)):
            if hashed is not None:
                checked_hash(hashed, name, refuse=LedgerError)
        return self._copies(photo, recipient, sha256)

    def _copies(self, photo: bytes | None, recipient: int | None, sha256: bytes | None) -> Iterator[CopyRecord]:
        """Go through the copies."""
        with plain_words(self.path):
            yield from copies.read_copies(self._connection, photo=photo, recipient=recipient, sha256=sha256)

    def verify(self, *, noted: bytes | None = None) -> Verification:
        """Check that nothing was changed since it was written.

        Parameters
        ----------
        noted : bytes, optional
            Hash of a head that was noted down earlier, elsewhere.

        Returns
        -------
        verification : Verification
            True when all is well; else it says what is not.
        """
        if noted is not None:
            checked_hash(noted, "noted", refuse=LedgerError)
        with self.snapshot():
            return verification.verify(self._connection, identity=self.identity, created=self.created, noted=noted)
