"""Tell what of an order is there already, by names and by the manifest: nothing is read for it."""

from collections import defaultdict
from pathlib import Path

from tracemark.kit.entries import ArchiveEntry
from tracemark.kit.kit import KitOrder
from tracemark.kit.manifest import Manifest
from tracemark.kit.owners import kit_files
from tracemark.kit.register import Register
from tracemark.kit.task import KitCopy

__all__ = ["Standing"]


class Standing:
    """Tells what of an order is there already.

    Parameters
    ----------
    order : KitOrder
        What the kit is to hold.
    key_id : str
        ID of the key.
    """

    def __init__(self, order: KitOrder, *, key_id: str) -> None:
        self._order = order
        self._register = Register(
            Manifest(order.out, dict(kit_files(order.out)), None),
            key_id=key_id,
            quality=order.quality,
            strip_gps=order.strip_gps,
            baseline=order.baseline,
            ledger=None,
        )

    def know_photo(self, photo: Path, sha256: bytes) -> None:
        """Take note of what a photo's file is; of one that is not known nothing is held to be there."""
        self._register.photos[photo] = sha256

    def has_copy(self, copy: KitCopy) -> bool:
        """Tell whether a copy will not be made: its file is there, and is not one that would be replaced."""
        path = self._order.out / copy.file
        if copy.photo not in self._register.photos or not path.exists():
            return False
        listed = self._register.listed(copy)
        return not self._order.force or (listed is not None and path.stat().st_size == listed.bytes)

    def lacking_archives(self) -> set[int]:
        """List the recipients whose archives will be made: there is none, or it holds something else."""
        wanted: dict[int, set[str]] = defaultdict(set)
        lacking = set()
        for copy in self._order.copies:
            wanted[copy.recipient].add(copy.file)
            if not self.has_copy(copy):
                lacking.add(copy.recipient)
        return {
            recipient
            for recipient, file in self._order.archives.items()
            if recipient in lacking or not self._holds(file, wanted[recipient])
        }

    def _holds(self, file: str, wanted: set[str]) -> bool:
        """Tell whether an archive is there and holds the copies that are listed under these names."""
        entries = self._register.manifest.entries
        known = entries.get(file)
        if not isinstance(known, ArchiveEntry) or not (self._order.out / file).is_file():
            return False
        return known.holds == {name: entries[name].sha256 for name in wanted if name in entries}
