"""Tell what of an order is there already, by names and by the manifest: nothing is read for it."""

from collections.abc import Mapping
from pathlib import Path

from tracemark.kit.archives import holdings
from tracemark.kit.entries import ArchiveEntry, Entry
from tracemark.kit.folder import may_be_there
from tracemark.kit.manifest import Manifest
from tracemark.kit.order import KitOrder
from tracemark.kit.register import Register
from tracemark.kit.task import KitCopy

__all__ = ["Standing"]


class Standing:
    """Tells what of an order is there already.

    Parameters
    ----------
    order : KitOrder
        What the kit is to hold.
    listed : mapping
        What its manifest lists.
    key_id : str
        ID of the key.
    """

    def __init__(self, order: KitOrder, listed: Mapping[str, Entry], *, key_id: str) -> None:
        self._order = order
        self._register = Register(Manifest(order.out, dict(listed)), order, key_id=key_id, ledger=None)

    def know_photo(self, photo: Path, sha256: bytes) -> None:
        """Take note of what a photo's file is; of one that is not known nothing is held to be there."""
        self._register.photos[photo] = sha256

    def has_copy(self, copy: KitCopy) -> bool:
        """Tell whether a copy will not be made: its file is there, and is not one that would be replaced."""
        if copy.photo not in self._register.photos:
            return False
        try:
            size = (self._order.out / copy.file).stat().st_size
        except OSError:
            return False  # or in a folder that is closed, where nobody sees it
        listed = self._register.listed(copy)
        return not self._order.force or (listed is not None and size == listed.bytes)

    def lacking_archives(self) -> set[int]:
        """List the recipients whose archives will be made: there is none, or it holds something else."""
        lacking = {copy.recipient for copy in self._order.copies if not self.has_copy(copy)}
        held = holdings(self._register.manifest, self._order.copies)
        return {
            recipient
            for recipient, file in self._order.archives.items()
            if recipient in lacking or not self._holds(file, held[recipient])
        }

    def _holds(self, file: str, wanted: Mapping[str, str]) -> bool:
        """Tell whether an archive is there and holds these copies."""
        known = self._register.manifest.entries.get(file)
        return isinstance(known, ArchiveEntry) and known.holds == wanted and may_be_there(self._order.out / file)
