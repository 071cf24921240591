"""Know which copies of a kit are done, and write down what gets done."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tracemark.errors import LedgerError
from tracemark.kit.entries import CopyEntry
from tracemark.kit.folder import hash_file
from tracemark.kit.manifest import Manifest
from tracemark.kit.task import Answer, Check, KitCopy, MadeCopy
from tracemark.ledger.database import as_text
from tracemark.ledger.ledger import Ledger
from tracemark.profile import PROFILE
from tracemark.recording import SOFTWARE

__all__ = ["Register"]


class Register:
    """Knows which copies are done, and writes down what gets done: in ledger and manifest."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        key_id: str,
        quality: int | None,
        strip_gps: bool,
        baseline: bool,
        ledger: Ledger | None,
    ) -> None:
        self.manifest, self.key_id, self.ledger = manifest, key_id, ledger
        self.quality, self.strip_gps, self.baseline = quality, strip_gps, baseline
        self.photos: dict[Path, bytes] = {}
        self._recorded: set[tuple[int, str, bytes]] = set()
        if ledger is not None:
            copies = ledger.copies()
            self._recorded = {(one.recipient, one.file, one.sha256) for one in copies if one.key_id == key_id}

    def listed(self, copy: KitCopy) -> CopyEntry | None:
        """Find what is listed of a copy that was made earlier, in the same way of the same photo."""
        entry = self.manifest.entries.get(copy.file)
        written = (self.quality, self.strip_gps, self.baseline)
        wanted = (copy.recipient, self.photos[copy.photo].hex(), self.key_id, *written)
        if not isinstance(entry, CopyEntry):
            return None
        listed = (
            entry.recipient,
            entry.photo_sha256,
            entry.key,
            entry.quality,
            entry.strip_gps,
            entry.baseline,
        )
        return entry if listed == wanted else None

    def done(self, copy: KitCopy, *, check: bool) -> MadeCopy | None:
        """Find a copy that was made earlier: listed, recorded, checked if need be, and its file as it was."""
        entry = self.listed(copy)
        if entry is None or (check and not entry.checked):
            return None
        sha256 = bytes.fromhex(entry.sha256)
        if self.ledger is not None and (copy.recipient, as_text(copy.file), sha256) not in self._recorded:
            return None
        try:
            if hash_file(self.manifest.out / copy.file) != sha256:
                return None
        except OSError:
            return None
        found = None if entry.checked is None else Check(entry.checked["method"], entry.checked["log10_false_alarm"])
        return MadeCopy(copy, sha256, entry.bytes, was_there=True, check=found)

    def write(self, answer: Answer) -> None:
        """Record and list copies that were made; those that are new and cannot be recorded are taken back."""
        if self.ledger is not None:
            self._record(answer, self.ledger)
        self.manifest.add(self._entry(made) for made in answer.made)

    def _record(self, answer: Answer, ledger: Ledger) -> None:
        """Record copies in the ledger, each once, all or none."""
        unrecorded = {(made.copy.recipient, as_text(made.copy.file), made.sha256): made for made in answer.made}
        unrecorded = {mark: made for mark, made in unrecorded.items() if mark not in self._recorded}
        try:
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
            photo=made.copy.photo.name,
            photo_sha256=self.photos[made.copy.photo].hex(),
            key=self.key_id,
            quality=self.quality,
            strip_gps=self.strip_gps,
            software=SOFTWARE,
            checked=None if made.check is None else asdict(made.check),
            baseline=self.baseline,
        )
