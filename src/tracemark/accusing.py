"""Name whose copies are in the soft symbols of a leak, each with a bound on the chance that it is an innocent's."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from tracemark.blind import LOOKUPS
from tracemark.codes.accusation import Evidence, Scores, bound_of, scores_of
from tracemark.codes.decoding import decode
from tracemark.codes.message import encode
from tracemark.codes.word import log10_accident, recipient_of
from tracemark.informed import Residue, together
from tracemark.keys import Key
from tracemark.listed import Listed, draw
from tracemark.profile import PROFILE
from tracemark.verdict import IDENTIFIED_LOG10, Candidate

__all__ = ["WAYS", "Accusation", "Judgement", "accuse_anyone", "accuse_listed", "best_first", "judge_scores", "without"]

WAYS = 2  # a candidate is judged by the fingerprint alone and together with the message
WORTH = 6.5  # standard deviations of both scores below which the bound on them is not worth computing
LACKING = -12.0  # standard deviations that a mark shows below zero which is in the original and not in the leak
ALONE = 3.0  # times that the next one shows less; where copies were mixed so that majorities lose, all are below zero
FINGERPRINT_SHARE = 0.5  # share of the fingerprint's expected score below which a message was put there by somebody
LN10 = math.log(10)


@dataclass(frozen=True)
class Accusation:
    """Who is named, and how everybody else fits."""

    named: tuple[Candidate, ...] = ()
    """Best first."""

    others: tuple[Candidate, ...] = ()
    """Those who fit best among the rest, best first."""

    pasted: tuple[int, ...] = ()
    """Recipients whose message is there without the fingerprint that goes with it in this photo."""

    trials: int = 0
    """Candidates or words that were compared."""

    @property
    def lacking(self) -> int | None:
        """Say whose mark the leak lacks, and whose copy the original then is: who is far below zero, and alone there.

        Nobody's where somebody is named.
        """
        below = nsmallest(2, (one for one in self.others if one.score <= 0), key=lambda one: one.score)
        if self.named or not below or below[0].score > LACKING:
            return None
        return below[0].recipient if all(one.score > below[0].score / ALONE for one in below[1:]) else None


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


def accuse_listed(residues: Sequence[Residue], listed: Listed, *, key: Key, attempts: int = 1) -> Accusation:
    """Name those of a closed list whose copies are in a leak.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones: a leak, or several of different photos.
    listed : Listed
        The candidates.
    key : Key
        The secret.
    attempts : int
        Among how many readings of the same leak this is one; all are counted.

    Returns
    -------
    accusation : Accusation

    Notes
    -----
    Round by round, those who are named are taken out of the soft symbols, and the rest is scored again.  Round k may
    spend the k-th part of the series 1/2 + 1/4 + 1/8 ..., so that all rounds together spend what is allowed.
    """
    evidence = together(residues, key=key)
    recipients, words, fingerprints = list(listed.recipients), list(listed.words), listed.signs_in(residues)
    named: list[Candidate] = []
    others: tuple[Candidate, ...] = ()
    pasted: set[int] = set()
    spent = math.log(len(recipients) * attempts * WAYS)
    while recipients:
        spent += math.log(2)
        judged = judge_scores(evidence, scores_of(evidence, fingerprints, words), recipients, spent)
        pasted |= judged.pasted
        others = judged.others
        hits = judged.hits
        if not hits:
            break
        named += [judged.candidates[at] for at in hits]
        evidence = without(evidence, fingerprints[hits], [words[at] for at in hits])
        left = np.delete(np.arange(len(recipients)), hits)
        recipients, words, fingerprints = (
            [recipients[at] for at in left],
            [words[at] for at in left],
            fingerprints[left],
        )
    pasted -= {one.recipient for one in named}
    return Accusation(best_first(named), others, tuple(sorted(pasted)), len(listed.recipients))


def accuse_anyone(residues: Sequence[Residue], *, key: Key, attempts: int = 1) -> Accusation:
    """Name whose message is in a leak, where there is no list of candidates.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones: a leak, or several of different photos.
    key : Key
        The secret.
    attempts : int
        Among how many readings of the same leak this is one, at most ``LOOKUPS``: they share the lookups.

    Returns
    -------
    accusation : Accusation
        Bounded as in blind reading: a word is an innocent's with a chance of at most 2**-32.
    """
    evidence = together(residues, key=key)
    named: list[Candidate] = []
    pasted: set[int] = set()
    seen: set[int] = set()
    lookups = LOOKUPS // attempts
    while len(seen) < lookups:
        decoded = [one for one in decode(evidence.message, evidence.code, words=lookups) if one.word not in seen]
        found = None
        for one in decoded[: lookups - len(seen)]:
            seen.add(one.word)
            found = recipient_of(key, one.word)
            if found is not None:
                break
        if found is None:
            break
        fingerprints = draw([found], residues, key=key).signs_in(residues)
        scores = scores_of(evidence, fingerprints, [one.word])
        if _framed(scores)[0]:
            pasted.add(found)
        else:
            alone = bound_of(evidence).fingerprint_alone(scores)
            named += _candidates([found], scores, evidence, np.array([log10_accident(LOOKUPS) * LN10]), alone)
        evidence = without(evidence, fingerprints, [one.word])
    return Accusation(best_first(named), (), tuple(sorted(pasted)), len(seen))


def best_first(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Order candidates, in whatever round or way they were judged, by their bounds."""
    return tuple(sorted(candidates, key=lambda one: (one.log10_false_alarm, -one.score)))


