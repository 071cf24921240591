"""Lay a leak onto its original by the finest that both show: the grain of the picture, and the mark."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.geometry.agreement import Agreement
from tracemark.geometry.registration import Registration, register_at
from tracemark.geometry.straightening import positive_of
from tracemark.keys import Key
from tracemark.layers import beacon_signs, layers_in
from tracemark.original import Original
from tracemark.placing import Placed, whitened
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, codebook
from tracemark.signal.places import first_tile, place_scores, to_working
from tracemark.signal.reading import read_cells
from tracemark.signal.robust_hash import hash_lines
from tracemark.transforms import moving, scaling

__all__ = ["lay_by_grain"]

Floats = NDArray[np.float32]

# Nats, all places that were tried counted: a leak that is laid wrong names nobody, it only takes time.
LEAST_MERIT = 1.0
CLEAR_MERIT = 5.0  # others need not be tried
# Nats that the grain of unrelated pictures reaches in one of a hundred pairs, and by which rarer pairs exceed that, for
# each e-fold: measured on crops of 1 to 5 % of 24 photos, for it is far from normal.
UNRELATED, TAIL = 30.0, 19.0
FEW = 8  # photos whose marks are sought at every position; of more, only where the sync pattern is found
LEAST_SIDE = PROFILE.cell  # working pixels of a crop: less shows no whole cell
VIEWS = 2  # of a leak: as it is, and in a mirror
LEAST_POSITIONS = 8  # working pixels, down and across, that a crop may be moved by
EMPTY = 0.1  # of the mean energy of a photo's grain: where there is less, it counts as this
DEVIATION = 1.48  # standard deviations in a median absolute deviation of normal noise


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A place on a photo."""

    original: Original
    """The photo."""
    placed: Placed
    """The leak, and how it lies on the photo at the working scale, whole tiles included."""
    score: float
    """Standard deviations."""
    merit: float
    """Of the score, less the log of the number of trials, nats."""


def lay_by_grain(
    leak: Floats, originals: Sequence[Original], *, key: Key, placements: Iterable[Placed] = ()
) -> tuple[Original, Registration] | None:
    """Seek where a leak shows the grain of one of a few photos, or its beacon; nobody's signs are looked at.

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
        The photo, and the place that shows best; its agreement has the score of that, in standard deviations.  None
        where nothing shows.

    Notes
    -----
    The grain of a crop that kept the photo's own pixels is correlated with the photo's, both whitened, so that every
    period counts alike: that tells the very pixel, from a hundredth of a photo.  In a clear sky the mark is nearly all
    there is, and the less two pictures have to compare, the better it shows.  The sync pattern is the same on all
    photos: only the beacon, which belongs to the picture, tells which photo it is.
    """
    if not originals:
        return None
    best: _Candidate | None = None
    for candidate in _candidates(leak, originals, key, placements):
        best = candidate if best is None or candidate.merit > best.merit else best
        if best.merit > CLEAR_MERIT:
            break
    if best is None or best.merit < LEAST_MERIT:
        return None
    shape = (best.original.luma.shape[0], best.original.luma.shape[1])
    found = Agreement(0.0, best.score)
    return best.original, register_at(leak, shape, best.placed.transform, found, negative=best.placed.negative)


def _candidates(
    leak: Floats, originals: Sequence[Original], key: Key, placements: Iterable[Placed]
) -> Iterator[_Candidate]:
    """List places, those that cost least first."""
    crops = [crop for original in originals if (crop := _Crop.of(leak, original)) is not None]
    if crops:  # frames of one scene are alike, but one fits best
        alike = max((crop.by_grain() for crop in crops), key=lambda candidate: candidate.merit)
        yield replace(alike, merit=alike.merit - UNRELATED - TAIL * float(np.log(VIEWS * len(crops))))
    marked = chain.from_iterable(crop.by_mark(key) for crop in crops[:FEW])
    beacons, trials = _beacons(originals, key), 0
    for placed in chain((placed for placed in marked if placed.merit > LEAST_MERIT), placements):
        cells = read_cells(placed.luma, placed.transform, codebook(key), hash_lines(key))
        scores = place_scores(cells, beacons)
        trials += scores.size
        which, *place = (int(index) for index in np.unravel_index(int(scores.argmax()), scores.shape))
        score = max(float(scores[which, *place]), 0.0)
        here = replace(placed, transform=to_working(cells, first_tile(cells, place)))
        yield _Candidate(originals[which], here, score, score**2 / 2 - float(np.log(trials)))


def _beacons(originals: Sequence[Original], key: Key) -> CellChoice:
    """Choose the beacon of each photo as it is in that photo, its robust hash included."""
    drawn = beacon_choices(key)
    signs = np.zeros((len(originals), *drawn.signs.shape[1:]), dtype=np.int8)
    for plane, original in zip(signs, originals, strict=True):
        known = beacon_signs(original, key=key)
        plane[: known.shape[0], : known.shape[1], 0] = known
    return CellChoice(drawn.patterns[[original.chip_set for original in originals]], signs)


