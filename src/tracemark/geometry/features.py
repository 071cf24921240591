"""Describe a picture by its keypoints, so that the same places are known again in another picture (Lowe 2004)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["MIRRORED", "MOST", "Features", "extract", "match", "mirrored", "negative", "similarities"]

MOST = 1500  # keypoints kept of a picture: 45 in a crop of 3 % of its area
EXTENT = 1280  # pixels: long side to which a picture is reduced before keypoints are sought in it
CONTRAST = 0.01  # least contrast of a keypoint, for values in 0 .. 1; Lowe's 0.03 leaves smooth pictures empty
EDGE = 10.0  # largest ratio of curvatures; Lowe 2004, section 4.1
OCTAVE_LAYERS, SIGMA = 3, 1.6  # Lowe 2004, sections 3.2 and 3.3
STRATUM = 24.0  # pixels: side of the squares among which the finest keypoints are spread
FINEST = 4.0  # pixels: keypoint sizes up to this count as finest; squares grow with the root of the size
LENGTH = 128  # numbers in a descriptor: 4 x 4 places of 8 directions; Lowe 2004, section 6.1
PLACES, DIRECTIONS = 4, 8
QUANTUM = 512.0  # steps of a quantised descriptor in its norm; hardly any value exceeds 1/2
RATIO = 0.85  # of distances, nearest to second nearest; above Lowe's 0.8, as a geometric check follows
ORDER = np.arange(LENGTH).reshape(PLACES, PLACES, DIRECTIONS)
# Seen in a mirror, the rows across the keypoint's direction change sides and directions turn the other way.
MIRRORED = ORDER[::-1, :, -np.arange(DIRECTIONS) % DIRECTIONS].ravel()
# In a negative every gradient points the other way, and so does the keypoint: its places are seen upside down.
NEGATIVE = ORDER[::-1, ::-1].ravel()


@dataclass(frozen=True, eq=False)
class Features:
    """The keypoints of a picture, those that tell most about it first."""

    keypoints: NDArray[np.float32]
    """(x, y, size, angle): pixels, pixel centres at integers, and degrees from x towards y; shape (n, 4)."""

    descriptors: NDArray[np.uint8]
    """What each keypoint's surroundings look like: square roots of SIFT, 512 to the norm; shape (n, 128)."""

    hand: int = 1
    """-1 for the descriptors of the picture's mirror image, else 1."""

    def __len__(self) -> int:
        """Count the keypoints."""
        return len(self.keypoints)


def extract(luma: NDArray[np.uint8] | NDArray[np.float32], *, most: int = MOST) -> Features:
    """Find keypoints all over a picture and describe them.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), uint8 or float32
        0 to 255; beyond a long side of ``EXTENT`` it is reduced first.
    most : int
        How many keypoints to keep.

    Returns
    -------
    features : Features
        In pixels of ``luma``; none when the picture is flat. Any first part of them is spread over the picture.

    References
    ----------
    Lowe 2004, :doi:`10.1023/B:VISI.0000029664.99615.94`; the square root is of Arandjelovic and Zisserman 2012,
    :doi:`10.1109/CVPR.2012.6248018`.
    """
    levels = np.asarray(np.clip(np.rint(luma), 0, np.iinfo(np.uint8).max), dtype=np.uint8)
    factor = min(EXTENT / max(levels.shape), 1.0)
    size = tuple(max(round(side * factor), 1) for side in levels.shape[::-1])
    small = np.ascontiguousarray(levels)
    if factor < 1:
        small = np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    sift = cv2.SIFT.create(0, OCTAVE_LAYERS, CONTRAST, EDGE, SIGMA, True)
    found = sift.detect(small, None)
    if not found:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, LENGTH), np.uint8))
    kept, descriptors = sift.compute(small, [found[at] for at in _spread(found, most)])
    keypoints = np.array([(*point.pt, point.size, point.angle) for point in kept], dtype=np.float32)
    stretch = np.array(levels.shape[::-1], dtype=np.float32) / np.array(size, dtype=np.float32)
    keypoints[:, :2] = (keypoints[:, :2] + 1 / 2) * stretch - 1 / 2
    keypoints[:, 2] *= stretch.mean()
    return Features(keypoints, _quantised(np.asarray(descriptors, dtype=np.float32)))


