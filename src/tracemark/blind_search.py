"""Search a leak for the mark, placement by placement, and decode the words that may be in it; nobody is looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.decoding import decode_best
from tracemark.codes.message import mother_code
from tracemark.geometry.placement import Placement
from tracemark.geometry.spectrum import SIDE, Spectrum, spectrum_of
from tracemark.geometry.sync_pattern import sync_lines
from tracemark.geometry.sync_search import (
    search_any_angle,
    search_bent,
    search_stretched,
    search_unscaled,
    search_upright,
    search_whole,
)
from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, codebook, message_choices
from tracemark.signal.layout import scaling
from tracemark.signal.luma import PEAK
from tracemark.signal.places import beacon_scores, energies, excess_energy, first_tile, gather, to_working
from tracemark.signal.reading import CellReading, central, read_cells, shrink
from tracemark.signal.robust_hash import hash_lines
from tracemark.signal.whitening import whiten

__all__ = ["LEAST_SIDE", "Placed", "Reading", "placements_of", "readings_of", "whitened"]

LEAST_SIDE = 64  # pixels: four cells at the working scale
SEARCH_SIDE = SIDE // 2  # pixels: the leak's long side while its place is searched
SEARCH_LEVELS = (1, 2, 3, 4, 5)  # the mark's periods at any scale
SEARCH_FAVOUR = 0.3  # how much more smooth places count: an allowance grows with the activity to the power of 0.7
SEARCH_STEP = 1 << max(SEARCH_LEVELS)  # pixels: sides are filled up to a multiple of this
LEAST_SEARCH = 8 * SEARCH_STEP  # pixels: and to this, or the wavelet's coarsest level would be all border
READ_PER_SEARCH = 4  # placements that are decoded after each search
QUICK_SEARCHES = ((search_any_angle, 2.0), (search_whole, 2.0))
SEARCHES = (  # with the merit, in nats, below which a placement waits until all have searched
    *QUICK_SEARCHES,
    (search_upright, 2.0),
    (search_stretched, 2.0),
    (search_bent, -5.0),
)
UNSCALED_MULTIPLES = 6  # sizes of a cell that an unscaled crop is searched at, the least possible one first
UNSCALED_MERIT = -2.0  # nats, sync pattern and beacon together: below, it is not decoded
HEARD_SIDE = 768  # working pixels: side of the middle of a leak in which the beacon is listened for
WEIGHED_PLACES = 300  # chip sets and places whose message energy is measured, best beacon first
CLEARLY_BELOW = 5.0  # standard deviations that no beacon by chance falls behind the true one, which then stands alone
LESS_LIKELY = 20.0  # nats: the same of beacon and energy together
TRIED_PLACES = 64  # of those, likeliest first, through how many trellises the best path is sought
CLEAR_MERIT = 7.0  # nats: the sync pattern alone says that the mark lies so, and all weighed places are tried
TRACED_PLACES = 6  # of those, how many are decoded: to those the best paths lead
WORD_WEIGHT = 10.0  # expected size of each near the limit of reading, standard deviations
BEACON_WEIGHT, ENERGY_WEIGHT = 3.5, 2.5
WORDS = 4  # decoded at a place: as many as may be looked up for a name


@dataclass(frozen=True, eq=False)
class Placed:
    """A leak, and where it may lie."""

    luma: NDArray[np.float32]
    """Its luma, black and white exchanged back where it is a negative; shape (rows, columns)."""

    transform: NDArray[np.float64]
    """Leak (x, y, 1) to working (x, y, 1), but for whole tiles; shape (3, 3)."""

    merit: float
    """How much the sync pattern speaks for it, nats, as :attr:`~tracemark.geometry.placement.Placement.merit`."""


@dataclass(frozen=True)
class Reading:
    """A word that was decoded somewhere in the leak."""

    word: int
    """The message word."""

    score: float
    """Its correlation with the leak, standard deviations."""

    likelihood: float
    """How much word, place and placement speak for it, nats; only differences have a meaning."""

    chip_set: int
    """Which of the profile's chip sets it was decoded with."""

    transform: NDArray[np.float64]
    """Leak (x, y, 1) to photo (x, y, 1), pixels."""


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
    """
    if min(luma.shape) < LEAST_SIDE:
        return
    small, factor = shrink(luma, long_side=SEARCH_SIDE)
    if not np.ptp(small):  # a picture of nothing: no search would end sooner
        return
    white = whitened(small)
    spectrum, lines = spectrum_of(white), sync_lines(key)
    waiting: list[Placement] = []
    tried: list[Placement] = []
    for search, least_merit in SEARCHES:
        if search is search_upright:  # the longest one
            yield from _negative(luma, spectrum, factor, key)
            for placement in _unscaled(luma, spectrum, factor, key):
                tried.append(placement)
                yield Placed(luma, _transform(placement, spectrum, factor), placement.merit)
        waiting = sorted([*waiting, *search(spectrum, lines)], key=lambda placement: -placement.merit)
        for placement in waiting[:READ_PER_SEARCH]:
            if placement.merit < least_merit or _same(placement, tried):
                continue
            tried.append(placement)
            yield Placed(luma, _transform(placement, spectrum, factor), placement.merit)
        waiting = [placement for placement in waiting if not _same(placement, tried)]


def whitened(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whiten a leak of any size, in which the place of the mark is sought; of the same shape."""
    pad = [(0, max(-side % SEARCH_STEP, LEAST_SEARCH - side)) for side in luma.shape]
    white = whiten(np.pad(luma, pad, mode="reflect"), levels=SEARCH_LEVELS, favour=SEARCH_FAVOUR)
    return white[: luma.shape[0], : luma.shape[1]]


