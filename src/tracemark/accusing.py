"""Name whose copies are in the soft symbols of a leak, each with a bound on the chance that it is an innocent's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.blind import LOOKUPS
from tracemark.codes.accusation import Evidence, Scores, bound_of, scores_of
from tracemark.codes.message import decode, encode
from tracemark.codes.word import log10_accident, recipient_of, word_of
from tracemark.informed import Residue, fingerprints_of, together
from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.verdict import IDENTIFIED_LOG10, Candidate

__all__ = ["Accusation", "accuse_anyone", "accuse_listed"]

WAYS = 2  # a candidate is judged by the fingerprint alone and together with the message
WORTH = 7.0  # standard deviations of both scores below which the bound on them is not worth computing
CONSISTENT = 0.5  # share of the fingerprint's expected score below which a message was put there by somebody
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


def accuse_listed(residues: Sequence[Residue], candidates: Sequence[int], *, key: Key, attempts: int = 1) -> Accusation:
    """Name those of a closed list whose copies are in a leak.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones: a leak, or several of different photos.
    candidates : sequence of int
        Recipients, each once.
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
    fingerprints = fingerprints_of(candidates, residues, key=key)
    words = [word_of(key, recipient) for recipient in candidates]
    open_ones = np.ones(len(candidates), dtype=bool)
    named: list[Candidate] = []
    pasted: set[int] = set()
    spent = math.log(len(candidates) * attempts * WAYS)
    while True:
        spent += math.log(2)
        scores = scores_of(evidence, fingerprints, words)
        alone = bound_of(evidence, jointly=False).fingerprint_alone(scores)
        chance, framed = _chances(evidence, scores, alone, open_ones, spent)
        pasted |= {candidates[at] for at in np.flatnonzero(framed & open_ones).tolist()}
        judged = _candidates(candidates, scores, evidence, chance, alone)
        hits = [
            at
            for at in np.argsort(chance).tolist()
            if open_ones[at] and judged[at].log10_false_alarm < IDENTIFIED_LOG10
        ]
        if not hits:
            break
        named += [judged[at] for at in hits]
        open_ones[hits] = False
        evidence = _without(evidence, fingerprints[hits], [words[at] for at in hits])
    pasted -= {one.recipient for one in named}
    order = [at for at in np.lexsort((-scores.fingerprint - scores.message, chance)).tolist() if open_ones[at]]
    return Accusation(tuple(named), tuple(judged[at] for at in order), tuple(sorted(pasted)), len(candidates))


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
        fingerprints = fingerprints_of([found], residues, key=key)
        scores = scores_of(evidence, fingerprints, [one.word])
        if _framed(scores)[0]:
            pasted.add(found)
        else:
            alone = bound_of(evidence, jointly=False).fingerprint_alone(scores)
            named += _candidates([found], scores, evidence, np.array([log10_accident(LOOKUPS) * LN10]), alone)
        evidence = _without(evidence, fingerprints, [one.word])
    return Accusation(tuple(named), (), tuple(sorted(pasted)), len(seen))


def _chances(
    evidence: Evidence, scores: Scores, alone: NDArray[np.float64], open_ones: NDArray[np.bool_], spent: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Bound each candidate's chance, everything tried counted; also tell whose message was pasted."""
    enough = IDENTIFIED_LOG10 * LN10 - spent
    both = (scores.fingerprint + scores.message) / evidence.norm
    worth = open_ones & (both >= WORTH) & (alone > enough)
    joint = np.zeros_like(alone)
    if worth.any():
        joint[worth] = bound_of(evidence, jointly=True).together(scores)[worth]
    framed = _framed(scores) & (joint < enough)
    joint[framed] = 0
    return np.minimum(np.minimum(alone, joint) + spent, 0), framed


def _framed(scores: Scores) -> NDArray[np.bool_]:
    """Tell whose message lacks the fingerprint: both are in the same cells, in the ratio of their shares of energy."""
    expected = scores.message * (PROFILE.fingerprint_share / PROFILE.message_share)
    return scores.fingerprint < CONSISTENT * expected


def _candidates(
    recipients: Sequence[int],
    scores: Scores,
    evidence: Evidence,
    chance: NDArray[np.float64],
    alone: NDArray[np.float64],
) -> list[Candidate]:
    """Put numbers to names."""
    z = (scores.fingerprint + scores.message) / evidence.norm
    logs = (chance / LN10).tolist(), (alone / LN10).tolist()
    return [Candidate(*row) for row in zip(recipients, z.tolist(), *logs, strict=True)]


def _without(evidence: Evidence, fingerprints: NDArray[np.int8], words: Sequence[int]) -> Evidence:
    """Take copies out of the soft symbols, each as strong as it shows."""
    fingerprint, message = evidence.fingerprint, evidence.message
    signs = [encode(word, evidence.code).astype(np.float32) for word in words]
    for own, symbols in zip(fingerprints.astype(np.float32), signs, strict=True):
        fingerprint = fingerprint - own * np.float32(max(np.mean(fingerprint * own), 0))
        message = message - symbols * np.float32(max(np.mean(message * symbols), 0))
    return replace(evidence, fingerprint=fingerprint, message=message)
