"""Find the transforms that many pairs of keypoints agree on, mirrored and negative leaks included."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.features import Features, match, mirrored, negative, similarities
from tracemark.transforms import mapped, tangent

__all__ = ["Proposal", "propose"]

MOST_PAIRS = 600  # most distinct first; each is compared with each
TURN_AND_SCALE = 0.4  # how far one pair's turn and scale may be from another's, of the scale; a radian is 1
NEAR, DRIFT = 4.0, 0.15  # how far one pair may be from where another puts it: pixels, and of the distance between them
EXACT = 3.0  # pixels: how far a pair may be from where the common transform puts it
FEW = 8  # pairs below which a transform is not allowed perspective
SURE = 40  # votes that no chance brings together: other variants are not tried
LEAST = 4  # pairs that may be chance, and are not proposed
MOST_STRETCH = 3.0  # ratio of the two scales of a transform beyond which it is a mistake
CONFIDENCE, ROUNDS = 0.999, 5000  # of the sampling
REPEATS = 10  # of a fit whose weights follow from the fit before


@dataclass(frozen=True, eq=False)
class Proposal:
    """One way in which a leak may lie on an original."""

    transform: NDArray[np.float64]
    """Leak (x, y, 1) to original (x, y, 1); shape (3, 3)."""

    votes: int
    """Different keypoints of the original that say so."""

    negative: bool = False
    """Whether black and white are exchanged."""

    exact: bool = False
    """Whether it may be exact as it is: the whole photo, scaled."""


def propose(leak: Features, original: Features) -> list[Proposal]:
    """Match two pictures' keypoints and see what the pairs agree on.

    Parameters
    ----------
    leak, original : Features
        Of the two pictures.

    Returns
    -------
    proposals : list of Proposal
        At most one for each of the leak as it is, mirrored, negative and both; most votes first.
    """
    proposals: list[Proposal] = []
    inverse = negative(leak)
    for variant, inverted in ((leak, False), (mirrored(leak), False), (inverse, True), (mirrored(inverse), True)):
        proposal = _agreed(variant, original, inverted=inverted)
        if proposal is not None:
            proposals.append(proposal)
            if proposal.votes >= SURE:
                break
    return sorted(proposals, key=lambda proposal: -proposal.votes)


def _agreed(leak: Features, original: Features, *, inverted: bool) -> Proposal | None:
    """Propose what most pairs agree on, if enough of them do."""
    pairs = match(leak, original)[:MOST_PAIRS]
    if len(pairs) < LEAST:
        return None
    pairs = pairs[np.argsort(pairs[:, 1], kind="stable")]
    ours, theirs = leak.keypoints[pairs[:, 0], :2], original.keypoints[pairs[:, 1], :2]
    agreeing = _agreement(similarities(leak, original, pairs), ours.astype(np.float64), theirs.astype(np.float64))
    # pairs with one keypoint of the original are one vote
    first = np.flatnonzero(np.r_[True, np.diff(pairs[:, 1]) > 0])
    votes = np.logical_or.reduceat(agreeing, first, axis=1).sum(axis=1)
    best = agreeing[votes.argmax()]
    if votes.max() < LEAST:
        return None
    transform = _common(ours[best], theirs[best], leak.hand * original.hand)
    near = np.linalg.norm(mapped(transform, ours[best]) - theirs[best], axis=1) < EXACT
    return Proposal(transform, len(np.unique(pairs[best][near, 1])), inverted)


def _agreement(
    transforms: NDArray[np.float64], ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say for each pair's similarity (rows) which pairs (columns) agree with it."""
    columns = transforms[:, 0] + 1j * transforms[:, 1]  # (x, y) of the original as x + iy
    turn, to = columns[:, 0], theirs @ [1, 1j]  # scale and turn as one number
    alike = np.abs(turn - turn[:, None]) < TURN_AND_SCALE * np.abs(turn)[:, None]
    away = np.abs(columns[:, :2] @ ours.T + columns[:, 2:] - to)
    return np.asarray(alike & (away < NEAR + DRIFT * np.abs(to - to[:, None])))


def _common(ours: NDArray[np.float32], theirs: NDArray[np.float32], hand: int) -> NDArray[np.float64]:
    """Fit one transform to pairs some of which may be wrong."""
    if len(ours) >= FEW:
        # the sampling takes mirrored points for mistakes
        flip = np.diag([hand, 1, 1]).astype(np.float64)
        upright = ours * np.array([hand, 1], dtype=np.float32)
        transform, _ = cv2.findHomography(
            upright, theirs, cv2.USAC_MAGSAC, EXACT, maxIters=ROUNDS, confidence=CONFIDENCE
        )
        if transform is not None:
            found = np.asarray(transform, dtype=np.float64) @ flip
            if _sound(found, ours, hand):
                return found
    return _similarity(ours.astype(np.float64), theirs.astype(np.float64), hand)


def _sound(transform: NDArray[np.float64], points: NDArray[np.float32], hand: int) -> bool:
    """Tell whether a transform neither folds nor squeezes the picture where the pairs are."""
    low, high = points.min(axis=0), points.max(axis=0)
    for x, y in ((low[0], low[1]), (high[0], low[1]), (low[0], high[1]), (high[0], high[1])):
        if transform[2] @ [x, y, 1] <= 0:
            return False
        linear = tangent(transform, np.array([x, y]))[:2, :2]
        scales = np.linalg.svd(linear, compute_uv=False)
        if np.linalg.det(linear) * hand <= 0 or scales[0] > MOST_STRETCH * scales[1]:
            return False
    return True


def _similarity(ours: NDArray[np.float64], theirs: NDArray[np.float64], hand: int) -> NDArray[np.float64]:
    """Fit scale, turn and shift, pairs that stray weighing less and less."""
    leak, original = (points[:, 0] + 1j * points[:, 1] for points in (ours, theirs))
    leak = leak if hand > 0 else leak.conj()
    weight = np.ones(len(leak))
    factor, shift = 1 + 0j, 0j
    for _ in range(REPEATS):
        total = weight.sum()
        from_centre, to_centre = (weight * leak).sum() / total, (weight * original).sum() / total
        spread = (weight * np.abs(leak - from_centre) ** 2).sum()
        product = (weight * (leak - from_centre).conj() * (original - to_centre)).sum()
        factor = product / max(spread, np.finfo(np.float64).tiny)
        shift = to_centre - factor * from_centre
        weight = 1 / (1 + (np.abs(factor * leak + shift - original) / EXACT) ** 2)
    a, b = factor.real, factor.imag
    return np.array([[a, -hand * b, shift.real], [b, hand * a, shift.imag], [0, 0, 1]])
