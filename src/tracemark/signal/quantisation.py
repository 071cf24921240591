"""Know what quantisation lets through of a faint mark, in a JPEG and in what another codec has left."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from tracemark.signal.luma import PEAK

__all__ = [
    "BLOCK",
    "NOISE",
    "Coding",
    "blocks_of",
    "coefficients_of",
    "jpeg_steps",
    "log_likelihood",
    "slopes",
]

Floats = NDArray[np.float32]

BLOCK = 8  # pixels on a side of what a DCT covers, ITU-T T.81 A.3.3
# Luma quantisation of ITU-T T.81 table K.1, scaled by quality as the Independent JPEG Group's library does.
TABLE_K1 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
EVEN_QUALITY, MOST_STEP = 50, 255  # quality at which the table stands as it is; baseline JPEG's largest step
NOISE = 1.0  # luma levels: spread of a coefficient that the expected picture does not explain, at least
AROUND = 5  # blocks: side of the square over which that spread is measured, for each frequency by itself
ROOM = 3.0  # times what rounding and the mark make of a squared difference: less in so few blocks may be chance
FAR = 5.0  # standard deviations from a step's edge, beyond which nothing lies
ASTRAY = 0.03  # chance that a coefficient is where nothing explains it: where colours were cut off, luma is, too
SURE = 1.5  # slopes beyond are cut: a coefficient so far off is something else


@dataclass(frozen=True, eq=False)
class Coding:
    """What became of a leak's coefficients, those of a JPEG's blocks, when it was saved."""

    steps: Floats
    """Of quantisation, shape (BLOCK, BLOCK), luma levels."""

    aligned: bool
    """Whether coefficients are multiples of their steps, as a JPEG's are.  Else nothing is known but that those of less
    than half a step have become 0: the dead zone that codecs have whose transform, blocks or prediction are others."""

    noise: float
    """Luma levels: how far a coefficient may be off at least, for reasons that are not known."""

    @classmethod
    def jpeg(cls, quality: int, noise: float = NOISE) -> Self:
        """Give that of a JPEG of some quality."""
        return cls(jpeg_steps(quality).astype(np.float32), True, noise)

    @classmethod
    def dead_zone(cls, width: float, noise: float) -> Self:
        """Give that of a codec whose steps are not known, but how wide its dead zone is."""
        return cls(np.full((BLOCK, BLOCK), width, dtype=np.float32), False, noise)


def blocks_of(luma: Floats) -> Floats:
    """Cut into blocks.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Luma, 0 to 255.

    Returns
    -------
    blocks : ndarray, shape (down, across, BLOCK, BLOCK), float32
        The last ones filled up with the edge.
    """
    filled = np.pad(luma, [(0, -side % BLOCK) for side in luma.shape], mode="edge")
    rows, columns = (side // BLOCK for side in filled.shape)
    return filled.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)


def coefficients_of(blocks: Floats) -> Floats:
    """Transform blocks of luma as JPEG does.

    Parameters
    ----------
    blocks : ndarray, shape (..., BLOCK, BLOCK), float32
        As from :func:`blocks_of`.

    Returns
    -------
    coefficients : ndarray, float32
        Of the same shape.
    """
    shifted = blocks - np.float32((PEAK + 1) / 2)
    return np.asarray(dctn(shifted, axes=(-2, -1), norm="ortho"), dtype=np.float32)


def jpeg_steps(quality: int) -> NDArray[np.int64]:
    """Give the quantisation steps of a JPEG's luma.

    Parameters
    ----------
    quality : int
        1 to 100, as the Independent JPEG Group's library counts.

    Returns
    -------
    steps : ndarray, shape (BLOCK, BLOCK), int64
    """
    percent = 5000 // quality if quality < EVEN_QUALITY else 200 - 2 * quality  # as jcparam.c has it
    return np.asarray(np.clip((TABLE_K1 * percent + 50) // 100, 1, MOST_STEP))


def slopes(leak: Floats, expected: Floats, coding: Coding, spread: Floats, cover: Floats) -> Floats:
    """Say how much likelier a leak gets as what is expected gets lighter, pixel by pixel.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        Luma that was read from a file.
    expected : ndarray, shape (rows, columns), float32
        Luma of what the leak would have been before it was saved, were there no mark, as well as that is known.
    coding : Coding
        How it was saved.
    spread : ndarray, shape (rows, columns), float32
        Standard deviation of the mark, luma levels.
    cover : ndarray, shape (rows, columns), float32
        1 where the leak shows what is expected, 0 where it shows something else.

    Returns
    -------
    slopes : ndarray, shape (rows, columns), float32
        Derivative of the log-likelihood, nats a level: its product with a mark, summed up, is how much likelier the
        mark makes the leak, as long as the mark is faint.

    Notes
    -----
    A coefficient of the leak says between which two values that of the marked picture lay.  The expected one
    plus a normal variable of the mark's spread lies there with some chance, and the slope is the derivative of its
    logarithm.  So a coefficient that the mark has pushed over an edge counts as much as the edge was far, however large
    the step is, and one that was pushed over none counts for a little.  Where more is off than rounding to the steps
    explains, as under a moire or a halftone, the variable is that much wider, frequency by frequency.
    """
    lower, upper, deviation = _edges(leak, expected, coding, spread, cover)
    slope = _slope(lower, upper) / deviation
    levels = np.asarray(idctn(slope, axes=(2, 3), norm="ortho"), dtype=np.float32)
    down, across = levels.shape[:2]
    return levels.swapaxes(1, 2).reshape(down * BLOCK, across * BLOCK)[: leak.shape[0], : leak.shape[1]] * cover


def log_likelihood(leak: Floats, expected: Floats, coding: Coding, spread: Floats, cover: Floats) -> float:
    """Say how likely the coefficients of a leak are to be rounded to what they are, or to go astray.

    Parameters
    ----------
    leak, expected, coding, spread, cover
        As for :func:`slopes`.

    Returns
    -------
    log_likelihood : float
        Nats.
    """
    lower, upper, _ = _edges(leak, expected, coding, spread, cover)
    chance = _chance(np.minimum(lower, np.float32(FAR)), np.maximum(upper, np.float32(-FAR)))
    likely = np.log((1 - ASTRAY) * chance + ASTRAY) * blocks_of(cover).mean(axis=(2, 3), keepdims=True)
    return float(likely.sum(dtype=np.float64))


def _edges(
    leak: Floats, expected: Floats, coding: Coding, spread: Floats, cover: Floats
) -> tuple[Floats, Floats, Floats]:
    """Say between which values each coefficient lay, in deviations from what is expected, and what a deviation is."""
    steps, least = coding.steps, np.float32(coding.noise**2)
    found, likely = (coefficients_of(blocks_of(luma)) for luma in (leak, expected))
    known = blocks_of(spread).mean(axis=(2, 3), keepdims=True) ** 2
    unknown = _around(
        (found - likely) ** 2 - np.float32(ROOM) * _explained(likely, steps, known + least), blocks_of(cover)
    )
    deviation = np.sqrt(known + np.maximum(unknown, least))
    multiple = np.rint(found / steps)
    # without a grid a coefficient beyond the dead zone is taken to be off by half a step, wherever it lies
    centre = multiple * steps if coding.aligned else np.where(multiple, found, np.float32(0))
    lower = centre - steps / 2 - likely
    return lower / deviation, (lower + steps) / deviation, deviation


def _explained(likely: Floats, steps: Floats, variance: Floats) -> Floats:
    """Expect the squared difference that rounding to steps leaves in coefficients that vary so much.

    It is not that of any number: a coefficient near 0 is rounded to 0 under coarse steps, and leaves hardly any.
    """
    from scipy.special import ndtr  # takes a tenth of a second, and marking a photo never comes here

    off = np.abs(likely - np.rint(likely / steps) * steps)
    over = ndtr((off - steps / 2) / np.sqrt(variance))  # the chance to be rounded to the next value
    return np.asarray(off**2 + over * ((steps - off) ** 2 - off**2), dtype=np.float32)


def _around(values: Floats, cover: Floats) -> Floats:
    """Average values of coefficients over the blocks around."""
    down, across = values.shape[:2]
    weights = cover.mean(axis=(2, 3), keepdims=True)
    weighted = (values * weights).reshape(down, across, BLOCK**2)
    total, count = (
        cv2.blur(plane, (AROUND, AROUND), borderType=cv2.BORDER_REFLECT)
        for plane in (weighted, weights.reshape(down, across))
    )
    mean = total / np.maximum(count, np.finfo(np.float32).eps)[..., None]
    return np.asarray(mean.reshape(values.shape), dtype=np.float32)


def _slope(lower: Floats, upper: Floats) -> Floats:
    """Differentiate the log-chance that a standard normal variable, once moved, lies between two values."""
    lower, upper = np.minimum(lower, np.float32(FAR)), np.maximum(upper, np.float32(-FAR))
    densities = (np.exp(-(edge**2) / 2) / np.float32(np.sqrt(2 * np.pi)) for edge in (lower, upper))
    slope = np.subtract(*densities) / _chance(lower, upper)
    return np.asarray(np.clip(slope, -SURE, SURE), dtype=np.float32)


def _chance(lower: Floats, upper: Floats) -> Floats:
    """Give the chance that a standard normal variable lies between two values, a little above 0 at the least."""
    from scipy.special import ndtr  # takes a tenth of a second, and marking a photo never comes here

    mirrored = lower > 0  # the upper tail is exact where it is small
    low, high = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    return np.asarray(np.maximum(ndtr(high) - ndtr(low), np.finfo(np.float32).tiny), dtype=np.float32)
