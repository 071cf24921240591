"""Decode the words that may be in a leak, placement by placement; nobody is looked up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.decoding import decode_best
from tracemark.codes.message import mother_code
from tracemark.keys import Key
from tracemark.placing import Placed
from tracemark.profile import PROFILE
from tracemark.signal.chips import beacon_choices, codebook, message_choices, multiple_of
from tracemark.signal.places import (
    beacon_scores,
    energies,
    excess_energies,
    excess_energy,
    first_tile,
    gather,
    to_working,
)
from tracemark.signal.reading import CellReading, read_cells
from tracemark.signal.robust_hash import hash_lines
from tracemark.transforms import scaling

__all__ = ["Reading", "readings_of"]

WEIGHED_PLACES = 300  # chip sets and places whose message energy is measured, best beacon first
CLEARLY_BELOW = 5.0  # standard deviations that no beacon by chance falls behind the true one, which then stands alone
LESS_LIKELY = 20.0  # nats: the same of beacon and energy together
TRIED_PLACES = 64  # of those, likeliest first, through how many trellises the best path is sought
CLEAR_MERIT = 7.0  # nats: the sync pattern alone says that the mark lies so, and more places are tried
CLEAR_SHARE = 0.2  # of the merit of the clearest placement so far: below, a placement may show but an echo of that
TRACED_PLACES = 6  # of those, how many are decoded: to those the best paths lead
WORD_WEIGHT = 10.0  # expected size of each near the limit of reading, standard deviations
BEACON_WEIGHT, ENERGY_WEIGHT = 3.5, 2.5
WORDS = 4  # decoded at a place: as many as may be looked up for a name

_Place = tuple[float, int, tuple[int, int]]
"""How likely it is, nats; the chip set; and in which tile of the photo, row and column, the leak begins."""


@dataclass(frozen=True, eq=False)
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

    cells: CellReading
    """What the leak shows at the placement that it was decoded at."""


def readings_of(placements: Iterable[Placed], key: Key) -> Iterator[Reading]:
    """Decode the best words of placements, one after the other.

    Parameters
    ----------
    placements : iterable of Placed
        Of one leak.
    key : Key
        The secret.

    Yields
    ------
    reading : Reading
        A word, as soon as it is decoded; there may be better ones to come.
    """
    clear = CLEAR_MERIT
    for placed in placements:
        yield from _decoded(placed, key, clear=placed.merit >= clear)
        clear = max(clear, CLEAR_SHARE * placed.merit)


def _decoded(placed: Placed, key: Key, *, clear: bool) -> Iterator[Reading]:
    """Decode the message at the best chip sets and tile places of one placement; at more of them where it is clear."""
    cells = read_cells(placed.luma, placed.transform, codebook(key), hash_lines(key))
    beacon = beacon_scores(cells, beacon_choices(key))
    places = _places_by_beacon(cells, beacon, key)
    yield from _decoded_at(places, placed, cells, key)
    if clear:
        known = {(chip_set, first) for _, chip_set, first in places}
        more = [place for place in _places_by_energy(cells, beacon, key) if place[1:] not in known]
        yield from _decoded_at(more, placed, cells, key)


def _decoded_at(places: Sequence[_Place], placed: Placed, cells: CellReading, key: Key) -> Iterator[Reading]:
    """Decode the message at the most promising of some places."""
    code = mother_code(key, PROFILE.grid * PROFILE.tile)
    found = [gather(cells, message_choices(key, chip_set), first) for _, chip_set, first in places]
    softs, codes = [soft.ravel() for soft, _ in found], [code[where].ravel() for _, where in found]
    for at, words in decode_best(softs, codes, words=WORDS, most=TRACED_PLACES):
        likelihood, chip_set, first = places[at]
        to_photo = _to_photo(cells, first, multiple_of(chip_set))
        for decoded in words:
            together = WORD_WEIGHT * decoded.score + likelihood + placed.merit
            yield Reading(decoded.word, decoded.score, together, chip_set, to_photo, cells)


def _places_by_beacon(cells: CellReading, beacon: NDArray[np.float32], key: Key) -> list[_Place]:
    """List the chip sets, and the tile of the photo the leak begins in, that fit best; no word is looked at."""
    energy = energies(cells)
    places = []
    order = np.argsort(-beacon, axis=None)[:WEIGHED_PLACES]
    for at in order[beacon.flat[order] > beacon.max() - CLEARLY_BELOW]:
        chip_set, first = _place(cells, beacon.shape, at)
        excess = excess_energy(energy, message_choices(key, chip_set), first)
        places.append((_likelihood(beacon.flat[at], excess), chip_set, first))
    places.sort(reverse=True)
    return [place for place in places[:TRIED_PLACES] if place[0] > places[0][0] - LESS_LIKELY]


def _places_by_energy(cells: CellReading, beacon: NDArray[np.float32], key: Key) -> list[_Place]:
    """List those where most energy of a message is, whatever the beacon says: it may be another picture's."""
    patterns = np.stack([message_choices(key, chip_set).patterns for chip_set in range(len(beacon))])
    excess = excess_energies(cells, patterns)
    order = np.argsort(-excess, axis=None)[:TRIED_PLACES]
    return [(_likelihood(beacon.flat[at], excess.flat[at]), *_place(cells, beacon.shape, at)) for at in order]


def _likelihood(beacon: float, excess: float) -> float:
    """Say how likely a place is by its beacon and its excess energy, both in standard deviations; nats."""
    return float(BEACON_WEIGHT * beacon + ENERGY_WEIGHT * excess)


def _place(cells: CellReading, shape: tuple[int, ...], at: int) -> tuple[int, tuple[int, int]]:
    """Give the chip set and the tile of the photo the leak begins in, of a flat index into all scores."""
    chip_set, *place = (int(index) for index in np.unravel_index(at, shape))
    return chip_set, first_tile(cells, place)


def _to_photo(cells: CellReading, first: tuple[int, int], multiple: int) -> NDArray[np.float64]:
    """Turn the transform to the leak's first tile into one to the photo's pixels."""
    return np.asarray(scaling(multiple / PROFILE.least_multiple) @ to_working(cells, first), dtype=np.float64)
