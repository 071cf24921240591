"""Find where a leak may lie, by the sync pattern alone, likely places first; nothing is decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.placement import Placement
from tracemark.geometry.spectrum import SIDE, Spectrum, spectrum_of
from tracemark.geometry.straightening import positive_of
from tracemark.geometry.sync_pattern import SyncLines, sync_lines
from tracemark.geometry.sync_search import (
    search_any_angle,
    search_bent,
    search_stretched,
    search_unscaled,
    search_upright,
    search_whole,
)
from tracemark.geometry.tracking import track
from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import beacon_choices, chip_sets_of, codebook
from tracemark.signal.places import beacon_scores
from tracemark.signal.reading import central, read_cells, shrink
from tracemark.signal.robust_hash import hash_lines
from tracemark.signal.whitening import whiten
from tracemark.transforms import Transform, corners, mapped, moving, scaling

__all__ = ["LEAST_SIDE", "Placed", "placements_of", "whitened"]

LEAST_SIDE = 64  # pixels: four cells at the working scale
SEARCH_SIDE = SIDE // 2  # pixels: the leak's long side while its place is searched
SEARCH_LEVELS = (1, 2, 3, 4, 5)  # the mark's periods at any scale
SEARCH_FAVOUR = 0.3  # how much more smooth places count: an allowance grows with the activity to the power of 0.7
SEARCH_STEP = 1 << max(SEARCH_LEVELS)  # pixels: sides are filled up to a multiple of this
LEAST_SEARCH = 8 * SEARCH_STEP  # pixels: and to this, or the wavelet's coarsest level would be all border
READ_PER_SEARCH = 4  # placements that are handed on after each search
QUICK_SEARCHES = ((search_any_angle, 2.0), (search_whole, 2.0))
SEARCHES = (  # with the merit, in nats, below which a placement waits until all have searched
    *QUICK_SEARCHES,
    (search_upright, 2.0),
    (search_stretched, 2.0),
    (search_bent, -5.0),
)
UNSCALED_MULTIPLES = 6  # sizes of a cell that an unscaled crop is searched at, the least possible one first
UNSCALED_MERIT = -2.0  # nats, sync pattern and beacon together: below, it is not handed on
HEARD_SIDE = 768  # working pixels: side of the middle of a leak in which the beacon is listened for
TRACKED_MERIT = 0.0  # nats: of a placement from which the pattern is tracked
CHANCE = 25.0  # nats: more than tracking gains where there is no mark
PARTS = ((0.5, 0.5), (0.3, 0.3), (0.7, 0.7), (0.3, 0.7), (0.7, 0.3))  # middles of those searched, down and across
PART_SIDE, WHOLE_SIDE = 0.4, 640  # of the leak's; pixels of its long side, reduced, below which parts hold too little
PART_BINS = SIDE // 2  # on each side of a part's spectrum: lines are broader in it
SAME = 2.0  # working pixels by which corners differ at most where tracking led twice to the same
UNMOVED = 0.3  # the same where a search found it before: hardly more can be read there


@dataclass(frozen=True, eq=False)
class Placed:
    """A leak, and where it may lie."""

    luma: NDArray[np.float32]
    """Its luma, black and white exchanged back where it is a negative; shape (rows, columns)."""

    transform: NDArray[np.float64]
    """Leak (x, y, 1) to working (x, y, 1), but for whole tiles; shape (3, 3)."""

    merit: float
    """How much the sync pattern speaks for it, nats, as :attr:`~tracemark.geometry.placement.Placement.merit`."""

    negative: bool = False
    """Whether the leak is a negative."""


def placements_of(luma: NDArray[np.float32], key: Key) -> Iterator[Placed]:
    """Search for the sync pattern, the likely placements first.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma.
    key : Key
        The secret.

    Yields
    ------
    placed : Placed
        Those of the first searches before the last are begun, as most leaks need no more; none of a leak whose short
        side has fewer than ``LEAST_SIDE`` pixels.

    Notes
    -----
    The searches find linear maps.  A picture that was seen at an angle has another one everywhere, and one fits only a
    part of it: so from clear placements the pattern is tracked over the leak, and at last parts are searched.
    """
    if min(luma.shape) < LEAST_SIDE:
        return
    small, factor = shrink(luma, long_side=SEARCH_SIDE)
    if not np.ptp(small):  # a picture of nothing: no search would end sooner
        return
    white = whitened(small)
    search = _Search(luma, white, factor, spectrum_of(white), key, sync_lines(key))
    yield from search.whole()
    yield from search.parts()


def whitened(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whiten a leak of any size, in which the place of the mark is sought; of the same shape."""
    pad = [(0, max(-side % SEARCH_STEP, LEAST_SEARCH - side)) for side in luma.shape]
    white = whiten(np.pad(luma, pad, mode="reflect"), levels=SEARCH_LEVELS, favour=SEARCH_FAVOUR)
    return white[: luma.shape[0], : luma.shape[1]]


