"""Know the quality of a JPEG from its pixels."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.luma import PEAK
from tracemark.signal.quantisation import BLOCK, blocks_of, coefficients_of, jpeg_steps

__all__ = ["FINEST", "left_when_saved", "likeliest_quality", "likely_qualities", "saved"]

Floats = NDArray[np.float32]

FINEST = 98  # quality
QUALITIES = np.arange(5, FINEST + 1)  # beyond, steps are too small to be told from rounding
ROUNDING = 0.7  # spread that rounding colours to whole levels leaves in a coefficient of luma
MISFIT = 2.0  # nats: what one coefficient may speak against a quality, as those of clipped blocks fit none
SPOILT = 1.0  # nats: what one block may speak against a quality
LIKELY = 5  # qualities that are tried
ALIKE = 1.3  # times the least share of the difference that a likelier quality may leave: chance and the mark do as much
BLOCKS = 500  # of a leak, that are looked at


def likely_qualities(luma: Floats) -> list[int]:
    """List the likely qualities of the JPEG that a picture was read from.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Luma, 0 to 255.

    Returns
    -------
    qualities : list of int
        As the Independent JPEG Group's library counts them, likeliest first; empty when there is no whole block.
    """
    rows, columns = (side // BLOCK for side in luma.shape)
    if not rows * columns:
        return []
    every = max(rows * columns // BLOCKS, 1)
    blocks = blocks_of(luma[: rows * BLOCK, : columns * BLOCK]).reshape(-1, BLOCK, BLOCK)[::every]
    coefficients = coefficients_of(blocks)
    fits = np.stack([_fit(coefficients, jpeg_steps(int(quality))) for quality in QUALITIES])
    # colours that were cut off spoil whole blocks, which then fit the finest steps alone
    better = np.maximum(fits - fits[-1], -SPOILT).mean(axis=1)
    return [int(QUALITIES[at]) for at in np.argsort(better)[::-1][:LIKELY]]


def saved(luma: Floats, quality: int) -> Floats:
    """Save as JPEG and read again."""
    levels = np.clip(np.rint(luma), 0, PEAK).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.float32)


def left_when_saved(leak: Floats, expected: Floats, qualities: Sequence[int], cover: Floats) -> NDArray[np.float64]:
    """Say how much of the difference of two pictures is left once one of them is saved as the other may have been.

    Parameters
    ----------
    leak, expected : ndarray, shape (rows, columns), float32
        What was saved, and what it would have been before, were there no mark.
    qualities : sequence of int
        Qualities of JPEG to try, at least one.
    cover : ndarray, shape (rows, columns), float32
        Weights of the pixels.

    Returns
    -------
    shares : ndarray, shape (qualities,)
        Of the difference's energy; well below 1 where both are quantised alike, infinite where there is no difference.
    """
    pictures = (expected, *(saved(expected, quality) for quality in qualities))
    energies = np.array([float(np.vdot(cover, (leak - picture) ** 2)) for picture in pictures])
    return energies[1:] / energies[0] if energies[0] else np.full(len(qualities), np.inf)


def likeliest_quality(qualities: Sequence[int], left: NDArray[np.float64]) -> int:
    """Choose a quality.

    Parameters
    ----------
    qualities : sequence of int
        As :func:`likely_qualities` gives them.
    left : ndarray, shape (qualities,)
        What :func:`left_when_saved` gives for them.

    Returns
    -------
    quality : int
        The likeliest of those that leave hardly more than the least.  To take the least would not be enough: qualities
        that follow each other hardly differ, and a mark that is brighter everywhere, as that of many copies of which
        the most is taken, fits a wrong one better.
    """
    return int(qualities[int(np.argmax(left <= ALIKE * left.min()))])


def _fit(coefficients: Floats, steps: NDArray[np.int64]) -> Floats:
    """Say how much likelier each block is if its coefficients lie on the grid of the steps than if anywhere; nats."""
    multiple = np.rint(coefficients / steps)
    off = (coefficients - steps * multiple) / np.float32(ROUNDING)
    # a coefficient at 0 says nothing: most are small in any picture
    peak = np.where(multiple != 0, np.log(steps / (ROUNDING * np.sqrt(2 * np.pi))), 0)
    fits = np.maximum(peak - off**2 / 2, -MISFIT)
    return np.asarray(fits.sum(axis=(1, 2)) - fits[:, 0, 0], dtype=np.float32)  # blocks of one tone are in any picture
