"""Know how coefficients were quantised, in a JPEG and in what another codec has left."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from tracemark.signal.luma import PEAK

__all__ = ["BLOCK", "NOISE", "Coding", "blocks_of", "coefficients_of", "jpeg_steps"]

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