@dataclass(frozen=True, eq=False)
class _Search:
    """The search of one leak."""

    luma: NDArray[np.float32]
    """Its luma."""

    white: NDArray[np.float32]
    """Its luma, reduced and whitened."""

    factor: float
    """By which it was reduced."""

    spectrum: Spectrum
    """Of that."""

    key: Key
    """The secret."""

    lines: SyncLines
    """Its sync pattern."""

    tried: list[Placement] = field(default_factory=list)
    """What was handed on."""

    tracks: list[Transform] = field(default_factory=list)
    """Where tracking led that was handed on."""

    def whole(self) -> Iterator[Placed]:
        """Search the leak as a whole, and track the pattern from where it is clear."""
        waiting: list[Placement] = []
        for search, least_merit in SEARCHES:
            if search is search_upright:  # the longest one
                yield from self._negative()
                yield from self._unscaled()
            found = search(self.spectrum, self.lines)
            waiting = sorted([*waiting, *found], key=lambda placement: -placement.merit)
            for placement in waiting[:READ_PER_SEARCH]:
                if placement.merit < least_merit or _same(placement, self.tried):
                    continue
                self.tried.append(placement)
                yield Placed(self.luma, self._in_leak(placement), placement.merit)
                yield from self._tracked(_transform(placement, self.spectrum), placement.merit)
            waiting = [placement for placement in waiting if not _same(placement, self.tried)]

    def parts(self) -> Iterator[Placed]:
        """Search parts of the leak, in which one linear map fits better, and track the pattern from there."""
        shape = np.array(self.white.shape)
        if shape.max() < WHOLE_SIDE:
            return
        size = np.rint(shape * PART_SIDE).astype(np.intp)
        for middle in PARTS:
            down, across = np.rint(shape * middle - size / 2).astype(np.intp)
            part = spectrum_of(self.white[down : down + size[0], across : across + size[1]], side=PART_BINS)
            for placement in search_bent(part, self.lines)[:1]:
                start = _transform(placement, part) @ moving(np.array([-across, -down]))
                yield from self._tracked(start, placement.merit)

    def _in_leak(self, placement: Placement) -> Transform:
        """Turn a placement of the reduced leak into a transform of the leak itself."""
        return _transform(placement, self.spectrum) @ scaling(self.factor)

    def _tracked(self, start: Transform, merit: float) -> Iterator[Placed]:
        """Track the pattern from a place with a merit, and hand on where it leads, if there is more of it."""
        tracked = track(self.white, start, self.lines) if merit >= TRACKED_MERIT else None
        if tracked is None or tracked.gain < CHANCE:
            return
        if self._alike(tracked.transform, self.tracks, SAME) or self._handed_on(tracked.transform):
            return
        self.tracks.append(tracked.transform)
        yield Placed(self.luma, tracked.transform @ scaling(self.factor), merit + tracked.gain - CHANCE)

    def _handed_on(self, transform: Transform) -> bool:
        """Tell whether what a search found there was handed on."""
        return self._alike(transform, [_transform(placement, self.spectrum) for placement in self.tried], UNMOVED)

    def _alike(self, transform: Transform, others: Sequence[Transform], within: float) -> bool:
        """Tell whether some other transform has the leak's corners at the same places, but for whole tiles."""
        ends, tile = corners(self.white.shape), PROFILE.tile_pixels
        off = [mapped(transform, ends) - mapped(other, ends) for other in others]
        return any(np.abs(one - tile * np.rint(one.mean(axis=0) / tile)).max() < within for one in off)

    def _negative(self) -> Iterator[Placed]:
        """Search a negative, by the searches that take no time: every sign of the mark is turned about in it."""
        turned = replace(self.spectrum, values=-self.spectrum.values, sharp=-self.spectrum.sharp)
        for search, least_merit in QUICK_SEARCHES:
            for placement in search(turned, self.lines)[:READ_PER_SEARCH]:
                if placement.merit >= least_merit:
                    luma = positive_of(self.luma, negative=True)
                    yield Placed(luma, self._in_leak(placement), placement.merit, negative=True)

    def _unscaled(self) -> Iterator[Placed]:
        """Search for a crop of the photo's own pixels; whose cells they are, the beacon of that size says."""
        least = max(round(max(self.luma.shape) / PROFILE.long_side), PROFILE.least_multiple)
        multiples = np.arange(least, min(least + UNSCALED_MULTIPLES, PROFILE.most_multiple + 1))
        scales = PROFILE.least_multiple / (multiples * self.factor)
        heard = []
        for placement in search_unscaled(self.spectrum, self.lines, scales):
            multiple = int(multiples[np.abs(scales - placement.linear[0, 0]).argmin()])
            choice = beacon_choices(self.key)[chip_sets_of(multiple)]
            middle, transform = central(self.luma, self._in_leak(placement), side=HEARD_SIDE)
            cells = read_cells(middle, transform, codebook(self.key), hash_lines(self.key))
            scores = beacon_scores(cells, choice)
            merit = placement.merit + max(float(scores.max()), 0.0) ** 2 / 2 - float(np.log(scores.size))
            heard.append((merit, placement))
        clear = sorted((pair for pair in heard if pair[0] >= UNSCALED_MERIT), key=lambda pair: -pair[0])
        for _, placement in clear[:READ_PER_SEARCH]:
            if self._handed_on(_transform(placement, self.spectrum)):
                continue
            self.tried.append(placement)
            yield Placed(self.luma, self._in_leak(placement), placement.merit)


def _transform(placement: Placement, spectrum: Spectrum) -> Transform:
    """Turn a placement of the picture that a spectrum is of into a transform."""
    transform = np.eye(3)
    transform[:2, :2] = placement.linear
    transform[:2, 2] = placement.centre - placement.linear @ spectrum.centre
    return transform


def _same(placement: Placement, others: list[Placement]) -> bool:
    """Tell whether a placement has been tried."""
    return any(
        np.allclose(placement.linear, other.linear, rtol=1e-3, atol=1e-3)
        and np.abs(placement.centre - other.centre).max() < 1
        for other in others
    )