@dataclass(frozen=True, eq=False)
class _Crop:
    """A leak that may be a crop of the photo's own pixels, as it is or mirrored, reduced to the working scale."""

    leak: Floats
    """As it is."""
    original: Original
    """The photo."""
    white: tuple[Floats, Floats]
    """Reduced and whitened: as it is, and in a mirror; of the same shape."""

    @classmethod
    def of(cls, leak: Floats, original: Original) -> "_Crop | None":
        """Reduce a leak as its photo was; none where it shows no cell, or is nearly the whole photo."""
        step = round(original.layout.scale)
        rows, columns = (side // step for side in leak.shape)
        room = min(have - need for have, need in zip(original.luma.shape, (rows, columns), strict=True))
        if min(rows, columns) < LEAST_SIDE or room < LEAST_POSITIONS:
            return None

        def reduced(view: Floats) -> Floats:
            cropped = view[: rows * step, : columns * step]
            return np.asarray(cv2.resize(cropped, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)

        return cls(leak, original, (whitened(reduced(leak)), whitened(reduced(leak[:, ::-1]))))

    def by_grain(self) -> _Candidate:
        """Seek it by the finest detail of the picture."""
        grain = whitened(self.original.luma)
        size = self.white[0].shape[::-1]
        energy = cv2.boxFilter(grain**2, -1, size, anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
        # a photo of one tone has none at all
        energy = np.maximum(np.maximum(energy, 0) + EMPTY * float((grain**2).mean()), np.finfo(np.float32).tiny)
        found = self._sought(grain, np.asarray(1 / np.sqrt(energy), dtype=np.float32))
        placed, score = max(found, key=lambda one: one[0].merit)
        return _Candidate(self.original, placed, score, placed.merit)

    def by_mark(self, key: Key) -> list[Placed]:
        """Seek it by all that copies share of the mark."""
        rows, columns = self.original.luma.shape
        common = layers_in(self.original, key=key).common[:rows, :columns]
        return [placed for placed, _ in self._sought(common, np.ones_like(common))]

    def _sought(self, pattern: Floats, weights: Floats) -> list[tuple[Placed, float]]:
        """Correlate both views with a pattern of the photo at every position at once, and give their best places."""
        # a crop that lies inside never reaches around the edge, so nothing need be padded
        shape = [fft.next_fast_len(side, real=True) for side in pattern.shape]
        spectrum = fft.rfft2(pattern, shape)
        rows, columns = (have - need + 1 for have, need in zip(pattern.shape, self.white[0].shape, strict=True))
        mirror = np.array([[-1, 0, self.leak.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
        # the crop begins at a pixel of the photo, of which there are several in a working pixel
        step = round(self.original.layout.scale)
        placed = []
        for white, back in zip(self.white, (np.eye(3), mirror), strict=True):
            cross = spectrum * np.conj(fft.rfft2(white, shape))
            found = fft.irfft2(cross, shape)[:rows, :columns] * weights[:rows, :columns]
            heights = np.abs(found)
            peak = np.unravel_index(int(heights.argmax()), heights.shape)
            noise = max(DEVIATION * float(np.median(heights)), float(np.finfo(np.float32).tiny))
            score = float(heights[peak]) / noise
            down, across = _finest(cross, shape, np.array(peak), np.array([rows, columns]) - 1, step)
            transform = moving(np.array([across, down])) @ scaling(1 / step) @ back
            negative = bool(found[peak] < 0)
            luma = positive_of(self.leak, negative=negative)
            merit = score**2 / 2 - float(np.log(heights.size))
            placed.append((Placed(luma, transform, merit, negative=negative), score))
        return placed


def _finest(
    cross: NDArray[np.complexfloating[Any, Any]],
    shape: Sequence[int],
    peak: NDArray[np.intp],
    last: NDArray[np.intp],
    step: int,
) -> tuple[float, float]:
    """Find where a correlation is highest between its pixels: row and column, multiples of 1 / step.

    It is inverted at places less than a pixel around its peak alone, and nowhere before the first pixel or behind the
    last one, as a crop begins inside its photo: after M. Guizar-Sicairos, S. T. Thurman, J. R. Fienup, "Efficient
    subpixel image registration algorithms", Optics Letters 33 (2008).
    """
    places = peak[:, None] + np.arange(1 - step, step) / step
    rows, columns = (np.clip(place, 0, end) for place, end in zip(places, last, strict=True))
    down = np.exp(2j * np.pi * np.outer(rows, fft.fftfreq(shape[0])))
    across = np.exp(2j * np.pi * np.outer(fft.rfftfreq(shape[1]), columns))
    across[1:] *= 2  # for the frequencies that the transform of real values leaves out
    heights = np.abs((down @ cross @ across).real)
    row, column = np.unravel_index(int(heights.argmax()), heights.shape)
    return float(rows[row]), float(columns[column])
