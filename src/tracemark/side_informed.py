"""Name more of those who mixed their copies: score each candidate given the codes of those who fit best beside him.

Scores that take the codes of others as side information are Meerwald and Furon's (2012,
:doi:`10.1109/TIFS.2012.2195655`).  ``docs/guarantees.md`` proves why the codes of others may be looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.accusing import WAYS, Accusation, Judgement, judge_scores
from tracemark.codes.accusation import Evidence, scores_of
from tracemark.codes.message import encode
from tracemark.informed import Cells, Residue, together
from tracemark.keys import Key
from tracemark.listed import Listed
from tracemark.signal.collusion import MIXES, correlate_among

__all__ = ["HYPOTHESES", "accuse_among"]

SIZES = (3, 5, 9, 13, 19)  # copies that may have been mixed: odd, as their median is one of them
HYPOTHESES = len(SIZES) * len(MIXES)  # sizes and mixes that a candidate may be scored under; all are counted
SUSPICIOUS = 4.0  # standard deviations of a candidate's score above which somebody may be left to be named
TRIED = 2  # candidates, best first, with whom all hypotheses are tried; the likeliest is gone on with


def accuse_among(
    residues: Sequence[Residue], listed: Listed, found: Sequence[Accusation], *, key: Key, attempts: int = 1
) -> Accusation | None:
    """Name those whose copies are in a mix, each given the codes of others.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones: a leak, or several of different photos.
    listed : Listed
        The candidates.
    found : sequence of Accusation
        What was found without the codes of others, in all readings of the leaks.
    key : Key
        The secret.
    attempts : int
        Among how many readings of the same leak this is one; all are counted.

    Returns
    -------
    accusation : Accusation or None
        Those named before, and more; None where no others fit so well that more could be found.

    Notes
    -----
    The company of a candidate are those named before, then those others who fitted best before.  His soft symbols are
    what his signs would show if just he and his company had mixed their copies; his own code has no part in them.
    """
    places = {recipient: at for at, recipient in enumerate(listed.recipients)}
    fits = np.full(len(places), -np.inf)
    for accusation in found:
        for one in accusation.others:
            fits[places[one.recipient]] = max(fits[places[one.recipient]], one.score)
    named = [one for accusation in found for one in accusation.named]
    first = [places[one.recipient] for one in named]
    fits[first] = -np.inf
    cells = [residue.cells for residue in residues if residue.cells is not None]
    if fits.max() < SUSPICIOUS or len(cells) < len(residues):
        return None
    ranked = [*first, *(at for at in np.argsort(-fits, kind="stable").tolist() if at not in first)]
    scene = _Scene(_joined(cells), together(residues, key=key), listed, listed.signs_in(residues), ranked)
    spent = math.log(len(ranked) * attempts * WAYS * HYPOTHESES)
    judged = _judge_all(scene, len(first), spent)
    if judged is None:
        return None
    more = [judged.candidates[at] for at in judged.hits]
    pasted = judged.pasted.union(*(accusation.pasted for accusation in found)) - {one.recipient for one in more}
    return Accusation((*named, *more), judged.others, tuple(sorted(pasted)), len(ranked))


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is left of some leaks, and the codes of those who may have mixed them."""

    cells: Cells
    """Of all leaks, one after the other."""

    evidence: Evidence
    """Of the leaks as plain mixes: what each cell's symbols mean."""

    listed: Listed
    """The candidates."""

    fingerprints: NDArray[np.int8]
    """Their fingerprint signs in the cells, shape (candidates, cells)."""

    ranked: Sequence[int]
    """All of them: those named before, then those who fitted best before."""

    @cached_property
    def signs(self) -> NDArray[np.int8]:
        """The signs of the copies of the first ranked, as many as may have mixed; shape (copies, cells, slots)."""
        scrambling, chosen = self.cells.scrambling, list(self.ranked[: max(SIZES)])
        words = [encode(self.listed.words[at], self.evidence.code) for at in chosen]
        messages = [word.reshape(scrambling.shape) * scrambling for word in words]
        return np.concatenate([messages, self.fingerprints[chosen, :, None]], axis=-1).astype(np.int8)

    def given_others(self, size: int, members: Sequence[int]) -> list[list[Evidence]]:
        """Make soft symbols of some of the first ranked given all others of them: one for each mix, for each member."""
        correlations = correlate_among(self.cells.values, self.cells.drawn, self.signs[:size], members)
        return [[self._evidence(one) for one in of_member] for of_member in correlations]

    def _evidence(self, correlation: NDArray[np.float32]) -> Evidence:
        """Make soft symbols of what cells say, shape (cells, slots)."""
        fingerprint, message = self.cells.soft(correlation)
        return replace(self.evidence, fingerprint=fingerprint, message=message.ravel())

    def judge(self, evidence: Evidence, chosen: Sequence[int], spent: float) -> Judgement:
        """Score and judge candidates with soft symbols that were made without their codes."""
        scores = scores_of(evidence, self.fingerprints[list(chosen)], [self.listed.words[at] for at in chosen])
        return judge_scores(evidence, scores, [self.listed.recipients[at] for at in chosen], spent)

    def fit(self, evidence: Evidence, at: int) -> float:
        """Give the score of a candidate, standard deviations."""
        scores = scores_of(evidence, self.fingerprints[[at]], [self.listed.words[at]])
        return float(evidence.deviations(scores)[0])


def _judge_all(scene: _Scene, start: int, spent: float) -> Judgement | None:
    """Judge all candidates but the first ``start``, who are named; none where no hypothesis has room for more."""
    likeliest = _likeliest(scene, start)
    if likeliest is None:
        return None
    size, mix = likeliest
    given = scene.given_others(size, range(start, size))
    # whoever comes after them has the same company as the last of them
    groups = [*([at] for at in scene.ranked[start : size - 1]), scene.ranked[size - 1 :]]
    judged = [scene.judge(of_member[mix], group, spent) for of_member, group in zip(given, groups, strict=True)]
    candidates = tuple(one for part in judged for one in part.candidates)
    return Judgement(candidates, np.concatenate([part.framed for part in judged]))


def _likeliest(scene: _Scene, start: int) -> tuple[int, int] | None:
    """Find the size and the mix under which the first who are not named fit best."""
    best: tuple[float, int, int] | None = None
    for size in SIZES:
        tried = range(start, min(start + TRIED, size))
        if not tried or size > len(scene.ranked):
            continue
        fits = [
            [scene.fit(evidence, scene.ranked[member]) for evidence in of_member]
            for of_member, member in zip(scene.given_others(size, tried), tried, strict=True)
        ]
        mean = np.mean(fits, axis=0)
        mix = int(mean.argmax())
        if best is None or mean[mix] > best[0]:
            best = (float(mean[mix]), size, mix)
    return None if best is None else best[1:]


def _joined(cells: Sequence[Cells]) -> Cells:
    """Put the cells of several leaks one after the other."""
    return Cells(
        *(
            np.concatenate(parts)
            for parts in zip(*((one.values, one.drawn, one.scrambling) for one in cells), strict=True)
        )
    )
