"""Read a leak: with its original where there is one, else without, and name recipients or nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.accusing import Accusation, accuse_anyone, accuse_listed
from tracemark.blas import one_blas_thread
from tracemark.blind import read_blind
from tracemark.codes.word import checked_recipient
from tracemark.combination import Combination, combinations, residues_of, why_unread
from tracemark.errors import PhotoError, RecipientError
from tracemark.informed import Residue
from tracemark.keys import Key, checked_key
from tracemark.laying import LaidLeak, lay
from tracemark.ledger.ledger import Ledger, checked_ledger
from tracemark.listed import draw
from tracemark.message_beside import message_beside
from tracemark.shortage import memory_for
from tracemark.side_informed import accuse_among
from tracemark.signal.luma import luma_of
from tracemark.signal.pixels import checked_pixels
from tracemark.verdict import Uncounted, Verdict
from tracemark.wording import inconclusive, on_the_list, verdict_of, with_uncounted

__all__ = ["detect", "detect_together"]

MOST_ATTEMPTS = 4  # at reading the same leaks where photos look alike; each may look up one word at least
# A leak is read as a copy or a plain mix, as a mix in which majorities lose, with less trust, and given the codes of
# others; all four count.
RESPONSES = 4


def detect(
    leak: NDArray[Any],
    *,
    key: Key,
    original: NDArray[Any] | None = None,
    ledger: Ledger | None = None,
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
    ledger : Ledger, optional
        Where the copies were recorded: the original is sought there, unless it is given.
    recipients : iterable of int, optional
        The closed list of those who have a copy: nobody else is named.  Without it, those to whom the ledger says that
        the photo went; where it knows of none, anybody may.  Blind reading needs no list, and minds only this one.

    Returns
    -------
    verdict : Verdict
        Names a recipient only with a bound below 1e-9 on the chance that this accuses an innocent.  Its method says
        whether an original was used: a leak that lies on none is read blind.  A message read blind whose recipient the
        list lacks is inconclusive, and the reason says whose it is.

    Raises
    ------
    PhotoError
        When an array cannot be a picture.
    RecipientError
        When `recipients` is no list, is empty, or holds what cannot be a recipient.
    KeyFileError
        When the key is no :class:`~tracemark.keys.Key`.
    LedgerError
        When `ledger` is no ledger, holds no photo of this key, or cannot be read.
    MemoryError
        When there is not memory enough for the leak.
    """
    originals = None if original is None else [original]
    return detect_together([leak], key=key, originals=originals, ledger=ledger, recipients=recipients)


