"""Know a JPEG's quantisation from its pixels, and what it lets through of a faint mark."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from tracemark.signal.luma import PEAK

__all__ = [
    "BLOCK",
    "FINEST",
    "NOISE",
    "left_when_saved",
    "likeliest_quality",
    "likely_qualities",
    "log_likelihood",
    "saved",
    "slopes",
]

Floats = NDArray[np.float32]

BLOCK = 8  # pixels on a side of what a DCT covers, ITU-T T.81 A.3.3
FINEST = 98  # quality
QUALITIES = np.arange(5, FINEST + 1)  # beyond, steps are too small to be told from rounding
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
ROUNDING = 0.7  # spread that rounding colours to whole levels leaves in a coefficient of luma
MISFIT = 2.0  # nats: what one coefficient may speak against a quality, as those of clipped blocks fit none
SPOILT = 1.0  # nats: what one block may speak against a quality
LIKELY = 5  # qualities that are tried
ALIKE = 1.3  # times the least share of the difference that a likelier quality may leave: chance and the mark do as much
BLOCKS = 500  # of a leak, that are looked at
NOISE = 1.0  # luma levels: spread of a coefficient that the expected picture does not explain, at least
AROUND = 5  # blocks: side of the square over which that spread is measured, for each frequency by itself
ROOM = 3.0  # times what rounding and the mark make of a squared difference: less in so few blocks may be chance
FAR = 5.0  # standard deviations from a step's edge, beyond which nothing lies
ASTRAY = 0.03  # chance that a coefficient is where nothing explains it: where colours were cut off, luma is, too
SURE = 1.5  # slopes beyond are cut: a coefficient so far off is something else


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
    blocks = _blocks(luma[: rows * BLOCK, : columns * BLOCK]).reshape(-1, BLOCK, BLOCK)[::every]
    coefficients = _coefficients(blocks)
    fits = np.stack([_fit(coefficients, _steps(int(quality))) for quality in QUALITIES])
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
        Of the difference's power; well below 1 where both are quantised alike, infinite where there is no difference.
    """
    pictures = (expected, *(saved(expected, quality) for quality in qualities))
    powers = np.array([float(np.vdot(cover, (leak - picture) ** 2)) for picture in pictures])
    return powers[1:] / powers[0] if powers[0] else np.full(len(qualities), np.inf)


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
        The likeliest of those that leave hardly more than the least.  What is left alone would not do: qualities that
        follow each other hardly differ, and a mark that is brighter everywhere, as that of many copies of which the
        most is taken, fits a wrong one better.
    """
    return int(qualities[int(np.argmax(left <= ALIKE * left.min()))])


def slopes(leak: Floats, expected: Floats, quality: int, spread: Floats, cover: Floats, noise: float = NOISE) -> Floats:
    """Say how much likelier a leak gets as what is expected gets lighter, pixel by pixel.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        Luma that was read from a JPEG.
    expected : ndarray, shape (rows, columns), float32
        Luma of what the leak would have been before it was saved, were there no mark, as well as that is known.
    quality : int
        Of the JPEG.
    spread : ndarray, shape (rows, columns), float32
        Standard deviation of the mark, luma levels.
    cover : ndarray, shape (rows, columns), float32
        1 where the leak shows what is expected, 0 where it shows something else.
    noise : float
        Luma levels: how far a coefficient may be off at least, for reasons that are not known.

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
    lower, upper, deviation = _edges(leak, expected, quality, spread, cover, noise)
    slope = _slope(lower, upper) / deviation
    levels = np.asarray(idctn(slope, axes=(2, 3), norm="ortho"), dtype=np.float32)
    down, across = levels.shape[:2]
    return levels.swapaxes(1, 2).reshape(down * BLOCK, across * BLOCK)[: leak.shape[0], : leak.shape[1]] * cover


def log_likelihood(
    leak: Floats, expected: Floats, quality: int, spread: Floats, cover: Floats, noise: float = NOISE
) -> float:
    """Say how likely the coefficients of a leak are to be rounded to what they are, or to go astray.

    Parameters
    ----------
    leak, expected, quality, spread, cover, noise
        As for :func:`slopes`.

    Returns
    -------
    log_likelihood : float
        Nats.
    """
    lower, upper, _ = _edges(leak, expected, quality, spread, cover, noise)
    chance = _chance(np.minimum(lower, np.float32(FAR)), np.maximum(upper, np.float32(-FAR)))
    likely = np.log((1 - ASTRAY) * chance + ASTRAY) * _blocks(cover).mean(axis=(2, 3), keepdims=True)
    return float(likely.sum(dtype=np.float64))


def _edges(
    leak: Floats, expected: Floats, quality: int, spread: Floats, cover: Floats, noise: float
) -> tuple[Floats, Floats, Floats]:
    """Say between which values each coefficient lay, in deviations from what is expected, and what a deviation is."""
    steps = _steps(quality).astype(np.float32)
    found, likely = (_coefficients(_blocks(luma)) for luma in (leak, expected))
    known = _blocks(spread).mean(axis=(2, 3), keepdims=True) ** 2
    explained = _explained(likely, steps, known + np.float32(noise**2))
    unknown = _around((found - likely) ** 2 - np.float32(ROOM) * explained, _blocks(cover))
    deviation = np.sqrt(known + np.maximum(unknown, np.float32(noise**2)))
    lower = (np.rint(found / steps) - 1 / 2).astype(np.float32) * steps - likely
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


def _blocks(luma: Floats) -> Floats:
    """Cut into blocks, the last ones filled up with the edge; shape (down, across, BLOCK, BLOCK)."""
    filled = np.pad(luma, [(0, -side % BLOCK) for side in luma.shape], mode="edge")
    rows, columns = (side // BLOCK for side in filled.shape)
    return filled.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)


def _coefficients(blocks: Floats) -> Floats:
    """Transform blocks of luma as JPEG does."""
    shifted = blocks - np.float32((PEAK + 1) / 2)
    return np.asarray(dctn(shifted, axes=(-2, -1), norm="ortho"), dtype=np.float32)


def _steps(quality: int) -> NDArray[np.int64]:
    """Give the quantisation steps of a quality."""
    percent = 5000 // quality if quality < EVEN_QUALITY else 200 - 2 * quality  # as jcparam.c has it
    return np.asarray(np.clip((TABLE_K1 * percent + 50) // 100, 1, MOST_STEP))


def _fit(coefficients: Floats, steps: NDArray[np.int64]) -> Floats:
    """Say how much likelier each block is if its coefficients lie on the grid of the steps than if anywhere; nats."""
    multiple = np.rint(coefficients / steps)
    off = (coefficients - steps * multiple) / np.float32(ROUNDING)
    # a coefficient at 0 says nothing: most are small in any picture
    peak = np.where(multiple != 0, np.log(steps / (ROUNDING * np.sqrt(2 * np.pi))), 0)
    fits = np.maximum(peak - off**2 / 2, -MISFIT)
    return np.asarray(fits.sum(axis=(1, 2)) - fits[:, 0, 0], dtype=np.float32)  # blocks of one tone are in any picture
