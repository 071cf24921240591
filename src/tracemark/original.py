"""Know a photo that copies were made of: from its pixels, or from what a ledger keeps."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import LedgerError, PhotoError
from tracemark.geometry.features import Features, extract
from tracemark.geometry.locating import ORIGINAL_FEATURES
from tracemark.keys import Key
from tracemark.ledger.photos import PhotoRecord
from tracemark.profile import PROFILE
from tracemark.signal.chips import chip_sets_of
from tracemark.signal.layout import Layout, lay_out, to_working
from tracemark.signal.luma import compact_luma
from tracemark.signal.pixels import checked_pixels

__all__ = ["Original", "chip_set_of", "digest_of", "inner", "original_of", "recorded_layout", "recorded_original"]

DIGEST_BYTES = 32


@dataclass(frozen=True, eq=False)
class Original:
    """What informed reading needs of a photo."""

    digest: bytes
    """BLAKE2b of the photo's pixels, 32 bytes."""

    layout: Layout
    """Where the cells lie."""

    chip_set: int
    """Which of the profile's chip sets the photo uses."""

    luma: NDArray[np.float32]
    """Luma at the working scale, without what cells stick out; shape (rows, columns)."""

    known: Features | None = None
    """Keypoints in pixels of `luma`, where a ledger keeps them."""

    @cached_property
    def features(self) -> Features:
        """Keypoints in pixels of `luma`; sought when they are first asked for."""
        return extract(self.luma, most=ORIGINAL_FEATURES) if self.known is None else self.known


def original_of(image: NDArray[Any], *, key: Key) -> Original:
    """Know a photo from its pixels.

    Parameters
    ----------
    image : ndarray
        What the copies were made of, as for :func:`~tracemark.embedding.prepare`.
    key : Key
        The secret the copies were marked with.

    Returns
    -------
    original : Original

    Raises
    ------
    PhotoError
        When the array cannot be a photo, or has a size that is never marked.
    """
    pixels = checked_pixels(image)
    layout = lay_out(*pixels.shape[:2])
    digest = digest_of(pixels)
    luma = to_working(compact_luma(pixels), layout)
    return Original(digest, layout, chip_set_of(key, digest, layout), inner(luma, layout))


def recorded_original(record: PhotoRecord) -> Original:
    """Know a photo from what a ledger keeps.

    Parameters
    ----------
    record : PhotoRecord
        The ledger's.

    Returns
    -------
    original : Original

    Raises
    ------
    LedgerError
        When its copies were marked in another format version, or what it says does not fit together.
    """
    if record.profile_version != PROFILE.version:
        raise LedgerError(
            f"photo {record.name or record.digest.hex()} must have been marked in format version {PROFILE.version} to"
            f" be read, not {record.profile_version}"
        )
    layout = recorded_layout(record)
    features = Features(record.keypoints, record.descriptors) if len(record.keypoints) else None
    luma = inner(record.luma.astype(np.float32), layout)
    return Original(record.digest, layout, record.chip_set, luma, features)


def recorded_layout(record: PhotoRecord) -> Layout:
    """Say where the cells of a photo lie of which a ledger keeps what there is.

    Parameters
    ----------
    record : PhotoRecord
        The ledger's.

    Returns
    -------
    layout : Layout
        One that chip set and luma of the record belong to.

    Raises
    ------
    LedgerError
        When they do not, or no photo of that size is ever marked: the record is damaged.
    """
    damaged = f"photo {record.name or record.digest.hex()} is damaged in the ledger"
    try:
        layout = lay_out(record.rows, record.columns)
    except PhotoError as error:
        raise LedgerError(f"{damaged}: {error}") from error
    if record.luma.shape != layout.working:
        raise LedgerError(f"{damaged}: its luma must have shape {layout.working}, not {record.luma.shape}")
    first, *_, last = chip_sets = chip_sets_of(layout.multiple)
    if record.chip_set not in chip_sets:
        raise LedgerError(f"{damaged}: its chip set must be {first} to {last} for its size, not {record.chip_set}")
    return layout


def inner(working: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Cut off what cells stick out of the photo: there is nothing of it.

    Parameters
    ----------
    working : ndarray, shape ``layout.working``
        At the working scale.
    layout : Layout
        The photo's layout.

    Returns
    -------
    inner : ndarray, shape (rows, columns)
        What lies on the photo as a whole.
    """
    rows, columns = (int(side) for side in layout.extent)
    return working[:rows, :columns]


def chip_set_of(key: Key, digest: bytes, layout: Layout) -> int:
    """Say which chip set a photo uses: its salt and its cells' size.

    Parameters
    ----------
    key : Key
        The secret.
    digest : bytes
        The photo's digest.
    layout : Layout
        The photo's layout.

    Returns
    -------
    chip_set : int
        As in :func:`~tracemark.signal.chips.beacon_choices`.
    """
    salt = int(key.integers("salt", PROFILE.version, digest, size=1, below=PROFILE.salts)[0])
    return chip_sets_of(layout.multiple)[salt]


def digest_of(pixels: NDArray[Any]) -> bytes:
    """Hash what a photo shows: its shape, its dtype and its pixels, little-endian.

    Parameters
    ----------
    pixels : ndarray
        The photo.

    Returns
    -------
    digest : bytes
        BLAKE2b, 32 bytes.

    Raises
    ------
    PhotoError
        When the array cannot be a photo.
    """
    pixels = checked_pixels(pixels)
    hashed = hashlib.blake2b(f"{pixels.shape} {pixels.dtype.name}".encode(), digest_size=DIGEST_BYTES)
    hashed.update(np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).data)
    return hashed.digest()