def readings_of(placements: Iterable[Placed], key: Key, heard: list[CellReading]) -> Iterator[Reading]:
    """Decode the best words of placements, one after the other.

    Parameters
    ----------
    placements : iterable of Placed
        Of one leak.
    key : Key
        The secret.
    heard : list of CellReading
        Gets what is read at each placement.

    Yields
    ------
    reading : Reading
        A word, as soon as it is decoded; there may be better ones to come.
    """
    for placed in placements:
        yield from _decoded(placed, key, heard)


def _negative(luma: NDArray[np.float32], spectrum: Spectrum, factor: float, key: Key) -> Iterator[Placed]:
    """Search a negative, by the searches that take no time: every sign of the mark is turned about in it."""
    turned = replace(spectrum, values=-spectrum.values, sharp=-spectrum.sharp)
    lines = sync_lines(key)
    for search, least_merit in QUICK_SEARCHES:
        for placement in search(turned, lines)[:READ_PER_SEARCH]:
            if placement.merit >= least_merit:
                yield Placed(np.float32(PEAK) - luma, _transform(placement, spectrum, factor), placement.merit)


def _unscaled(luma: NDArray[np.float32], spectrum: Spectrum, factor: float, key: Key) -> list[Placement]:
    """Search for a crop of the photo's own pixels; whose cells they are, the beacon of that size says."""
    least = max(round(max(luma.shape) / PROFILE.long_side), PROFILE.least_multiple)
    multiples = np.arange(least, min(least + UNSCALED_MULTIPLES, PROFILE.most_multiple + 1))
    scales = PROFILE.least_multiple / (multiples * factor)
    heard = []
    for placement in search_unscaled(spectrum, sync_lines(key), scales):
        multiple = int(multiples[np.abs(scales - placement.linear[0, 0]).argmin()])
        chip_sets = (multiple - PROFILE.least_multiple) * PROFILE.salts + np.arange(PROFILE.salts)
        beacon = beacon_choices(key)
        choice = CellChoice(beacon.patterns[chip_sets], beacon.signs[chip_sets])
        middle, transform = central(luma, _transform(placement, spectrum, factor), side=HEARD_SIDE)
        scores = beacon_scores(read_cells(middle, transform, codebook(key), hash_lines(key)), choice)
        heard.append((placement.merit + max(float(scores.max()), 0.0) ** 2 / 2 - float(np.log(scores.size)), placement))
    clear = sorted((pair for pair in heard if pair[0] >= UNSCALED_MERIT), key=lambda pair: -pair[0])
    return [placement for _, placement in clear[:READ_PER_SEARCH]]


def _decoded(placed: Placed, key: Key, heard: list[CellReading]) -> Iterator[Reading]:
    """Decode the message at the best chip sets and tile places of one placement."""
    cells = read_cells(placed.luma, placed.transform, codebook(key), hash_lines(key))
    heard.append(cells)
    code = mother_code(key, PROFILE.grid * PROFILE.tile)
    multiples, salts = PROFILE.least_multiple, PROFILE.salts
    places = _likely_places(cells, key, most=TRIED_PLACES if placed.merit < CLEAR_MERIT else WEIGHED_PLACES)
    found = [gather(cells, message_choices(key, chip_set), first) for _, chip_set, first in places]
    softs, codes = [soft.ravel() for soft, _ in found], [code[where].ravel() for _, where in found]
    for at, words in decode_best(softs, codes, words=WORDS, most=TRACED_PLACES):
        likelihood, chip_set, first = places[at]
        to_photo = _to_photo(cells, first, chip_set // salts + multiples)
        for decoded in words:
            together = WORD_WEIGHT * decoded.score + likelihood + placed.merit
            yield Reading(decoded.word, decoded.score, together, chip_set, to_photo)


def _likely_places(cells: CellReading, key: Key, *, most: int) -> list[tuple[float, int, tuple[int, int]]]:
    """List the chip sets, and the tile of the photo the leak begins in, that fit best; no word is looked at."""
    beacon = beacon_scores(cells, beacon_choices(key))
    energy = energies(cells)
    places = []
    order = np.argsort(-beacon, axis=None)[:WEIGHED_PLACES]
    for at in order[beacon.flat[order] > beacon.max() - CLEARLY_BELOW]:
        chip_set, *place = (int(index) for index in np.unravel_index(at, beacon.shape))
        first = first_tile(cells, place)
        excess = excess_energy(energy, message_choices(key, chip_set), first)
        likelihood = BEACON_WEIGHT * beacon.flat[at] + ENERGY_WEIGHT * excess
        places.append((float(likelihood), chip_set, first))
    places.sort(reverse=True)
    return [place for place in places[:most] if place[0] > places[0][0] - LESS_LIKELY]


def _transform(placement: Placement, spectrum: Spectrum, factor: float) -> NDArray[np.float64]:
    """Turn a placement of the reduced leak into a transform of the leak itself."""
    transform = np.eye(3)
    transform[:2, :2] = placement.linear * factor
    # the reduced leak's pixel p is the leak's pixel (p + 1/2) / factor - 1/2
    shift = placement.linear @ np.full(2, (factor - 1) / 2)
    transform[:2, 2] = placement.centre - placement.linear @ spectrum.centre + shift
    return transform


def _to_photo(cells: CellReading, first: tuple[int, int], multiple: int) -> NDArray[np.float64]:
    """Turn the transform to the leak's first tile into one to the photo's pixels."""
    return np.asarray(scaling(multiple / PROFILE.least_multiple) @ to_working(cells, first), dtype=np.float64)


def _same(placement: Placement, others: list[Placement]) -> bool:
    """Tell whether a placement has been tried."""
    return any(
        np.allclose(placement.linear, other.linear, rtol=1e-3, atol=1e-3)
        and np.abs(placement.centre - other.centre).max() < 1
        for other in others
    )
