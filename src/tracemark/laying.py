"""Lay leaks onto their photos: by the pictures where these agree, else by grain and mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.by_grain import lay_by_grain
from tracemark.errors import PhotoError
from tracemark.finding import Laid, collection_of, find_photos, lay_on_best
from tracemark.geometry.locating import SURE
from tracemark.keys import Key
from tracemark.ledger.ledger import Ledger
from tracemark.original import Original, original_of
from tracemark.placing import Placed, placements_of

__all__ = ["LaidLeak", "lay"]


@dataclass(frozen=True, eq=False)
class LaidLeak:
    """A leak, and how it lies on photos."""

    luma: NDArray[np.float32]
    """Its luma, shape (rows, columns)."""

    rivals: Sequence[Laid]
    """The photo it lies on, or several that cannot be told apart; falsy ones where it lies on none."""

    placements: Iterator[Placed]
    """What the search for the sync pattern finds in it, searched for as it is asked for, and only once."""

    by_grain: bool = False
    """Whether it was laid by its grain."""

    @property
    def sure(self) -> bool:
        """Tell whether it must lie where it was laid, if it was: a lake mirrors its shore."""
        found = [one.registration.agreement.score for one in self.rivals if one]
        return not found or max(found) >= SURE


def lay(
    leaks: Sequence[NDArray[np.float32]], originals: Sequence[NDArray[Any]] | None, ledger: Ledger | None, *, key: Key
) -> list[LaidLeak]:
    """Lay each leak onto its photo; nobody's signs are looked at.

    Parameters
    ----------
    leaks : sequence of ndarray, shape (rows, columns), float32
        Luma of each.
    originals : sequence of ndarray, optional
        The photos that they may show.
    ledger : Ledger, optional
        Where the photos are sought, unless they are given.
    key : Key
        The secret.

    Returns
    -------
    laid : list of LaidLeak
        One a leak.

    Raises
    ------
    PhotoError
        When an original cannot be a photo.
    LedgerError
        When the ledger holds no photo of this key, or is damaged.
    """
    return [_by_grain_if_unsure(leak, key) for leak in _by_pictures(leaks, originals, ledger, key)]


def _by_pictures(
    leaks: Sequence[NDArray[np.float32]], originals: Sequence[NDArray[Any]] | None, ledger: Ledger | None, key: Key
) -> Iterator[LaidLeak]:
    """Lay each leak where it looks like a photo, one of those given or one of the ledger's."""
    photos = [_original(original, place, key) for place, original in enumerate(originals or (), start=1)]
    collection = None if originals is not None or ledger is None else collection_of(ledger, key=key)
    for luma in leaks:
        rivals = find_photos(luma, collection) if collection else lay_on_best(luma, photos) if photos else []
        yield LaidLeak(luma, rivals, placements_of(luma, key))


def _original(original: NDArray[Any], place: int, key: Key) -> Original:
    """Know an original; the sentence about one that cannot be says that it is not the leak."""
    try:
        return original_of(original, key=key)
    except PhotoError as error:
        raise PhotoError(f"original {place} cannot be what was marked: {error}") from error


def _by_grain_if_unsure(leak: LaidLeak, key: Key) -> LaidLeak:
    """Lay a leak by its grain where it lies nowhere as a picture, or not surely."""
    if any(leak.rivals) and leak.sure:
        return leak
    searched, kept = tee(leak.placements)
    # where it may well lie as it does, no scale but the photo's own is tried: it is crops that are laid wrong
    found = lay_by_grain(
        leak.luma, [one.original for one in leak.rivals], key=key, placements=() if any(leak.rivals) else searched
    )
    if found is None:
        return replace(leak, placements=kept)
    return replace(leak, rivals=[Laid(*found)], placements=kept, by_grain=True)
