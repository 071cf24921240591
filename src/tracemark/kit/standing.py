"""Tell what of an order is there already, by names and by the manifest: no copy is read for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from stat import S_ISREG

from tracemark.kit.archives import earlier_archives, holdings
from tracemark.kit.entries import ArchiveEntry, CopyEntry
from tracemark.kit.folder import NO_FILE, in_the_way, may_be_there
from tracemark.kit.making import TAKEN
from tracemark.kit.manifest import Manifest
from tracemark.kit.order import KitOrder
from tracemark.kit.register import Register, explained
from tracemark.kit.specimens import hash_of_copy
from tracemark.kit.task import KitCopy

__all__ = ["Standing"]


class Standing:
    """Tells what of an order is there already, of the photos that :meth:`know_photo` was told of.

    Parameters
    ----------
    order : KitOrder
        What the kit is to hold.
    manifest : Manifest
        What it lists.
    key_id : str
        ID of the key.

    Attributes
    ----------
    there : set of KitCopy
        Copies that will not be made: their files are there, and are not such as would be replaced.
    taken : dict
        Copy -> why it cannot be made: what has its name, or that of its folder, is something else, and stays.
    """

    def __init__(self, order: KitOrder, manifest: Manifest, *, key_id: str) -> None:
        self._order = order
        self.there: set[KitCopy] = set()
        self.taken: dict[KitCopy, str] = {}
        self._register = Register(manifest, order, key_id=key_id, ledger=None)

    def know_photo(self, photo: Path, sha256: bytes, copies: Sequence[KitCopy]) -> None:
        """Take note of what a photo's file is, and look for its copies.

        Parameters
        ----------
        photo : Path
            The photo.
        sha256 : bytes
            SHA-256 of its file.
        copies : sequence of KitCopy
            All that are ordered of it.
        """
        self._register.photos[photo] = sha256
        alike: dict[str, bool] = {}
        for copy in copies:
            size, words = self._look_for(copy.file)
            words = words or ("" if size is None else self._refusal(copy, size, alike))
            listed = self._register.listed(copy)
            if words:
                self.taken[copy] = words
            elif size is not None and (not self._order.force or (listed is not None and size == listed.bytes)):
                self.there.add(copy)

    def lacking_archives(self) -> set[int]:
        """List the recipients whose archives will be made: there is none, or it holds something else."""
        lacking = {copy.recipient for copy in self._order.copies if copy not in self.there}
        held = holdings(self._register.manifest, self._order.copies)
        return {
            recipient
            for recipient, file in self._order.archives.items()
            if recipient in lacking or not self._holds(file, held[recipient])
        }

    def outdated_archives(self, failed: Set[Path]) -> list[ArchiveEntry]:
        """List the archives of earlier orders that will not hold what their recipients have when all is made.

        Parameters
        ----------
        failed : set of Path
            Photos that no copy can be made of.
        """
        manifest = self._register.manifest
        earlier = earlier_archives(manifest, self._order.archives)
        if not earlier:
            return []
        held = holdings(manifest, self._order.copies)
        coming: dict[int, dict[str, bool]] = defaultdict(dict)
        for copy in self._order.copies:
            if not (copy in self.there or copy in self.taken or copy.photo in failed):
                coming[copy.recipient][copy.file] = self._register.listed(copy) is not None
        outdated = []
        for entry in earlier:
            # what is listed and gone is made again, the same to the last byte
            again = coming[entry.recipient].items()
            new = {file: entry.holds.get(file, "") if listed else "" for file, listed in again}
            if entry.holds != held[entry.recipient] | new:
                outdated.append(entry)
        return outdated

    def taken_archives(self) -> dict[int, str]:
        """Say why archives cannot be made, by recipient: what has the name of one, or of its folder, is none."""
        told = {recipient: self._look_for(file)[1] for recipient, file in self._order.archives.items()}
        return {recipient: words for recipient, words in told.items() if words}

    def _look_for(self, file: str) -> tuple[int | None, str]:
        """Look for a file: how many bytes it has, if it is there, and what is in its place, or its folder's."""
        path = self._order.out / file
        try:
            status = path.stat()
        except OSError:
            return None, in_the_way(path.parent)  # or it is in a folder that is closed, where nobody sees it
        return (status.st_size, "") if S_ISREG(status.st_mode) else (None, f"{path} {NO_FILE}")

    def _refusal(self, copy: KitCopy, size: int, alike: dict[str, bool]) -> str:
        """Say why a copy cannot be made, where a file that is listed and is another one has its name, and stays.

        What was made in another way may be the same to the last byte, as without a place to leave out: `alike` keeps
        whether it is, and one copy of the photo is tried for each way.
        """
        entry = self._register.manifest.entries.get(copy.file)
        if self._order.force or not isinstance(entry, CopyEntry):
            return ""
        otherwise = self._register.otherwise(copy)
        if size == entry.bytes:
            if self._register.listed(copy) is None and otherwise not in alike:
                alike[otherwise] = self._comes_out_as(entry, copy)
            if alike.get(otherwise, True):
                return ""
        return explained(f"{self._order.out / copy.file} {TAKEN}", otherwise)

    def _comes_out_as(self, entry: CopyEntry, copy: KitCopy) -> bool:
        """Tell whether a copy that was made in another way is the same to the last byte; with another mark none is."""
        marked = (copy.recipient, self._register.photos[copy.photo].hex(), self._register.key_id)
        if (entry.recipient, entry.photo_sha256, entry.key) != marked:
            return False
        return hash_of_copy(copy, self._order, key_id=self._register.key_id) == entry.sha256

    def _holds(self, file: str, wanted: Mapping[str, str]) -> bool:
        """Tell whether an archive is there and holds these copies."""
        known = self._register.manifest.entries.get(file)
        return isinstance(known, ArchiveEntry) and known.holds == wanted and may_be_there(self._order.out / file)
