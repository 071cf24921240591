"""Seek a leak's place without keypoints: as the whole photo, or as a plain crop at any scale."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.machine import processors
from tracemark.transforms import Transform, moving, resizing

__all__ = ["template_places", "whole_places"]

Floats = NDArray[np.float32]

COARSE = 320  # pixels: long side of the original in which a crop is sought
SCALES = np.exp(np.arange(np.log(0.1), np.log(4.0), 0.035))  # original pixels in a leak pixel; alignment bears 2 %
LEAST_SIDE = 12  # coarse pixels of the leak: less fits anywhere
TOP = 4  # places handed on
ASPECT = 0.03  # difference of the logarithms of the aspects up to which a leak may be the whole photo
FINE, BROAD = 1.0, 8.0  # coarse pixels: standard deviations between which detail is kept
FLOOR = 1.0  # luma levels: spread below which there is no detail


def whole_places(leak: Floats, extent: tuple[float, ...]) -> list[Transform]:
    """Assume that the leak is the whole photo, turned by right angles or mirrored.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        Luma.
    extent : tuple of float
        Rows and columns of the original that the photo fills.

    Returns
    -------
    places : list of ndarray, shape (3, 3)
        Leak (x, y, 1) to original (x, y, 1), as many of the eight as have the right aspect.
    """
    places = []
    for shape, turn in _orientations(leak.shape):
        aspects = [np.log(columns / rows) for rows, columns in (shape, extent)]
        if abs(aspects[0] - aspects[1]) < ASPECT:
            places.append(resizing(shape, extent) @ turn)
    return places


def template_places(leak: Floats, original: Floats) -> list[Transform]:
    """Seek the leak as a crop of the original, at every scale, turned by right angles or mirrored.

    Parameters
    ----------
    leak, original : ndarray, shape (rows, columns), float32
        Luma.

    Returns
    -------
    places : list of ndarray, shape (3, 3)
        Leak (x, y, 1) to original (x, y, 1), the best first.

    Notes
    -----
    Detail is brought to unit spread and correlated by FFT, in a picture of 320 pixels.
    """
    found = sorted(_peaks(leak, original), key=lambda peak: -peak[0])
    return [place for _, place in found[:TOP]]


def _peaks(leak: Floats, original: Floats) -> Iterator[tuple[float, Transform]]:
    """Yield the best position at each scale and orientation, with its score."""
    factor = min(COARSE / max(original.shape), 1.0)
    small = _resized(original, tuple(max(round(side * factor), 1) for side in original.shape))
    target = _textured(small)
    # a crop that lies inside never reaches around the edge, so nothing need be padded
    size = tuple(fft.next_fast_len(side, real=True) for side in small.shape)
    workers = processors()
    spectrum = fft.rfft2(target, size, workers=workers)
    for scale in SCALES:
        shape = tuple(round(side * scale * factor) for side in leak.shape)
        if min(shape) < LEAST_SIDE or max(shape) > max(small.shape):
            continue
        piece = _textured(_resized(leak, shape))
        energy = float((piece**2).sum())
        for oriented, turn in _orientations(shape):
            if oriented[0] > small.shape[0] or oriented[1] > small.shape[1]:
                continue
            turned = cv2.warpPerspective(piece, turn, oriented[::-1], flags=cv2.INTER_NEAREST)
            scores = fft.irfft2(spectrum * np.conj(fft.rfft2(turned, size, workers=workers)), size, workers=workers)
            scores = scores[: small.shape[0] - oriented[0] + 1, : small.shape[1] - oriented[1] + 1]
            row, column = np.unravel_index(int(scores.argmax()), scores.shape)
            move = moving(np.array([column, row]))
            place = resizing(small.shape, original.shape) @ move @ turn @ resizing(leak.shape, shape)
            yield float(scores[row, column]) / np.sqrt(energy + 1), place


def _textured(luma: Floats) -> Floats:
    """Keep the middle frequencies and bring them to unit spread."""
    detail = cv2.GaussianBlur(luma, (0, 0), FINE) - cv2.GaussianBlur(luma, (0, 0), BROAD)
    spread = np.sqrt(cv2.GaussianBlur(detail**2, (0, 0), BROAD) + np.float32(FLOOR**2))
    return np.asarray(detail / spread, dtype=np.float32)


def _resized(luma: Floats, shape: tuple[int, ...]) -> Floats:
    """Resize by area, or smoothly when growing."""
    mode = cv2.INTER_AREA if shape[0] < luma.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, shape[::-1], interpolation=mode), dtype=np.float32)


def _orientations(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], Transform]]:
    """Yield the shape of a turned and mirrored picture, and the transform to it, upright first."""
    rows, columns = shape
    for mirror in (False, True):
        flip = np.array([[-1.0, 0, columns - 1], [0, 1, 0], [0, 0, 1]]) if mirror else np.eye(3)
        place, now = flip, (rows, columns)
        for _ in range(4):
            yield now, place
            # a quarter turn: (x, y) -> (rows - 1 - y, x)
            place = np.array([[0, -1, now[0] - 1], [1, 0, 0], [0, 0, 1.0]]) @ place
            now = (now[1], now[0])
