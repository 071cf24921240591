"""Decode the words that may be in a leak, placement by placement; nobody is looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.decoding import decode_best
from tracemark.codes.message import mother_code
from tracemark.keys import Key
from tracemark.placing import Placed
from tracemark.profile import PROFILE
from tracemark.signal.chips import beacon_choices, codebook, message_choices
from tracemark.signal.places import beacon_scores, energies, excess_energy, first_tile, gather, to_working
from tracemark.signal.reading import CellReading, read_cells
from tracemark.signal.robust_hash import hash_lines
from tracemark.transforms import scaling

__all__ = ["Reading", "readings_of"]

WEIGHED_PLACES = 300  # chip sets and places whose message energy is measured, best beacon first
CLEARLY_BELOW = 5.0  # standard deviations that no beacon by chance falls behind the true one, which then stands alone
LESS_LIKELY = 20.0  # nats: the same of beacon and energy together
TRIED_PLACES = 64  # of those, likeliest first, through how many trellises the best path is sought
CLEAR_MERIT = 7.0  # nats: the sync pattern alone says that the mark lies so, and all weighed places are tried
TRACED_PLACES = 6  # of those, how many are decoded: to those the best paths lead
WORD_WEIGHT = 10.0  # expected size of each near the limit of reading, standard deviations
BEACON_WEIGHT, ENERGY_WEIGHT = 3.5, 2.5
WORDS = 4  # decoded at a place: as many as may be looked up for a name


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


def _to_photo(cells: CellReading, first: tuple[int, int], multiple: int) -> NDArray[np.float64]:
    """Turn the transform to the leak's first tile into one to the photo's pixels."""
    return np.asarray(scaling(multiple / PROFILE.least_multiple) @ to_working(cells, first), dtype=np.float64)
