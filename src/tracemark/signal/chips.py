"""Draw the chip patterns of each cell of the tile, and choose among them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.wavelet import DIRECTIONS, reconstruct_band

__all__ = [
    "CellChoice",
    "beacon_choices",
    "chip_sets_of",
    "codebook",
    "fingerprint_patterns",
    "message_choices",
    "message_signs",
    "multiple_of",
    "photo_patterns",
    "sparing_codebook",
]

CACHED_KEYS = 4  # a codebook takes 8 MB
CACHED_SETS = 256  # choices of the message's patterns, 0.1 MB each: all chip sets of two keys
CANVAS = 4  # cells on a side: room for the longest wavelet around one cell
# Sizes of chips where a mark's fine levels would cost many bytes, and too many; docs/choices.md.  The profile's levels.
SPARING = (((1, 0.0), (2, 1.0), (3, 3.5)), ((1, 0.0), (2, 0.5), (3, 3.5)))
SIGN_BIT = 1 << 7  # of a beacon byte; its lowest bits are the pattern


@dataclass(frozen=True, eq=False)
class CellChoice:
    """Which patterns the cells of the grid of tiles use for one purpose."""

    patterns: NDArray[np.uint8]
    """Index into the codebook of the cell's position; shape (..., cell rows, cell columns, slots)."""

    signs: NDArray[np.int8]
    """+1 or -1, or 0 in cells that the photo does not have; the same shape."""

    def __getitem__(self, chip_sets: int | Sequence[int]) -> "CellChoice":
        """Pick one chip set, or some in their order, where there are several."""
        return CellChoice(self.patterns[chip_sets], self.signs[chip_sets])


def chip_sets_of(multiple: int) -> range:
    """List the chip sets of photos whose cells are so large, by their salts; see :func:`multiple_of`."""
    first = (multiple - PROFILE.least_multiple) * PROFILE.salts
    return range(first, first + PROFILE.salts)


def multiple_of(chip_set: int) -> int:
    """Say of photos of which size a chip set is, as the multiple that a cell is in :class:`~.layout.Layout`."""
    return PROFILE.least_multiple + chip_set // PROFILE.salts


@functools.lru_cache(maxsize=CACHED_KEYS)
def codebook(key: Key) -> NDArray[np.float32]:
    """Draw the chip patterns.

    Parameters
    ----------
    key : Key
        The secret.

    Returns
    -------
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Zero-mean patterns of unit mean square, cut to the cell; read-only.

    Notes
    -----
    A pattern is the inverse wavelet transform of ±1 chips times the chip size of their level, over the
    coefficients that belong to one cell, cut and smoothed at the cell's border.  So a sign may change from cell to
    cell without a step in the picture.
    """
    return _draw(key, PROFILE.chip_levels)


@functools.lru_cache(maxsize=len(SPARING))
def sparing_codebook(key: Key, degree: int) -> NDArray[np.float32]:
    """Draw the same chips with less in the fine levels.

    Parameters
    ----------
    key : Key
        The secret.
    degree : int
        1 for none on the finest level, 2 for little on the next one, too.

    Returns
    -------
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        As :func:`codebook` gives it, whose patterns still read it: a leak that was scaled down has little in the fine
        levels, either.  Read-only.
    """
    return _draw(key, SPARING[degree - 1])


def _draw(key: Key, chip_levels: tuple[tuple[int, float], ...]) -> NDArray[np.float32]:
    """Draw all patterns with chips of these sizes."""
    synthesis = _synthesis(PROFILE.cell, chip_levels, PROFILE.wavelet, PROFILE.border)
    count = PROFILE.tile**2 * PROFILE.patterns
    signs = key.signs("chips", PROFILE.version, size=count * len(synthesis))
    patterns = signs.reshape(count, -1).astype(np.float32) @ synthesis
    patterns -= patterns.mean(axis=1, keepdims=True)
    patterns /= np.sqrt((patterns**2).mean(axis=1, keepdims=True))
    patterns.flags.writeable = False
    return patterns.reshape(PROFILE.tile, PROFILE.tile, PROFILE.patterns, PROFILE.cell**2)


@functools.lru_cache(maxsize=CACHED_KEYS)
def beacon_choices(key: Key) -> CellChoice:
    """Choose the beacon's pattern and sign, for every chip set.

    Parameters
    ----------
    key : Key
        The secret.

    Returns
    -------
    choice : CellChoice
        Shape (chip sets, grid * tile, grid * tile, 1): one pattern a cell.  The chip set of a photo is that of its salt
        among those of its size, :func:`chip_sets_of`.
    """
    sets = chip_sets_of(PROFILE.most_multiple).stop
    side = PROFILE.grid * PROFILE.tile
    drawn = key.stream("beacon", PROFILE.version, size=sets * side * side).reshape(sets, side, side, 1)
    patterns = drawn % np.uint8(PROFILE.patterns)
    signs = np.where(drawn & SIGN_BIT, np.int8(-1), np.int8(1))
    return _closed(CellChoice(patterns, signs))


