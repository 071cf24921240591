"""Record in a ledger what an embedding makes: the photo, and each copy once its file is there."""

import hashlib
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark import __version__
from tracemark.arguments import checked_bytes, checked_kind
from tracemark.errors import LedgerError, PhotoError
from tracemark.geometry.features import extract
from tracemark.ledger.copies import CopyRecord
from tracemark.ledger.ledger import Ledger, checked_ledger
from tracemark.ledger.photos import PhotoRecord
from tracemark.original import digest_of, inner, recorded_layout
from tracemark.plan import Plan
from tracemark.profile import PROFILE
from tracemark.signal.layout import to_working
from tracemark.signal.luma import compact_luma
from tracemark.signal.pixels import checked_pixels
from tracemark.splicing import JpegPlan

__all__ = ["SOFTWARE", "describe_photo", "record_copy", "record_photo", "recorded_luma"]

SOFTWARE = f"tracemark {__version__}"


def record_photo(ledger: Ledger, image: NDArray[Any], plan: Plan, *, name: str | PurePath) -> PhotoRecord:
    """Record what reading a leak will need of a photo.

    Parameters
    ----------
    ledger : Ledger
        Where to.  A photo that is there under the same key stays as it is.
    image : ndarray
        What :func:`prepare` was given.
    plan : Plan
        What it made of it.
    name : str or PurePath
        The photo's name, for people.

    Returns
    -------
    record : PhotoRecord
        What was recorded.

    Raises
    ------
    PhotoError
        When the image is another than the plan's.
    LedgerError
        When the name is no text, or the ledger cannot be written.
    """
    checked_ledger(ledger)
    record = describe_photo(image, plan, name=str(name) if isinstance(name, PurePath) else name)
    ledger.add_photo(record)
    return record


def describe_photo(image: NDArray[Any], plan: Plan, *, name: str) -> PhotoRecord:
    """Say what reading a leak will need of a photo, for a ledger that is written elsewhere.

    Parameters
    ----------
    image, plan, name
        As for :func:`record_photo`.

    Returns
    -------
    record : PhotoRecord
        For :meth:`tracemark.ledger.ledger.Ledger.add_photo`.

    Raises
    ------
    PhotoError
        When the image is another than the plan's.
    """
    checked_kind(plan, Plan, "plan", refuse=PhotoError)
    pixels = checked_pixels(image)
    if digest_of(pixels) != plan.digest:
        # A photo that is recorded stays as it is: leaks of this one would be laid on another for ever.
        raise PhotoError("image must be the one that the plan was made of, to the last pixel, and is another")
    luma = np.rint(to_working(compact_luma(pixels), plan.layout)).astype(np.uint8)
    features = extract(inner(luma, plan.layout))
    return PhotoRecord(
        digest=plan.digest,
        key_id=plan.key.id,
        name=name,
        rows=plan.layout.rows,
        columns=plan.layout.columns,
        dtype=pixels.dtype.name,
        profile_version=PROFILE.version,
        chip_set=plan.chip_set,
        strength=plan.strength,
        keypoints=features.keypoints,
        descriptors=features.descriptors,
        luma=luma,
    )


def recorded_luma(ledger: Ledger, digest: bytes, *, key_id: str) -> NDArray[np.uint8]:
    """Show what a ledger keeps of a photo's looks.

    Parameters
    ----------
    ledger : Ledger
        Where it is recorded.
    digest : bytes
        Of the photo's pixels, 32 bytes, as in :attr:`Verdict.photo`.
    key_id : str
        ID of the key that its copies are marked with.

    Returns
    -------
    luma : ndarray, shape (rows, columns), uint8
        The whole photo, as stored, at the working scale: about 1,280 pixels on the long side.

    Raises
    ------
    LedgerError
        When the ledger does not hold the photo, or is damaged.
    """
    record = checked_ledger(ledger).photo(digest, key_id=key_id)
    return inner(record.luma, recorded_layout(record))


def record_copy(
    ledger: Ledger, plan: Plan | JpegPlan, data: bytes, *, recipient: int, file: str | PurePath
) -> CopyRecord:
    """Record a copy; to be called when its file is whole and in its place, and not before.

    Parameters
    ----------
    ledger : Ledger
        Where to; photo and recipient must be recorded.
    plan : Plan or JpegPlan
        What made the copy; :meth:`tracemark.plan.Plan.load` gives a JpegPlan.
    data : bytes
        All that the file holds.
    recipient : int
        Whose it is.
    file : str or PurePath
        Name of the file, inside the folder of the delivery.

    Returns
    -------
    copy : CopyRecord
        As it stands in the chain.

    Raises
    ------
    LedgerError
        When photo or recipient are not recorded, no file can have that name, or the ledger cannot be written.
    PhotoError
        When the plan is none.
    RecipientError
        When the recipient is no whole number from 0 to ``2**32 - 1``.
    """
    checked_ledger(ledger)
    if not isinstance(plan, JpegPlan):
        checked_kind(plan, Plan, "plan", refuse=PhotoError)
    checked_bytes(data, "data", refuse=LedgerError)
    return ledger.add_copy(
        photo=plan.digest,
        key_id=plan.key.id,
        recipient=recipient,
        sha256=hashlib.sha256(data).digest(),
        file=file.as_posix() if isinstance(file, PurePath) else file,
        software=SOFTWARE,
        format_version=PROFILE.version,
    )
