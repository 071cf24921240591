"""Judge what scores say of candidates: how rare they are among innocents, and whose message was put there."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Evidence, Scores, bound_of
from tracemark.profile import PROFILE
from tracemark.verdict import IDENTIFIED_LOG10, Candidate

__all__ = ["LN10", "WAYS", "Judgement", "best_first", "candidates_of", "is_framed", "judge_scores"]

WAYS = 2  # a candidate is judged by the fingerprint alone and together with the message
WORTH = 6.5  # standard deviations of both scores below which the bound on them is not worth computing
FINGERPRINT_SHARE = 0.5  # share of the fingerprint's expected score below which a message was put there by somebody
LN10 = math.log(10)


@dataclass(frozen=True, eq=False)
class Judgement:
    """What scores say of candidates."""

    candidates: tuple[Candidate, ...]
    """The candidates, with their scores and bounds, in the order in which they were given."""

    framed: NDArray[np.bool_]
    """Whose message would name them but for the lack of their fingerprint; shape (candidates,)."""

    @property
    def hits(self) -> list[int]:
        """Say which of them are named, best first."""
        order = sorted(range(len(self.candidates)), key=lambda at: self.candidates[at].log10_false_alarm)
        return [at for at in order if self.candidates[at].log10_false_alarm < IDENTIFIED_LOG10]

    @property
    def others(self) -> tuple[Candidate, ...]:
        """Give those who are not named, best first."""
        rest = (one for one in self.candidates if one.log10_false_alarm >= IDENTIFIED_LOG10)
        return best_first(rest)

    @property
    def pasted(self) -> set[int]:
        """Give the recipients whose message may have been put there."""
        return {self.candidates[at].recipient for at in np.flatnonzero(self.framed)}


def judge_scores(
    evidence: Evidence,
    scores: Scores,
    recipients: Sequence[int],
    spent: float,
    *,
    own: float = 0.0,
    suspected: Collection[int] = (),
) -> Judgement:
    """Bound each candidate's chance, everything tried counted.

    Parameters
    ----------
    evidence : Evidence
        The soft symbols that were scored.
    scores : Scores
        Of the candidates.
    recipients : sequence of int
        The candidates.
    spent : float
        Natural logarithm of how many scores like these are judged in all.
    own : float
        The same of what follows from these scores themselves: it is paid for, and the rate of no bound is tuned by it.
    suspected : collection of int
        Recipients whose message lacked its fingerprint before.  Only the fingerprint names them: whoever put a message
        there would have one more chance with every score that is made of the same leak.

    Returns
    -------
    judgement : Judgement
    """
    alone = bound_of(evidence).fingerprint_alone(scores)
    enough = IDENTIFIED_LOG10 * LN10 - spent - own
    worth = (evidence.deviations(scores) >= WORTH) & (alone > enough)
    joint = np.zeros_like(alone)
    if worth.any():
        just_enough = math.sqrt(-2 * (IDENTIFIED_LOG10 * LN10 - spent))  # standard deviations, were scores normal
        joint[worth] = bound_of(evidence, joint_rates=(just_enough,)).together(scores)[worth]
    framed = (is_framed(scores) | np.isin(recipients, list(suspected))) & (joint < enough)
    joint[framed] = 0
    chance = np.minimum(np.minimum(alone, joint) + spent + own, 0)
    return Judgement(tuple(candidates_of(recipients, scores, evidence, chance, alone)), framed)


def is_framed(scores: Scores) -> NDArray[np.bool_]:
    """Tell whose message lacks the fingerprint: both are in the same cells, in the ratio of their shares of energy."""
    expected = scores.message * (PROFILE.fingerprint_share / PROFILE.message_share)
    return scores.fingerprint < FINGERPRINT_SHARE * expected


def best_first(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Order candidates, in whatever round or way they were judged, by their bounds."""
    return tuple(sorted(candidates, key=lambda one: (one.log10_false_alarm, -one.score)))


def candidates_of(
    recipients: Sequence[int],
    scores: Scores,
    evidence: Evidence,
    chance: NDArray[np.float64],
    alone: NDArray[np.float64],
) -> list[Candidate]:
    """Put numbers to names."""
    logs = (chance / LN10).tolist(), (alone / LN10).tolist()
    return [Candidate(*row) for row in zip(recipients, evidence.deviations(scores).tolist(), *logs, strict=True)]
