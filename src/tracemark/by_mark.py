"""Lay a leak onto its original by what all copies share of the mark, where the pictures have too little in common."""

from collections.abc import Iterable, Sequence
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.blind_search import Placed, whitened
from tracemark.geometry.agreement import Agreement
from tracemark.geometry.registration import Registration, register_at
from tracemark.keys import Key
from tracemark.layers import beacon_signs, layers_in
from tracemark.original import Original
from tracemark.signal.chips import CellChoice, beacon_choices, codebook
from tracemark.signal.layout import scaling
from tracemark.signal.luma import PEAK
from tracemark.signal.reading import first_tile, place_scores, read_cells, to_working
from tracemark.signal.robust_hash import hash_lines

__all__ = ["lay_by_mark"]

Floats = NDArray[np.float32]

# Nats, all places that were tried counted: a leak that is laid wrong names nobody, it only takes time.
LEAST_MERIT = 1.0
CLEAR_MERIT = 5.0  # others need not be tried
LEAST_PLACES = 8  # working pixels, down and across, that a crop may be moved by
DEVIATION = 1.48  # standard deviations in a median absolute deviation of normal noise


def lay_by_mark(
    leak: Floats, originals: Sequence[Original], *, key: Key, placements: Iterable[Placed] = ()
) -> tuple[Original, Registration] | None:
    """Seek the place at which a leak shows the beacon of one of a few photos; nobody's signs are looked at.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    originals : sequence of Original
        Photos that the leak may show.
    key : Key
        The secret.
    placements : iterable of Placed, optional
        Where the leak may lie but for whole tiles.  That it is a crop that kept the photo's own pixels is tried first,
        and needs none.

    Returns
    -------
    original, registration : Original and Registration, or None
        The photo, and the place at which its beacon shows best; its agreement has the beacon's score, in standard
        deviations.  None where no beacon shows.

    Notes
    -----
    In a clear sky the mark is nearly all there is, so the less two pictures have to compare, the better it shows.  The
    sync pattern is the same on all photos: only the beacon, which belongs to the picture, tells which photo it is.
    """
    if not originals:
        return None
    beacons, trials = _beacons(originals, key), 0
    best, found = LEAST_MERIT, None
    unscaled = (_unscaled(leak, original, key) for original in originals)
    for one in chain((placed for placed in unscaled if placed and placed.merit > LEAST_MERIT), placements):
        cells = read_cells(one.luma, one.transform, codebook(key), hash_lines(key))
        scores = place_scores(cells, beacons)
        trials += scores.size
        which, *place = (int(index) for index in np.unravel_index(int(scores.argmax()), scores.shape))
        score = max(float(scores[which, *place]), 0.0)
        merit = score**2 / 2 - float(np.log(trials))
        if merit > best:
            best, original, transform = merit, originals[which], to_working(cells, first_tile(cells, place))
            shape = (original.luma.shape[0], original.luma.shape[1])
            agreement = Agreement(0.0, score)
            found = original, register_at(leak, shape, transform, agreement, negative=one.luma is not leak)
        if best > CLEAR_MERIT:
            break
    return found


def _beacons(originals: Sequence[Original], key: Key) -> CellChoice:
    """Choose the beacon of each photo as it is in that photo, its robust hash included."""
    drawn = beacon_choices(key)
    signs = np.zeros((len(originals), *drawn.signs.shape[1:]), dtype=np.float32)
    for plane, original in zip(signs, originals, strict=True):
        known = beacon_signs(original, key=key)
        plane[: known.shape[0], : known.shape[1], 0] = known
    return CellChoice(drawn.patterns[[original.chip_set for original in originals]], signs)


def _unscaled(leak: Floats, original: Original, key: Key) -> Placed | None:
    """Seek a leak as a crop of the photo's own pixels: by all that copies share, at every position at once.

    Its merit counts all positions.  None where it fits in few, as a whole photo does.
    """
    step = round(original.layout.scale)
    rows, columns = (max(side // step, 1) for side in leak.shape)
    cropped = leak[: rows * step, : columns * step]
    small = np.asarray(cv2.resize(cropped, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
    common, white = layers_in(original, key=key).common, whitened(small)
    places = tuple(have - need + 1 for have, need in zip(common.shape, white.shape, strict=True))
    if min(places) < LEAST_PLACES:
        return None
    # a crop that lies inside never reaches around the edge, so nothing need be padded
    shape = [fft.next_fast_len(side, real=True) for side in common.shape]
    found = fft.irfft2(fft.rfft2(common, shape) * np.conj(fft.rfft2(white, shape)), shape)[: places[0], : places[1]]
    heights = np.abs(found)
    peak = np.array(np.unravel_index(int(heights.argmax()), places))
    noise = max(DEVIATION * float(np.median(heights)), float(np.finfo(np.float32).tiny))
    merit = (float(heights[*peak]) / noise) ** 2 / 2 - float(np.log(found.size))
    # the crop begins at a pixel of the photo, of which there are several in a working pixel
    down, across = np.rint((peak + _beside(heights, peak)) * step) / step
    move = np.array([[1, 0, across], [0, 1, down], [0, 0, 1]])
    upright = leak if found[*peak] > 0 else np.float32(PEAK) - leak
    return Placed(upright, np.asarray(move @ scaling(1 / step), dtype=np.float64), merit)


def _beside(heights: Floats, peak: NDArray[np.intp]) -> NDArray[np.float64]:
    """Say how far beside the highest pixel a peak is, down and across: a parabola through three has its top there."""
    near = [np.clip(place + np.arange(-1, 2), 0, side - 1) for place, side in zip(peak, heights.shape, strict=True)]
    below, at, above = np.stack([heights[near[0], peak[1]], heights[peak[0], near[1]]], axis=-1)
    return np.asarray((above - below) / 2 / np.maximum(2 * at - below - above, np.finfo(np.float32).tiny))
