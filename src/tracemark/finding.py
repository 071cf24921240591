"""Find the photo that a leak shows, among those of a ledger or a few, and lay the leak onto it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import LedgerError
from tracemark.geometry.finding import Candidate, Gallery, find
from tracemark.geometry.leak import Leak
from tracemark.geometry.registration import Registration, Unregistered, register
from tracemark.keys import Key
from tracemark.ledger.ledger import Ledger
from tracemark.ledger.photos import PhotoEntry
from tracemark.original import Original, recorded_original

__all__ = ["NOT_ALIKE", "Collection", "Laid", "collection_of", "find_photos", "lay_on_best"]

MOST = 4  # photos onto which a leak is laid, best first: frames of one scene may all have keypoints in common
FRAME = 1 / 3  # of the most votes: a photo with fewer is no other frame of the scene
NEAR = 0.9  # of the best agreement: above it, noise may decide which of two frames comes first
FEW = 8  # photos that are all tried where keypoints find none, as in smooth skies
MANY = 48  # photos, of a kit, that are all told of where the leak lies on none: it may yet be laid by its grain
NOT_ALIKE = Unregistered("no photo was found that looks like it")


@dataclass(frozen=True, eq=False)
class Laid:
    """A photo, and how a leak lies on it; true when it does."""

    original: Original
    """The photo."""

    registration: Registration | Unregistered
    """Where the leak lies on it, or why it does not."""

    def __bool__(self) -> bool:
        """Tell whether the leak lies on the photo."""
        return bool(self.registration)


@dataclass(frozen=True, eq=False)
class Collection:
    """The photos of a ledger that were marked with one key."""

    ledger: Ledger
    """The ledger, open."""

    entries: tuple[PhotoEntry, ...]
    """The photos."""

    gallery: Gallery
    """Their keypoints, in the same order."""


def collection_of(ledger: Ledger, *, key: Key) -> Collection:
    """Take out of a ledger what leaks are sought with.

    Parameters
    ----------
    ledger : Ledger
        An open ledger.
    key : Key
        The secret the copies were marked with.

    Returns
    -------
    collection : Collection

    Raises
    ------
    LedgerError
        When the ledger holds no photo that was marked with this key.
    """
    table = ledger.features(key_id=key.id)
    if not table.entries:
        others = ", ".join(sorted({entry.key_id for entry in ledger.photos()})) or "none at all"
        raise LedgerError(f"ledger {ledger.path} must hold photos of key {key.id}, and holds those of: {others}")
    return Collection(ledger, table.entries, Gallery(table.keypoints, table.descriptors, table.starts))


def find_photos(leak: NDArray[np.float32], collection: Collection) -> list[Laid]:
    """Find the photo that a leak shows, and lay the leak onto it; nobody's signs are looked at.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    collection : Collection
        The photos.

    Returns
    -------
    laid : list of Laid
        As from :func:`lay_on_best`; empty when nothing looks like the leak.

    Raises
    ------
    LedgerError
        When the ledger is damaged, or the photo was marked in another format version.
    """
    seen = Leak(leak)
    likely = _frames(find(seen.legible_features, collection.gallery, most=MOST))
    laid = [_lay(seen, _photo(collection, number)) for number in likely]
    if not any(laid) and len(collection.entries) <= MANY:
        others = sorted(set(range(len(collection.entries))) - set(likely))
        few = len(collection.entries) <= FEW
        photos = (_photo(collection, number) for number in others)
        laid += [_lay(seen, photo) if few else Laid(photo, NOT_ALIKE) for photo in photos]
    return _rivals(laid)


def lay_on_best(leak: NDArray[np.float32], originals: Sequence[Original]) -> list[Laid]:
    """Lay a leak onto the one of a few photos that it agrees with best; nobody's signs are looked at.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    originals : sequence of Original
        The photos, at least one.

    Returns
    -------
    laid : list of Laid
        The photo that the leak agrees with best, and those that it agrees with nearly as well: frames of one scene,
        or versions of one photo.  When it lies on none, some that are nearest to it, falsy.
    """
    seen = Leak(leak)
    return _rivals([_lay(seen, original) for original in originals])


def _frames(candidates: Sequence[Candidate]) -> list[int]:
    """Keep the photos with nearly as many votes as the first."""
    most = max((one.proposal.votes for one in candidates), default=0)
    return [one.number for one in candidates if one.proposal.votes >= FRAME * most]


def _photo(collection: Collection, number: int) -> Original:
    """Fetch a photo from the ledger."""
    entry = collection.entries[number]
    return recorded_original(collection.ledger.photo(entry.digest, key_id=entry.key_id))


def _lay(leak: Leak, original: Original) -> Laid:
    """Lay a leak onto a photo."""
    found = register(leak, original.luma, extent=original.layout.extent, original_features=lambda: original.features)
    return Laid(original, found)


def _rivals(laid: Sequence[Laid]) -> list[Laid]:
    """Order photos by how well the leak agrees with them, and keep those that no agreement can tell apart."""
    order = sorted(laid, key=lambda one: (not one, -one.registration.agreement.score))
    near = [
        one for one in order if one and one.registration.agreement.score >= NEAR * order[0].registration.agreement.score
    ]
    return near or order[:MANY]
