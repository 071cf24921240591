"""Find the scale, rotation, aspect, mirroring and position at which a leak shows the sync pattern."""

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.log_polar import log_polar_peaks, scales_of
from tracemark.geometry.placement import (
    LEAST_LINES,
    POSITIONS,
    Placement,
    best_positions,
    distinct,
    good_positions,
    line_frequencies,
    line_values,
    place,
    refine,
)
from tracemark.geometry.spectrum import Spectrum, turned_back
from tracemark.geometry.stretching import stretched_peaks, stretches
from tracemark.geometry.sync_pattern import SyncLines

__all__ = ["search_any_angle", "search_bent", "search_stretched", "search_unscaled", "search_upright", "search_whole"]

SCALE_STEP = 0.004  # of the logarithm; a line of 6 px drifts by 1/4 period across 750 px
WHOLE_STEP = 0.001  # of the logarithm, where the position follows from the scale
WHOLE_SIDES = (560.0, 1640.0)  # working pixels: what the long side of a whole photo can be
ROUGH = 40  # placements that a search with phase refines first
UNSCALED_KEPT = 24  # placements of an unscaled crop that are handed on: they are cheap to tell apart by the beacon
BENT = (0.14, 0.035)  # logarithms: largest stretch of a picture that is bent, and step between stretches
COARSE = 2  # times that both steps of the log-polar map are wider there, where stretches are themselves far apart
# Expected size of each strain (scale, rotation, aspect, shear) that a search has left over.  Were they free, a weak
# sync pattern would be bent to fit the noise, and the message lost with it.
LEFT_ANY_ANGLE = (0.003, 0.003, 0.002, 0.001)
LEFT_ASPECT = (0.004, 0.003, 0.006, 0.002)
LEFT_BENT = (0.01, 0.01, 0.015, 0.01)
LEFT_UPRIGHT = (0.003, 0.001, 0.002, 0.0005)
LEFT_WHOLE = (0.0007, 0.0001, 0.0001)  # but for the aspect, which is as far off as the sides were rounded
ROUNDED = 0.15  # pixels: half the standard deviation of a rounded side
LEFT_UNSCALED = (0.0001, 0.0001, 0.0001, 0.0001)
ORIENTATIONS = tuple(
    np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), turn) @ np.diag([side, 1.0])
    for side in (1.0, -1.0)
    for turn in range(4)
)


def search_any_angle(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale, rotation and mirroring at once, at the photo's own aspect.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whitened leak.
    lines : SyncLines
        The sync pattern.

    Returns
    -------
    placements : list of Placement
        At most six, best first.

    Notes
    -----
    The power of the lines needs no position.  In log-polar coordinates scale and rotation are
    shifts, so one FFT correlates all of them (Reddy and Chatterji 1996, :doi:`10.1109/83.506761`); the best
    are then placed with phase.
    """
    return place(spectrum, lines, log_polar_peaks(spectrum, lines, np.eye(2)[None]), LEFT_ANY_ANGLE)


def search_stretched(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search upright pictures of any aspect, and sheared ones; as :func:`search_any_angle`."""
    return place(spectrum, lines, stretched_peaks(spectrum, lines), LEFT_ASPECT)


def search_bent(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search pictures that were turned and stretched along any axis, as one seen at an angle is in its middle."""
    peaks = log_polar_peaks(spectrum, lines, stretches(*BENT), coarse=COARSE)
    return place(spectrum, lines, peaks, LEFT_BENT)


def search_upright(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale and position with phase, for quarter turns and mirror images; as :func:`search_any_angle`.

    With phase, lines are found at half the strength that their power needs.
    """
    scales = scales_of(spectrum, step=SCALE_STEP)
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    trials = len(linear) * POSITIONS**2
    values, valid = line_values(spectrum.values, lines, linear)
    power = (np.abs(values) ** 2).sum(axis=-1) / np.maximum(valid, LEAST_LINES)
    linear = linear[power >= np.median(power)]  # where the lines lie they are strong, whatever their phase
    score, centre = best_positions(spectrum, lines, linear)
    order = np.argsort(-score)[:ROUGH]
    rough = [Placement(linear[at], centre[at], float(score[at]), trials) for at in order]
    return distinct(refine(spectrum, lines, rough, LEFT_UPRIGHT))


def search_whole(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search the scales at which the leak is the whole photo, corner on corner; as :func:`search_any_angle`."""
    leak = np.array([spectrum.columns, spectrum.rows], dtype=np.float64)
    low, high = np.log(np.array(WHOLE_SIDES) / leak.max())
    scales = np.exp(np.arange(low, high, WHOLE_STEP))
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    centre = np.abs(linear @ leak) / 2 - 1 / 2
    values, valid = line_values(spectrum.values, lines, linear)
    turns = centre @ line_frequencies(lines).T
    score = (values * turned_back(turns)).real.sum(axis=-1) / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)
    order = np.argsort(-score)[:ROUGH]
    rough = [Placement(linear[at], centre[at], float(score[at]), len(linear)) for at in order]
    scale, rotation, shear = LEFT_WHOLE
    left = (scale, rotation, ROUNDED / float(leak.min()), shear)
    return distinct(refine(spectrum, lines, rough, left))


def search_unscaled(spectrum: Spectrum, lines: SyncLines, scales: NDArray[np.float64]) -> list[Placement]:
    """Search the position alone, for a crop that kept the photo's own pixels.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whitened leak.
    lines : SyncLines
        The sync pattern.
    scales : ndarray, shape (n,)
        Working pixels in a pixel of the spectrum's leak, for each size the photo's cells may have.

    Returns
    -------
    placements : list of Placement
        At most two dozen, best first; several positions may share a scale.

    Notes
    -----
    A hundredth of the other searches' trials, so a weaker pattern is seen: that of a small crop of dense texture.
    """
    linear = scales[:, None, None] * np.eye(2)
    score, centre = good_positions(spectrum, lines, linear, UNSCALED_KEPT)
    trials = len(linear) * POSITIONS**2
    order = np.argsort(-score, axis=None)[:UNSCALED_KEPT]
    rough = [
        Placement(linear[which], centre[which, at], float(score[which, at]), trials)
        for which, at in zip(*np.unravel_index(order, score.shape), strict=True)
    ]
    return sorted(refine(spectrum, lines, rough, LEFT_UNSCALED), key=lambda placement: -placement.merit)
