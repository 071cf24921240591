"""Say how much each pixel may change before someone sees it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.luma import PEAK

__all__ = ["allowance"]

FINE = 2.0  # pixels: what is finer than this counts as activity; tuned, docs/choices.md
NEIGHBOURHOOD = 2.0  # pixels: activity is averaged over this Gaussian
SHELTER = 9  # pixels: an edge does not lend its activity to a smooth place within half of this
FLOOR = 2.0  # luma levels: activity of a perfectly smooth place
EXPONENT = 0.7  # of the activity; 0 would be a flat mark; tuned, docs/choices.md
HEADROOM = 24.0  # luma levels to black or white below which the mark fades to nothing


def allowance(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how much each pixel may change, relative to the others.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Working-scale luma, 0 to 255.

    Returns
    -------
    allowance : ndarray, shape (rows, columns), float32
        Standard deviation that the mark may have, in units to be solved for; 0 in pure black and white.

    Notes
    -----
    Activity is the local standard deviation of what a Gaussian of 2 pixels takes away.  Its local
    minimum is taken, so that a sharp edge does not lend its activity to the smooth sky
    beside it, where a halo would be seen.  The mark grows slower than the activity: contrast masking
    has an exponent of 0.6 to 1 (Legge and Foley 1980, :doi:`10.1364/JOSA.70.001458`).
    """
    smooth = cv2.GaussianBlur(luma, (0, 0), FINE)
    detail = luma - smooth
    variance = cv2.GaussianBlur(detail * detail, (0, 0), NEIGHBOURHOOD)
    sheltered = cv2.erode(variance, np.ones((SHELTER, SHELTER), dtype=np.uint8))
    sheltered = cv2.GaussianBlur(sheltered, (0, 0), SHELTER / 2 / 2)
    activity = (sheltered + np.float32(FLOOR) ** 2) ** np.float32(EXPONENT / 2)
    headroom = np.clip((np.minimum(smooth, PEAK - smooth) - 1 / 2) / HEADROOM, 0, 1)  # 1/2: what rounds to white
    return np.asarray(activity * headroom, dtype=np.float32)