@functools.lru_cache(maxsize=CACHED_SETS)
def message_choices(key: Key, chip_set: int) -> CellChoice:
    """Choose the message's patterns and signs, for one chip set.

    Parameters
    ----------
    key : Key
        The secret.
    chip_set : int
        As in :func:`beacon_choices`.

    Returns
    -------
    choice : CellChoice
        Shape (grid * tile, grid * tile, message_slots): distinct patterns, none of them the beacon's.
    """
    side = PROFILE.grid * PROFILE.tile
    slots = PROFILE.message_slots
    drawn = key.stream("message patterns", PROFILE.version, chip_set, size=side * side * slots * 2).view("<u2")
    taken = beacon_choices(key).patterns[chip_set]
    for rank in np.moveaxis(drawn.reshape(side, side, slots), -1, 0):
        picked = _not_taken(rank % (PROFILE.patterns - taken.shape[-1]), taken)
        taken = np.concatenate([taken, picked[..., None]], axis=-1)
    return _closed(CellChoice(taken[..., 1:], message_signs(key, chip_set)))


def message_signs(key: Key, chip_set: int) -> NDArray[np.int8]:
    """Draw the signs that scramble the message; shape (grid * tile, grid * tile, message_slots)."""
    side = PROFILE.grid * PROFILE.tile
    signs = key.signs("message signs", PROFILE.version, chip_set, size=side * side * PROFILE.message_slots)
    return signs.reshape(side, side, PROFILE.message_slots)


def fingerprint_patterns(key: Key, digest: bytes, taken: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Choose the fingerprint's patterns among those a photo's cells have left.

    Parameters
    ----------
    key : Key
        The secret.
    digest : bytes
        The photo's digest.
    taken : ndarray, shape (cell rows, cell columns, slots), uint8
        Patterns that beacon and message use, distinct in each cell.

    Returns
    -------
    patterns : ndarray, shape (cell rows, cell columns), uint8
        One pattern a cell, not among those taken.
    """
    rows, columns, slots = taken.shape
    left = PROFILE.patterns - slots
    drawn = key.integers("fingerprint patterns", PROFILE.version, digest, size=rows * columns, below=left)
    return _not_taken(drawn.reshape(rows, columns), taken)


def photo_patterns(key: Key, digest: bytes, chip_set: int, *, rows: int, columns: int) -> NDArray[np.uint8]:
    """List the patterns that a photo's cells use.

    Parameters
    ----------
    key : Key
        The secret.
    digest : bytes
        The photo's digest.
    chip_set : int
        As in :func:`beacon_choices`.
    rows, columns : int
        Cells of the photo.

    Returns
    -------
    patterns : ndarray, shape (rows, columns, message_slots + 2), uint8
        The beacon's, the message's and the fingerprint's, in this order; distinct in each cell.
    """
    beacon = beacon_choices(key).patterns[chip_set, :rows, :columns]
    message = message_choices(key, chip_set).patterns[:rows, :columns]
    taken = np.concatenate([beacon, message], axis=-1)
    return np.concatenate([taken, fingerprint_patterns(key, digest, taken)[..., None]], axis=-1)


def _closed(choice: CellChoice) -> CellChoice:
    """Make a choice that is kept for others read-only."""
    choice.patterns.flags.writeable = False
    choice.signs.flags.writeable = False
    return choice


def _not_taken(rank: NDArray[np.integer], taken: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the rank-th pattern among those that are not taken; `taken` has one more axis."""
    pattern = rank.astype(np.uint8)  # below the number of patterns, of which there are no more than a byte can tell
    for slot in np.moveaxis(np.sort(taken, axis=-1), -1, 0):
        pattern = pattern + (pattern >= slot)
    return pattern


@functools.cache
def _synthesis(cell: int, chip_levels: tuple[tuple[int, float], ...], wavelet: str, border: int) -> NDArray[np.float32]:
    """Build the rows that turn one cell's chips into pixels; shape (chips, cell * cell)."""
    canvas = cell * CANVAS
    start = canvas // 2 - cell // 2
    cut = slice(start, start + cell)
    smoothing = _smoothing(cell, border)
    window = np.outer(smoothing, smoothing)
    rows = []
    for level, size in chip_levels:
        first, count = start >> level, cell >> level
        chip = np.arange(count * count)
        impulses = np.zeros((len(chip), canvas >> level, canvas >> level), dtype=np.float32)
        impulses[chip, first + chip // count, first + chip % count] = size
        for direction in range(DIRECTIONS):
            pixels = reconstruct_band(impulses, level=level, direction=direction, wavelet=wavelet)[:, cut, cut] * window
            rows.append(pixels.reshape(len(chip), -1))
    synthesis = np.concatenate(rows).astype(np.float32)
    synthesis.flags.writeable = False
    return synthesis


def _smoothing(cell: int, border: int) -> NDArray[np.float32]:
    """Rise from 0 to 1 within the border of a cell, and fall again."""
    place = np.arange(cell) + 1 / 2
    edge = np.minimum(place, cell - place) / border
    return np.asarray(np.sin(np.pi / 2 * np.clip(edge, 0, 1)) ** 2, dtype=np.float32)
