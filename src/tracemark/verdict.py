"""Say whose copy a leak is, how sure that is, and why where nobody can be named."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["FAINT_LOG10", "IDENTIFIED_LOG10", "INCONCLUSIVE_LOG10", "Candidate", "Uncounted", "Verdict", "judge"]

IDENTIFIED_LOG10 = -9.0  # a name needs a bound below this; docs/guarantees.md
INCONCLUSIVE_LOG10 = -3.0  # below this there is something, but not enough to name anyone
# A fingerprint is told of as it shows best, of some forty times that it may be looked at: with each of four photos, in
# three responses and four turns given others, and in later rounds.  All together may deceive once in a thousand times.
FAINT_LOG10 = INCONCLUSIVE_LOG10 - 1.6


@dataclass(frozen=True)
class Candidate:
    """How well one recipient fits a leak."""

    recipient: int
    """0 to ``2**32 - 1``."""

    score: float
    """Correlation with the leak, standard deviations."""

    log10_false_alarm: float
    """Log10 of a bound on the chance that an innocent fits as well, everything tried counted; at most 0."""

    log10_fingerprint: float
    """Log10 of a bound on the chance that this one recipient's fingerprint fits as well by accident, the message left
    out and nothing else counted: how sure it is that the message was not put there; at most 0."""


@dataclass(frozen=True)
class Uncounted:
    """A leak, of several read together, that tells nothing in the verdict."""

    leak: int
    """Which: its number in the list that was given, from 0."""

    reason: str
    """Why, in words."""

    instead: int | None = None
    """Number of the leak that counts in its place, as it shows more of the same photo; None where there is none."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a leak says; true when it names someone."""

    verdict: Literal["identified", "inconclusive", "none"]
    """``identified`` names; ``inconclusive`` has a trace that is not proof; ``none`` has nothing."""

    log10_false_alarm: float
    """Log10 of a bound on the chance that naming whoever fits best here accuses an innocent; 0 when none fits."""

    method: Literal["blind", "informed"]
    """Whether the original was used."""

    reason: str
    """One sentence for people."""

    recipients: tuple[int, ...] = ()
    """Every recipient identified, best first."""

    geometry: NDArray[np.float64] | None = field(default=None, repr=False)
    """Leak (x, y, 1) to photo (x, y, 1), pixels, shape (3, 3); None when the mark was not located."""

    score: float | None = None
    """Correlation with the leak of the best word, or, with the original, of the best candidate's word and fingerprint
    together, standard deviations; None when nothing was decoded or compared."""

    trials: int = 0
    """How many words were looked up among the issued ones, or recipients compared."""

    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    """Who was compared, best first: those identified, then the runners-up; empty after blind reading."""

    photo: bytes | None = field(default=None, repr=False)
    """Digest of the photo the leak was made of, 32 bytes; None after blind reading."""

    uncounted: tuple[Uncounted, ...] = field(default=(), repr=False)
    """Those of several leaks that do not count, in their order; whatever is said here is not said of them."""

    @property
    def recipient(self) -> int | None:
        """The recipient whose copy this is; None unless identified."""
        return self.recipients[0] if self.recipients else None

    @property
    def faint(self) -> tuple[int, ...]:
        """Those identified whose fingerprint is too faint to say that nobody pasted their message; none when blind."""
        named = (one for one in self.candidates if one.recipient in self.recipients)
        return tuple(one.recipient for one in named if one.log10_fingerprint >= FAINT_LOG10)

    def __bool__(self) -> bool:
        """Tell whether someone is named."""
        return self.verdict == "identified"


def judge(log10_false_alarm: float) -> Literal["identified", "inconclusive", "none"]:
    """Turn a bound into a verdict.

    Parameters
    ----------
    log10_false_alarm : float
        Log10 of the bound, all trials counted.

    Returns
    -------
    verdict : str
        ``identified`` below 1e-9, ``inconclusive`` below 1e-3, ``none`` otherwise.
    """
    if log10_false_alarm < IDENTIFIED_LOG10:
        return "identified"
    return "inconclusive" if log10_false_alarm < INCONCLUSIVE_LOG10 else "none"
