"""Give an original the tone and sharpness of a leak that lies on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_tones", "tone_of"]

BLURS = (1.0, 2.5)  # pixels: sigmas of the blurred originals that sharpness is modelled with
WINDOW = 33  # pixels: side of the window in which tone and sharpness are taken for constant
STEP = 8  # pixels between two windows
MIDDLE = 128  # luma levels: about the mean of a picture
RIDGE = 0.05  # luma levels squared: detail below this says nothing about sharpness


def fit_tones(
    leak: NDArray[np.float32], original: NDArray[np.float32], cover: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Model what a leak did to tone and sharpness, place by place, and do the same to the original.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    original : ndarray, shape (rows, columns), float32
        The original's luma, brought onto the leak.
    cover : ndarray, shape (rows, columns), float32
        1 where the leak shows the original, 0 where it shows something else or nothing.

    Returns
    -------
    fitted : ndarray, shape (rows, columns), float32
        What the leak would be without a mark, luma levels; where nothing is covered, the leak itself.

    Notes
    -----
    In each window the leak is fitted, by least squares, with a constant, the original and two blurred
    originals.  The mark is independent of all four, so of its energy only 4 parts in the window's 1000 pixels go.
    """
    details = [original - cv2.GaussianBlur(original, (0, 0), sigma) for sigma in BLURS]
    stack = np.stack([np.ones_like(original), original - np.float32(MIDDLE), *details], axis=-1)
    count = stack.shape[-1]
    left = np.empty((*_grid(original).shape, count, count), dtype=np.float64)
    right = np.empty((*_grid(original).shape, count), dtype=np.float64)
    for row in range(count):
        weighted = stack[..., row] * cover
        right[..., row] = _grid(_mean(weighted * leak))
        for column in range(row, count):
            left[..., row, column] = left[..., column, row] = _grid(_mean(weighted * stack[..., column]))
    ridge = np.diag([np.finfo(np.float32).eps, *[RIDGE] * (count - 1)])
    model = np.linalg.solve(left + ridge, right[..., None])[..., 0].astype(np.float32)
    whole = cv2.resize(model, original.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(leak + (np.sum(whole * stack, axis=-1) - leak) * cover, dtype=np.float32)


def tone_of(picture: NDArray[np.float32], cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say what a fit of tones takes of what is added to a leak: what is much the same all over a window.

    Parameters
    ----------
    picture : ndarray, shape (rows, columns), float32
        What is added.
    cover : ndarray, shape (rows, columns), float32
        As for :func:`fit_tones`.

    Returns
    -------
    tone : ndarray, shape (rows, columns), float32
    """
    share = np.maximum(_mean(cover), np.finfo(np.float32).eps)
    return np.asarray(_mean(picture * cover) / share, dtype=np.float32)


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average over the window."""
    return np.asarray(cv2.blur(values, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _grid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average over blocks of a window's step."""
    rows, columns = (-(-side // STEP) for side in values.shape)
    return np.asarray(cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
