"""Read a leak: with its original where there is one, else without, and name recipients or nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.accusing import Accusation, accuse_anyone, accuse_listed
from tracemark.blind import read_blind
from tracemark.codes.word import checked_recipient
from tracemark.errors import PhotoError, RecipientError
from tracemark.informed import Residue, read_residue, to_photo
from tracemark.keys import Key
from tracemark.original import original_of
from tracemark.signal.luma import luma_of
from tracemark.signal.pixels import checked_pixels
from tracemark.verdict import Verdict, judge

__all__ = ["detect", "detect_together"]

RUNNERS_UP = 5  # of those not named, how many a verdict tells of


def detect(
    leak: NDArray[Any],
    *,
    key: Key,
    original: NDArray[Any] | None = None,
    recipients: Iterable[SupportsIndex] | None = None,
) -> Verdict:
    """Name the recipients whose copies a leak was made of.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8, uint16 or float
        Any picture: cropped, scaled, turned, mirrored, inside a larger one, or mixed from several copies.
    key : Key
        The secret the copies were marked with.
    original : ndarray, optional
        What the copies were made of, as :func:`~tracemark.embedding.prepare` was given it.
    recipients : iterable of int, optional
        The closed list of those who have a copy; without it, anybody may.  Blind reading needs no list.

    Returns
    -------
    verdict : Verdict
        Names a recipient only with a bound below 1e-9 on the chance that this accuses an innocent.  Its method says
        whether the original was used: where the leak does not lie on it, the leak is read blind.

    Raises
    ------
    PhotoError
        When an array cannot be a picture.
    RecipientError
        When the list is empty, or holds what cannot be a recipient.
    """
    return detect_together([leak], key=key, originals=None if original is None else [original], recipients=recipients)


def detect_together(
    leaks: Sequence[NDArray[Any]],
    *,
    key: Key,
    originals: Sequence[NDArray[Any]] | None = None,
    recipients: Iterable[SupportsIndex] | None = None,
) -> Verdict:
    """Name the recipients whose copies several leaked photos of one kit were made of, as one piece of evidence.

    Parameters
    ----------
    leaks : sequence of ndarray
        Pictures as for :func:`detect`, at least one.  Of several that show one photo, that which shows most counts.
    key : Key
        The secret the copies were marked with.
    originals : sequence of ndarray, optional
        The photos; each leak is read with the one that it agrees with best.
    recipients : iterable of int, optional
        As for :func:`detect`.

    Returns
    -------
    verdict : Verdict
        As from :func:`detect`.  Its geometry and photo are those of the leak that shows most.
    """
    if not leaks:
        raise PhotoError("there must be at least one leak")
    lumas = [luma_of(checked_pixels(leak)) for leak in leaks]
    listed = None if recipients is None else _checked_list(recipients)
    photos = [original_of(original, key=key) for original in originals or ()]
    readings = [[read_residue(luma, photo, key=key) for photo in photos] for luma in lumas]
    residues = _one_a_photo([max(reading, key=_agreement) for reading in readings if reading])
    if not residues:
        return _read_apart(lumas, readings, key)
    if listed is None:
        return _informed(residues, accuse_anyone(residues, key=key))
    return _informed(residues, accuse_listed(residues, listed, key=key))


def _checked_list(recipients: Iterable[SupportsIndex]) -> list[int]:
    """Refuse a list that names nobody, or what cannot be a recipient; a second mention changes nothing."""
    listed = list(dict.fromkeys(checked_recipient(recipient) for recipient in recipients))
    if not listed:
        raise RecipientError("the list of recipients must name somebody, and is empty")
    return listed


def _agreement(residue: Residue) -> float:
    """Say how well a leak lies on a photo."""
    return residue.registration.agreement.score if residue else -1.0


def _one_a_photo(residues: Sequence[Residue]) -> list[Residue]:
    """Keep, of the leaks of each photo, that which shows most: a sign may count only once."""
    best: dict[bytes, Residue] = {}
    for residue in sorted(residues, key=lambda residue: int(residue.seen.sum())):
        if residue:
            best[residue.original.digest] = residue
    return sorted(best.values(), key=lambda residue: -int(residue.seen.sum()))


def _read_apart(lumas: Sequence[NDArray[np.float32]], readings: Sequence[Sequence[Residue]], key: Key) -> Verdict:
    """Read a leak blind; several would each have a chance to be wrong, so they are left to be read one by one."""
    if len(lumas) > 1:
        reason = "none of the leaks lies on an original; read them one by one"
        return Verdict(verdict="none", log10_false_alarm=0.0, method="blind", reason=reason)
    blind = read_blind(lumas[0], key=key)
    if not readings[0]:
        return blind
    nearest = max(readings[0], key=lambda residue: residue.registration.agreement.score)
    return replace(blind, reason=f"{blind.reason}; read blind, since {_why_not(nearest)}")


def _why_not(residue: Residue) -> str:
    """Say why a leak could not be read with a photo."""
    return residue.registration.reason if not residue.registration else "it shows too little of the photo"


def _informed(residues: Sequence[Residue], accusation: Accusation) -> Verdict:
    """Word the verdict on leaks that lie on their photos."""
    shown = (*accusation.named, *accusation.others[:RUNNERS_UP])
    # each bound counts all who were compared, so the weakest holds for all names together
    bound = max((one.log10_false_alarm for one in accusation.named), default=None)
    bound = min((one.log10_false_alarm for one in shown), default=0.0) if bound is None else bound
    verdict = "inconclusive" if accusation.foreign and not accusation.named else judge(bound)
    return Verdict(
        verdict=verdict,
        log10_false_alarm=bound,
        method="informed",
        reason=_reason(accusation, verdict),
        recipients=tuple(one.recipient for one in accusation.named),
        geometry=to_photo(residues[0]),
        score=shown[0].score if shown else None,
        trials=accusation.trials,
        candidates=shown,
        photo=residues[0].original.digest,
    )


def _reason(accusation: Accusation, verdict: str) -> str:
    """Say in a sentence what was found with the original."""
    if accusation.foreign and not accusation.named:
        names = ", ".join(map(str, accusation.foreign))
        return f"the message of {names} is in it, but not the fingerprint of this photo: it may have been put there"
    if verdict == "identified":
        return "the original was taken away, and the rest is this recipient's mark"
    if verdict == "inconclusive":
        return "the leak lies on the original, and one recipient fits, but not well enough to be proof"
    return "the leak lies on the original, but none of those compared fits"
