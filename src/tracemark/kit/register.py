"""Know which copies of a kit are done, and write down what gets done."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tracemark.errors import LedgerError
from tracemark.kit.entries import CopyEntry
from tracemark.kit.folder import hash_file, may_be_there
from tracemark.kit.manifest import Manifest
from tracemark.kit.names import short_names
from tracemark.kit.order import KitOrder
from tracemark.kit.task import Answer, Check, KitCopy, MadeCopy
from tracemark.ledger.database import as_text
from tracemark.ledger.ledger import Ledger
from tracemark.profile import PROFILE
from tracemark.recording import SOFTWARE

__all__ = ["Register", "explained", "try_guests"]


class _TakenBackError(Exception):
    """Ends a transaction that was tried."""


def explained(words: str, otherwise: str) -> str:
    """Add to why a copy cannot be made how the file that has its name was made, as :meth:`Register.otherwise` says."""
    return f"{words}; what is there was made with {otherwise}" if otherwise else words


def try_guests(ledger: Ledger, order: KitOrder) -> None:
    """Raise what recording the guests of an order would raise; nothing is recorded.

    Parameters
    ----------
    ledger : Ledger
        Where to.
    order : KitOrder
        Whose guests.

    Raises
    ------
    LedgerError
        When the ledger says something else of them, or cannot be written.
    RecipientError
        When one of them is no recipient.
    """
    with suppress(_TakenBackError), ledger.together():
        ledger.add_recipients(order.guests, replace=order.update)
        raise _TakenBackError


class Register:
    """Knows which copies are done, and writes down what gets done: in ledger and manifest."""

    def __init__(self, manifest: Manifest, order: KitOrder, *, key_id: str, ledger: Ledger | None) -> None:
        self.manifest, self.key_id, self.ledger = manifest, key_id, ledger
        self.photos: dict[Path, bytes] = {}
        self.names = short_names(copy.photo for copy in order.copies)
        self._order = order
        self._guests_known = False
        self._recorded: set[tuple[int, str, bytes]] = set()
        if ledger is not None:
            listed = (manifest.entries.get(copy.file) for copy in order.copies)
            hashes = (bytes.fromhex(entry.sha256) for entry in listed if isinstance(entry, CopyEntry))
            self._recorded = self._find_recorded(hashes, ledger)

    def listed(self, copy: KitCopy) -> CopyEntry | None:
        """Find what is listed of a copy that was made earlier, in the same way of the same photo."""
        entry = self.manifest.entries.get(copy.file)
        if not isinstance(entry, CopyEntry):
            return None
        wanted = (copy.recipient, self.photos[copy.photo].hex(), self.key_id, self._order.manner)
        return entry if entry.made_as == wanted else None

    def otherwise(self, copy: KitCopy) -> str:
        """Say how the file that is there under a copy's name was made, where that is listed and not as the copy is."""
        entry = self.manifest.entries.get(copy.file)
        if not isinstance(entry, CopyEntry) or not may_be_there(self.manifest.out / copy.file):
            return ""
        listed = {
            f"recipient {entry.recipient}": entry.recipient == copy.recipient,
            "another photo": entry.photo_sha256 == self.photos[copy.photo].hex(),
            f"key {entry.key}": entry.key == self.key_id,
            f"quality {entry.quality or 'of the photo'}": entry.quality == self._order.quality,
            f"the place {'left out' if entry.strip_gps else 'left in'}": entry.strip_gps == self._order.strip_gps,
            "baseline" if entry.baseline else "the order of scans of the photo": entry.baseline == self._order.baseline,
            entry.software: entry.software == SOFTWARE,
        }
        return ", ".join(words for words, alike in listed.items() if not alike)

    def done(self, copy: KitCopy, *, check: bool) -> MadeCopy | None:
        """Find a copy that was made earlier: listed, recorded, checked if need be, and its file as it was."""
        entry = self.listed(copy)
        if entry is None or (check and not entry.checked):
            return None
        sha256 = bytes.fromhex(entry.sha256)
        if self.ledger is not None and (copy.recipient, as_text(copy.file), sha256) not in self._recorded:
            return None
        try:
            path = self.manifest.out / copy.file
            if not path.is_file() or hash_file(path) != sha256:
                return None
        except OSError:
            return None
        found = None if entry.checked is None else Check(entry.checked["method"], entry.checked["log10_false_alarm"])
        return MadeCopy(copy, sha256, entry.bytes, was_there=True, check=found)

    def know_guests(self) -> None:
        """Record the guests, when the first copy of the kit is there: a number is bound to a person for ever."""
        if self.ledger is not None and not self._guests_known:
            self.ledger.add_recipients(self._order.guests, replace=self._order.update)
            self._guests_known = True

    def write(self, answer: Answer) -> None:
        """Record and list copies that were made; those that are new and cannot be recorded are taken back."""
        if self.ledger is not None:
            self._record(answer, self.ledger)
        self.manifest.add(self._entry(made) for made in answer.made)

    def _record(self, answer: Answer, ledger: Ledger) -> None:
        """Record copies in the ledger, each once, all or none."""
        unrecorded = {(made.copy.recipient, as_text(made.copy.file), made.sha256): made for made in answer.made}
        try:
            recorded = self._find_recorded((made.sha256 for made in answer.made), ledger)
            unrecorded = {mark: made for mark, made in unrecorded.items() if mark not in recorded}
            if answer.made:
                self.know_guests()
            with ledger.together():
                if answer.record is not None:
                    ledger.add_photo(answer.record)
                for made in unrecorded.values():
                    ledger.add_copy(
                        photo=answer.digest,
                        key_id=self.key_id,
                        recipient=made.copy.recipient,
                        sha256=made.sha256,
                        file=made.copy.file,
                        software=SOFTWARE,
                        format_version=PROFILE.version,
                    )
        except LedgerError as error:
            new = [made for made in unrecorded.values() if not made.was_there]
            raise LedgerError(f"{error}{self._take_back(new)}") from error
        self._recorded.update(unrecorded)

    def _find_recorded(self, hashes: Iterable[bytes], ledger: Ledger) -> set[tuple[int, str, bytes]]:
        """Find the copies of certain bytes that are recorded; of others the ledger may have a million."""
        copies = (one for sha256 in hashes for one in ledger.copies(sha256=sha256))
        return {(one.recipient, one.file, one.sha256) for one in copies if one.key_id == self.key_id}

    def _take_back(self, new: Sequence[MadeCopy]) -> str:
        """Remove copies that nothing was lost for, and say so; what they replaced would not come back."""
        removed = [made for made in new if not made.replaced]
        for made in removed:
            (self.manifest.out / made.copy.file).unlink(missing_ok=True)
        words = f"; {len(removed)} of the copies made last were removed again" if removed else ""
        left = len(new) - len(removed)
        return f"{words}; {left} that replaced other files were left, and are not recorded" if left else words

    def _entry(self, made: MadeCopy) -> CopyEntry:
        """Say what the manifest says of a copy."""
        return CopyEntry(
            file=made.copy.file,
            sha256=made.sha256.hex(),
            bytes=made.size,
            recipient=made.copy.recipient,
            photo=self.names[made.copy.photo],
            photo_sha256=self.photos[made.copy.photo].hex(),
            key=self.key_id,
            software=SOFTWARE,
            checked=None if made.check is None else asdict(made.check),
            **asdict(self._order.manner),
        )
