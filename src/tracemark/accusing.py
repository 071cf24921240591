"""Name whose copies are in the soft symbols of a leak, each with a bound on the chance that it is an innocent's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np

from tracemark.blind import LOOKUPS
from tracemark.codes.accusation import bound_of, scores_of
from tracemark.codes.cancellation import without
from tracemark.codes.decoding import decode
from tracemark.codes.word import log10_accident, recipient_of
from tracemark.informed import Residue
from tracemark.joining import join_evidence
from tracemark.judging import LN10, WAYS, best_first, candidates_of, is_framed, judge_scores
from tracemark.keys import Key
from tracemark.listed import Listed, draw
from tracemark.verdict import Candidate

__all__ = ["Accusation", "accuse_anyone", "accuse_listed"]

LACKING = -12.0  # standard deviations that a mark shows below zero which is in the original and not in the leak
ALONE = 3.0  # times that the next one shows less; where copies were mixed so that majorities lose, all are below zero


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
    def lacking(self) -> bool:
        """Tell whether the leak seems to lack somebody's mark, whose copy the original then is.

        One is far below zero, and alone there, and nobody is named.  Who that is, no bound says: the message of a leak
        that somebody shaped may rest on few bits of the word, which innocents have, too.
        """
        below = nsmallest(2, (one for one in self.others if one.score <= 0), key=lambda one: one.score)
        if self.named or not below or below[0].score > LACKING:
            return False
        return all(one.score > below[0].score / ALONE for one in below[1:])


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
        Among how many attempts at the same leak, times the responses of each, this is one; all are counted.

    Returns
    -------
    accusation : Accusation

    Notes
    -----
    Round by round, those who are named are taken out of the soft symbols, and the rest is scored again.  Round k may
    spend the k-th part of the series 1/2 + 1/4 + 1/8 ..., so that all rounds together spend what is allowed.
    """
    evidence = join_evidence(residues, key=key)
    recipients, words, fingerprints = list(listed.recipients), list(listed.words), listed.signs_in(residues)
    named: list[Candidate] = []
    others: tuple[Candidate, ...] = ()
    pasted: set[int] = set()
    spent = math.log(len(recipients) * attempts * WAYS)
    while recipients:
        spent += math.log(2)
        scores = scores_of(evidence, fingerprints, words)
        judged = judge_scores(evidence, scores, recipients, spent, suspected=pasted)
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
        Among how many attempts at the same leak this is one, at most ``LOOKUPS``: they share the lookups.

    Returns
    -------
    accusation : Accusation
        Bounded as in blind reading: a word is an innocent's with a chance of at most 2**-32.
    """
    evidence = join_evidence(residues, key=key)
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
        if is_framed(scores)[0]:
            pasted.add(found)
        else:
            alone = bound_of(evidence).fingerprint_alone(scores)
            named += candidates_of([found], scores, evidence, np.array([log10_accident(LOOKUPS) * LN10]), alone)
        evidence = without(evidence, fingerprints, [one.word])
    return Accusation(best_first(named), (), tuple(sorted(pasted)), len(seen))
