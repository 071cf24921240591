"""Word what was found in a leak, in a verdict."""

from collections.abc import Sequence
from dataclasses import replace

from tracemark.accusing import Accusation
from tracemark.informed import Residue, to_photo
from tracemark.verdict import Uncounted, Verdict, judge

__all__ = ["inconclusive", "on_the_list", "verdict_of", "with_uncounted"]

RUNNERS_UP = 5  # of those not named, how many a verdict tells of


def verdict_of(residues: Sequence[Residue], accusation: Accusation) -> Verdict:
    """Word the verdict on leaks that lie on their photos.

    Parameters
    ----------
    residues : sequence of Residue
        What was compared, that of the leak which shows most first.
    accusation : Accusation
        What was found.

    Returns
    -------
    verdict : Verdict
    """
    shown = (*accusation.named, *accusation.others[:RUNNERS_UP])
    # each bound counts all who were compared, so the weakest holds for all names together
    bound = max((one.log10_false_alarm for one in accusation.named), default=None)
    bound = min((one.log10_false_alarm for one in shown), default=0.0) if bound is None else bound
    doubtful = accusation.lacking or (accusation.pasted and not accusation.named)
    verdict = "inconclusive" if doubtful else judge(bound)
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


def on_the_list(blind: Verdict, listed: list[int] | None) -> Verdict:
    """Name nobody whom a list that was given lacks: either the list is wrong or the name.

    Parameters
    ----------
    blind : Verdict
        Of blind reading.
    listed : list of int or None
        The candidates; None where any may be named.

    Returns
    -------
    verdict : Verdict
    """
    if listed is None or blind.recipient is None or blind.recipient in listed:
        return blind
    reason = f"the message of {blind.recipient} was read, but the list of recipients lacks them"
    return replace(blind, verdict="inconclusive", recipients=(), reason=reason)


def inconclusive(found: Verdict, recipient: int, candidates: Sequence[int]) -> Verdict:
    """Word the verdict on a leak that fits nobody, and yet holds somebody's message.

    Parameters
    ----------
    found : Verdict
        That it fits nobody.
    recipient : int
        Whose message it holds.
    candidates : sequence of int
        Who was compared; nobody where there is no list, and then no lookup is left after which a number may be told.

    Returns
    -------
    verdict : Verdict
    """
    why = "but not as in a copy of the original: that may be another version of what was marked, or it was put there"
    if candidates and recipient not in candidates:
        why = "whom the list of recipients lacks"
    whose = f"the message of {recipient}" if candidates else "somebody's message"
    reason = f"the leak lies on the original, and none fits; {whose} is in it, {why}"
    return replace(found, verdict="inconclusive", reason=reason)


def with_uncounted(found: Verdict, uncounted: tuple[Uncounted, ...], *, leaks: int) -> Verdict:
    """Say which leaks do not count.

    Parameters
    ----------
    found : Verdict
        On those that do.
    uncounted : tuple of Uncounted
        Those that do not.
    leaks : int
        How many there are in all.

    Returns
    -------
    verdict : Verdict
    """
    if not uncounted:
        return found
    reason = f"{found.reason}; {leaks - len(uncounted)} of {leaks} leaks counted"
    return replace(found, reason=reason, uncounted=uncounted)


def _reason(accusation: Accusation, verdict: str) -> str:
    """Say in a sentence what was found with the original."""
    if accusation.pasted and not accusation.named:
        names = ", ".join(map(str, accusation.pasted))
        doubt = "it may have been put there, or the original is another version of what was marked"
        return f"the message of {names} is in it, but not the fingerprint of this photo: {doubt}"
    if accusation.lacking:
        return (
            "the original must be the photo itself, and seems to be a copy: somebody's mark is in it, not in the leak"
        )
    if verdict == "identified":
        return "the original was taken away, and the rest is the mark of who is named"
    one, many = ("recipient", "recipients compared") if accusation.others else ("word", "words looked up")
    fits, fits_not = (f"of {accusation.trials} {many} {number} fits" for number in ("one", "none"))
    if accusation.trials == 1:
        fits, fits_not = (
            f"the only {one} there was to compare fits",
            f"the only {one} there was to compare does not fit",
        )
    if verdict == "inconclusive":
        return f"the leak lies on the original, and {fits}, but not well enough to be proof"
    return f"the leak lies on the original, but {fits_not}"