def judge_scores(
    evidence: Evidence, scores: Scores, recipients: Sequence[int], spent: float, *, own: float = 0.0
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
    framed = _framed(scores) & (joint < enough)
    joint[framed] = 0
    chance = np.minimum(np.minimum(alone, joint) + spent + own, 0)
    return Judgement(tuple(_candidates(recipients, scores, evidence, chance, alone)), framed)


def _framed(scores: Scores) -> NDArray[np.bool_]:
    """Tell whose message lacks the fingerprint: both are in the same cells, in the ratio of their shares of energy."""
    expected = scores.message * (PROFILE.fingerprint_share / PROFILE.message_share)
    return scores.fingerprint < FINGERPRINT_SHARE * expected


def _candidates(
    recipients: Sequence[int],
    scores: Scores,
    evidence: Evidence,
    chance: NDArray[np.float64],
    alone: NDArray[np.float64],
) -> list[Candidate]:
    """Put numbers to names."""
    logs = (chance / LN10).tolist(), (alone / LN10).tolist()
    return [Candidate(*row) for row in zip(recipients, evidence.deviations(scores).tolist(), *logs, strict=True)]


def without(evidence: Evidence, fingerprints: NDArray[np.int8], words: Sequence[int]) -> Evidence:
    """Take copies out of the soft symbols, each as strong as it shows beside the others; their order has no part in it.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols.
    fingerprints : ndarray, shape (copies, n), int8
        The copies' fingerprint signs at the evidence's cells.
    words : sequence of int
        Their message words.

    Returns
    -------
    evidence : Evidence
        The same where there are no copies, with what was computed of it.
    """
    if not words:
        return evidence
    symbols = np.array([encode(word, evidence.code) for word in words])
    return replace(
        evidence,
        fingerprint=_remainder(evidence.fingerprint, fingerprints),
        message=_remainder(evidence.message, symbols),
    )


def _remainder(soft: NDArray[np.float32], signs: NDArray[np.int8]) -> NDArray[np.float32]:
    """Take signs, shape (copies, n), out of soft symbols by least squares."""
    codes = signs.astype(np.float64)
    # few symbols may not tell two copies apart: then both share what shows of them
    strengths = np.linalg.pinv(codes @ codes.T, hermitian=True) @ (codes @ soft)
    return (soft - strengths @ codes).astype(np.float32)