def detect_together(
    leaks: Sequence[NDArray[Any]],
    *,
    key: Key,
    originals: Sequence[NDArray[Any]] | None = None,
    ledger: Ledger | None = None,
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
        The photos, at least one; each leak is read with the one that it agrees with best.
    ledger : Ledger, optional
        As for :func:`detect`.
    recipients : iterable of int, optional
        As for :func:`detect`; without it, all those to whom any of the photos went.

    Returns
    -------
    verdict : Verdict
        As from :func:`detect`.  Its geometry and photo are those of the leak that shows most.

    Raises
    ------
    PhotoError, RecipientError, KeyFileError, LedgerError, MemoryError
        As from :func:`detect`.
    """
    checked_key(key)
    if ledger is not None:
        checked_ledger(ledger)
    # The matrices of a reading are small, and threads that share one spend their time waiting for one another.
    with memory_for("read it"), one_blas_thread():
        lumas = [luma_of(checked_pixels(leak)) for leak in _checked_pictures(leaks, "leak")]
        originals = None if originals is None else _checked_pictures(originals, "original")
        listed = None if recipients is None else _checked_list(recipients)
        return _read(lumas, originals, ledger, listed, key)


def _read(
    lumas: Sequence[NDArray[np.float32]],
    originals: Sequence[NDArray[Any]] | None,
    ledger: Ledger | None,
    listed: list[int] | None,
    key: Key,
) -> Verdict:
    """Read leaks with their originals, or one blind."""
    laid = lay(lumas, originals, ledger, key=key)
    readings = [residues_of(leak, key=key, most=MOST_ATTEMPTS) for leak in laid]
    ways = 2 if len(laid) == 1 and not laid[0].sure else 1
    tried = combinations(readings, most=MOST_ATTEMPTS // ways)
    if not tried:
        return _read_apart(laid, listed, key, sought=originals is not None or ledger is not None)
    lists = [listed or _recorded(ledger, one, key) for one in tried]
    answers = [
        (one, _accuse(one.residues, candidates, key, attempts=ways * len(tried)), candidates)
        for one, candidates in zip(tried, lists, strict=True)
    ]
    chosen, accusation, candidates = max(answers, key=lambda answer: _weight(answer[1]))
    found = verdict_of(chosen.residues, accusation)
    if len(laid) > 1:
        return with_uncounted(found, chosen.uncounted(laid, readings), leaks=len(laid))
    if laid[0].by_grain:
        found = replace(found, reason=f"{found.reason}; it was laid by its grain, as it shows little else of the photo")
    if found.verdict != "none":
        return found
    if ways > 1:
        return _read_both_ways(laid[0], found, listed, key, ways)
    there = message_beside(laid[0].luma, chosen.residues[0], key=key)
    return found if there is None else inconclusive(found, there, candidates)


def _checked_pictures(pictures: object, name: str) -> list[NDArray[Any]]:
    """Refuse what is no list, as a single picture is none, and a list of nothing."""
    if isinstance(pictures, np.ndarray | str) or not isinstance(pictures, Iterable):
        raise PhotoError(f"{name}s must be a list of arrays, not {type(pictures).__name__}")
    several = list(pictures)
    if not several:
        raise PhotoError(f"there must be at least one {name} in the list of {name}s")
    return several


def _checked_list(recipients: Iterable[SupportsIndex]) -> list[int]:
    """Refuse a list that names nobody, or what cannot be a recipient; a second mention changes nothing."""
    if isinstance(recipients, str | bytes | bytearray | memoryview) or not isinstance(recipients, Iterable):
        raise RecipientError(f"recipients must be a list of integers, not {type(recipients).__name__}")
    listed = list(dict.fromkeys(checked_recipient(recipient) for recipient in recipients))
    if not listed:
        raise RecipientError("the list of recipients must name somebody, and is empty")
    return listed


def _read_both_ways(leak: LaidLeak, found: Verdict, listed: list[int] | None, key: Key, ways: int) -> Verdict:
    """Read a leak blind in which the original found nobody, since it may lie elsewhere; each way spends its part."""
    blind = on_the_list(read_blind(leak.luma, key=key, attempts=ways, placements=leak.placements), listed)
    if blind.verdict == "none":
        return found
    return replace(blind, reason=f"{blind.reason}; read blind, since it lies on the original, but not surely")


def _accuse(residues: Sequence[Residue], candidates: Sequence[int], key: Key, *, attempts: int) -> Accusation:
    """Compare a closed list, in further responses until somebody is named; or look up anybody where there is none."""
    if not candidates:
        return accuse_anyone(residues, key=key, attempts=attempts)
    counted = attempts * RESPONSES
    listed = draw(candidates, residues, key=key)
    found = [accuse_listed(residues, listed, key=key, attempts=counted)]
    if found[0].lacking:
        return found[0]  # in other responses, what is lacking may look like a mark
    for responses in zip(*(residue.others for residue in residues), strict=True):
        if found[-1].named or found[-1].pasted:
            break
        read = [one for one in (response() for response in responses) if one]
        if read:
            found.append(accuse_listed(read, listed, key=key, attempts=counted))
    best = max(found, key=_weight)
    if found[0].pasted and not best.named:
        return best  # where majorities lose, fingerprints are fainter than messages: only in a plain mix it tells
    given_others = accuse_among(residues, listed, found, key=key, attempts=counted)
    return best if given_others is None else max(best, given_others, key=_weight)


def _weight(accusation: Accusation) -> tuple[int, float, int]:
    """Say how much an accusation tells: names, then evidence, then marks that were put there."""
    best = min((one.log10_false_alarm for one in (*accusation.named, *accusation.others[:1])), default=0.0)
    return len(accusation.named), -best, len(accusation.pasted)


def _recorded(ledger: Ledger | None, photos: Combination, key: Key) -> list[int]:
    """List whom the ledger knows to have a copy of any of the photos."""
    if ledger is None:
        return []
    lists = [ledger.recipients_of(residue.original.digest, key_id=key.id) for residue in photos.residues]
    return sorted({recipient for had in lists for recipient in had})


def _read_apart(leaks: Sequence[LaidLeak], listed: list[int] | None, key: Key, *, sought: bool) -> Verdict:
    """Read a leak blind; several would each have a chance to be wrong, so they are left to be read one by one."""
    if len(leaks) > 1:
        uncounted = tuple(Uncounted(number, why_unread(leak)) for number, leak in enumerate(leaks)) if sought else ()
        reason = "none of the leaks lies on an original; read them one by one"
        return Verdict("none", 0.0, "blind", reason, uncounted=uncounted)
    (leak,) = leaks
    blind = on_the_list(read_blind(leak.luma, key=key, placements=leak.placements), listed)
    if not sought:
        return blind
    return replace(blind, reason=f"{blind.reason}; read blind, since {why_unread(leak)}")
