"""Tell which pixels of a straightened leak show the photo, and which something laid over it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.displacement import Displacement
from tracemark.geometry.straightening import WHITE, Sight

__all__ = ["coverage"]

Floats = NDArray[np.float32]

SOFT = 1.2  # pixels: smoothing before pixels are compared, as a leak is rarely as sharp as its original
NEIGHBOURHOOD = 24.0  # pixels: within which light and contrast are changed alike
REDUCTION = 4  # pixels of the picture in one of the maps of light and contrast
TONES = 64  # steps of the common tone curve
AVERAGED = 2  # steps about the commonest level that are averaged
UNLIKE, ALIKE = 0.3, 0.7  # likeness of a block at which it tells nothing of the tones, and everything
BLUNT = 0.35  # part of the local detail that blur and ringing may take or add
STEADY = 20.0  # luma levels: contrast of a neighbourhood above which its own gain is believed
REPEATS = 2
AROUND = 5  # pixels: side of the square whose detail may have been blurred into a pixel
ROUNDING = 0.5  # luma levels: noise that is always there
DEVIATION = 1.48  # standard deviations in a median absolute deviation of normal noise
SAMPLE = 4  # pixels between those of which the noise is estimated
FOREIGN = 3.5  # standard deviations at which a pixel's weight is halved
MARGIN = 1.5  # pixels: smoothing of the weights, so that the edges of what is foreign count as foreign


def coverage(straight: Sight, inside: Floats, original: Floats, moved: Displacement) -> Floats:
    """Weigh every pixel by how likely it is that it shows the photo.

    Parameters
    ----------
    straight : Sight
        The leak in the place of the original; its tones are learnt where it is believed.
    inside : ndarray, shape (rows, columns), float32
        1 where the leak reaches, else 0.
    original : ndarray, shape (rows, columns), float32
        The original's luma.
    moved : Displacement
        Whose likeness says which blocks agree.

    Returns
    -------
    weights : ndarray, shape (rows, columns), float32
        0 to 1.  Where the tones of the leak follow from the original's it is near 1, even where neither shows detail.

    Notes
    -----
    Blocks that agree give one tone curve; around each pixel it is then corrected for light and contrast, and what is
    still off by more than noise, rounding and blur explain is foreign.
    """
    size = (original.shape[1], original.shape[0])
    alike = np.clip((moved.likeness - UNLIKE) / (ALIKE - UNLIKE), 0, 1)
    weights = np.asarray(straight.weights * cv2.resize(alike, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    if not weights.any():
        return np.zeros_like(original)
    leak, photo = (
        np.asarray(cv2.GaussianBlur(luma, (0, 0), SOFT), dtype=np.float32) for luma in (straight.luma, original)
    )
    expected = _toned(leak, photo, weights)
    sharp = np.asarray(original - cv2.GaussianBlur(original, (0, 0), 2 * SOFT), dtype=np.float32)
    edges = np.sqrt(np.maximum(cv2.blur(sharp**2, (AROUND, AROUND)), 0, dtype=np.float32))
    difference = leak - expected
    noise = _noise(difference, weights)
    for _ in range(REPEATS):
        spread = _spread(noise, edges)
        squared = (difference / (FOREIGN * spread)) ** 2
        weights = inside / (1 + squared * squared)
        difference = leak - _lit(leak, expected, weights)
        noise = _noise(difference, weights)
    spread = _spread(noise, edges)
    shown = (np.abs(difference) < FOREIGN * spread).astype(np.float32) * inside
    smooth = cv2.GaussianBlur(shown, (0, 0), MARGIN)
    return np.asarray(np.clip(2 * smooth - 1, 0, 1) * inside, dtype=np.float32)


def _toned(leak: Floats, photo: Floats, weights: Floats) -> Floats:
    """Give the original the leak's tones: for each of its levels the commonest level of the leak."""
    step = np.float32((WHITE + 1) / TONES)
    row, column = (np.clip(values / step, 0, TONES - 1).astype(np.int32).ravel() for values in (photo, leak))
    counts = np.bincount(row * TONES + column, weights.ravel(), TONES * TONES).reshape(TONES, TONES)
    histogram = np.asarray(cv2.GaussianBlur(counts, (0, 0), 1.0), dtype=np.float64)
    levels = (np.arange(TONES) + 1 / 2) * step
    peak = histogram.argmax(axis=1)
    near = np.abs(np.arange(TONES) - peak[:, None]) <= AVERAGED
    total = (histogram * near).sum(axis=1)
    mean = (histogram * near) @ levels / np.maximum(total, np.finfo(float).tiny)
    known = total > np.finfo(np.float32).eps * histogram.sum()
    curve = np.interp(levels, levels[known], mean[known])
    return np.asarray(np.interp(photo.ravel(), levels, curve).reshape(photo.shape), dtype=np.float32)


def _spread(noise: float, edges: Floats) -> Floats:
    """Say how far a pixel may be off that shows the photo."""
    return np.asarray(np.hypot(np.float32(noise), np.float32(BLUNT) * edges), dtype=np.float32)


def _noise(difference: Floats, weights: Floats) -> float:
    """Estimate the spread of differences where the photo shows."""
    sample = (slice(None, None, SAMPLE), slice(None, None, SAMPLE))
    shown = np.abs(difference[sample])[weights[sample] > 1 / 2]
    return ROUNDING + DEVIATION * float(np.median(shown)) if shown.size else 1.0


def _lit(leak: Floats, expected: Floats, weights: Floats) -> Floats:
    """Correct light and contrast in every neighbourhood."""
    small = tuple(max(side // REDUCTION, 1) for side in leak.shape[::-1])

    def around(values: Floats) -> Floats:
        reduced = cv2.resize(values, small, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(reduced, (0, 0), NEIGHBOURHOOD / REDUCTION), dtype=np.float32)

    total = around(weights) + np.finfo(np.float32).eps
    light, dark = around(weights * leak) / total, around(weights * expected) / total
    variance = around(weights * expected**2) / total - dark**2
    product = around(weights * leak * expected) / total - light * dark
    gain = (product + STEADY**2) / (np.maximum(variance, 0) + STEADY**2)
    size = leak.shape[::-1]
    gain, shift = (cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in (gain, light - gain * dark))
    return np.asarray(gain * expected + shift, dtype=np.float32)