def _spread(found: Sequence[cv2.KeyPoint], most: int) -> NDArray[np.intp]:
    """Order keypoints so that the strongest of every square come first, then the second of every square."""
    table = np.array([(*point.pt, point.size, point.response) for point in found])
    octave = np.maximum(np.rint(np.log2(table[:, 2] / FINEST)), 0)
    side = STRATUM * 2 ** (octave / 2)
    across, down = (table[:, axis] // side for axis in (0, 1))
    order = np.lexsort((-table[:, 3], across, down, octave))
    square = np.stack([octave, down, across])[:, order]
    first = np.flatnonzero(np.r_[True, (np.diff(square) != 0).any(axis=0)])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return order[np.lexsort((-table[order, 3], rank))[:most]]


def _quantised(descriptors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Take square roots of descriptors whose sum is brought to 1, and round them to bytes."""
    total = np.maximum(descriptors.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    steps = np.rint(np.sqrt(descriptors / total) * QUANTUM)
    return np.asarray(np.minimum(steps, np.iinfo(np.uint8).max), dtype=np.uint8)


def mirrored(features: Features) -> Features:
    """Describe the keypoints as they would be seen in a mirror; their places stay where they are.

    Parameters
    ----------
    features : Features
        Of a picture.

    Returns
    -------
    features : Features
        What :func:`extract` finds in the mirror image, in pixels of the picture itself.
    """
    return replace(features, descriptors=features.descriptors[:, MIRRORED], hand=-features.hand)


def negative(features: Features) -> Features:
    """Describe the keypoints as they would be seen in the negative.

    Parameters
    ----------
    features : Features
        Of a picture.

    Returns
    -------
    features : Features
        What :func:`extract` finds in the picture with black and white exchanged.
    """
    turned = features.keypoints + np.array([0, 0, 0, 180], dtype=np.float32)
    return replace(features, keypoints=turned, descriptors=features.descriptors[:, NEGATIVE])


def match(leak: Features, original: Features) -> NDArray[np.intp]:
    """Pair the keypoints that look alike.

    Parameters
    ----------
    leak, original : Features
        Of the two pictures.

    Returns
    -------
    pairs : ndarray, shape (pairs, 2)
        Indices of the leak's keypoint and of the original's, most distinct pair first.  A pair counts when its distance
        is below ``RATIO`` of the distance to the next best keypoint.
    """
    if not len(leak) or len(original) < 2:
        return np.zeros((0, 2), dtype=np.intp)
    ours, theirs = (features.descriptors.astype(np.float32) for features in (leak, original))
    # |a - b|**2 = |a|**2 + |b|**2 - 2 ab
    nearness = ours @ (2 * theirs.T) - (theirs**2).sum(axis=1)
    every = np.arange(len(ours))
    best = nearness.argmax(axis=1)
    length = (ours**2).sum(axis=1)
    nearest = length - nearness[every, best]
    nearness[every, best] = -np.inf
    second = length - nearness.max(axis=1)
    quotient = np.maximum(nearest, 0) / np.maximum(second, 1)
    kept = np.flatnonzero(quotient < RATIO**2)
    kept = kept[np.argsort(quotient[kept], kind="stable")]
    return np.stack([kept, best[kept]], axis=1)


def similarities(leak: Features, original: Features, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Say how the leak lies on the original, as each pair alone tells it by place, size and angle.

    Parameters
    ----------
    leak, original : Features
        Of the two pictures.
    pairs : ndarray, shape (pairs, 2)
        Indices of keypoints.

    Returns
    -------
    transforms : ndarray, shape (pairs, 2, 3)
        Leak (x, y, 1) to original (x, y); a reflection when the leak's descriptors are mirrored.
    """
    ours = leak.keypoints[pairs[:, 0]].astype(np.float64)
    theirs = original.keypoints[pairs[:, 1]].astype(np.float64)
    scale = theirs[:, 2] / ours[:, 2]
    hand = leak.hand * original.hand
    # the direction at angle a of the leak lies at b + hand * (a - a') of the original
    turn = np.deg2rad(theirs[:, 3] - hand * ours[:, 3])
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.stack([cosine, -hand * sine, sine, hand * cosine], axis=-1).reshape(-1, 2, 2)
    shift = theirs[:, :2] - np.einsum("nij,nj->ni", linear, ours[:, :2])
    return np.concatenate([linear, shift[:, :, None]], axis=-1)
