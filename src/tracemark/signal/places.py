"""Score what a leak's cells show, at every place of the photo that it may come from or at a known one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice
from tracemark.signal.reading import CellReading
from tracemark.transforms import moving

__all__ = [
    "beacon_scores",
    "energies",
    "excess_energies",
    "excess_energy",
    "first_tile",
    "gather",
    "known_word_scores",
    "place_scores",
    "to_working",
    "word_strengths",
]

Number = TypeVar("Number", bound=np.generic)


def place_scores(reading: CellReading, choice: CellChoice) -> NDArray[np.float32]:
    """Score every set of patterns and signs at every place of the leak's first tile in the photo.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    choice : CellChoice
        Arrays of shape (sets, grid * tile, grid * tile, 1).

    Returns
    -------
    scores : ndarray, shape (sets, places down, places across), float32
        Correlation in standard deviations.  Place (i, j) puts the leak's first tile at tile
        ``(i - tiles down + 1, j - tiles across + 1)`` of the photo.
    """
    tile, grid = PROFILE.tile, PROFILE.grid
    down, across = (side // tile for side in reading.correlation.shape[:2])
    sets = len(choice.patterns)
    tiles = reading.correlation.reshape(down, tile, across, tile, -1).swapaxes(1, 2).reshape(down, across, -1)
    cell = np.arange(tile * tile) * PROFILE.patterns
    chosen = _by_tile(choice.patterns) + cell
    signs = _by_tile(choice.signs)
    sums = np.zeros((sets, grid + down - 1, grid + across - 1), dtype=np.float32)
    for row, column in np.ndindex(down, across):
        i, j = down - 1 - row, across - 1 - column
        if tiles[row, column].any():
            sums[:, i : i + grid, j : j + grid] += np.einsum("sijc,sijc->sij", tiles[row, column][chosen], signs)
    # also of cells that a thin leak shows but half of: they are in the sums
    energy = float(np.sum(reading.correlation**2)) / PROFILE.patterns
    return np.asarray(sums / np.sqrt(energy), dtype=np.float32) if energy > 0 else sums


def first_tile(reading: CellReading, place: Sequence[int]) -> tuple[int, int]:
    """Say in which tile of the photo, row and column, the leak's first tile lies at a place of :func:`place_scores`."""
    down, across = (side // PROFILE.tile for side in reading.correlation.shape[:2])
    return place[0] - down + 1, place[1] - across + 1


def to_working(reading: CellReading, first: tuple[int, int]) -> NDArray[np.float64]:
    """Give the transform from the leak to the photo at the working scale, once its first tile is known."""
    side = PROFILE.tile_pixels
    move = moving(np.array(first[::-1]) * side)
    return np.asarray(move @ reading.transform, dtype=np.float64)


def beacon_scores(reading: CellReading, beacon: CellChoice) -> NDArray[np.float32]:
    """Score the beacon at every place, as a mark has it that was made for this picture.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    beacon : CellChoice
        Of some chip sets, as for :func:`place_scores`.

    Returns
    -------
    scores : ndarray, shape (chip sets, places down, places across), float32
        As :func:`place_scores` gives it, once the leak's robust hash is taken off as far as it can be trusted.
    """
    return place_scores(reading.hashed, beacon)


def known_word_scores(reading: CellReading, choice: CellChoice, codeword: NDArray[np.int8]) -> NDArray[np.float32]:
    """Score a word that is known at every place.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    choice : CellChoice
        The message's, of one chip set: arrays of shape (grid * tile, grid * tile, slots).
    codeword : ndarray, shape (grid * tile, grid * tile, slots), int8
        The word's symbols, +1 or -1.

    Returns
    -------
    scores : ndarray, shape (places down, places across), float32
        As :func:`place_scores` gives it, all slots together.
    """
    signs = choice.signs * codeword
    slots = CellChoice(np.moveaxis(choice.patterns, -1, 0)[..., None], np.moveaxis(signs, -1, 0)[..., None])
    scores = place_scores(reading, slots)
    return np.asarray(scores.sum(axis=0) / np.sqrt(len(scores)), dtype=np.float32)


def _by_tile(values: NDArray[Number]) -> NDArray[Number]:
    """Turn (sets, grid * tile, grid * tile, 1) into (sets, grid, grid, cells of a tile)."""
    tile, grid = PROFILE.tile, PROFILE.grid
    cut = values.reshape(len(values), grid, tile, grid, tile).swapaxes(2, 3)
    return cut.reshape(len(values), grid, grid, tile * tile)


def gather(
    reading: CellReading, choice: CellChoice, first: tuple[int, int]
) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
    """Pick the correlations with the patterns that one chip set uses.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    choice : CellChoice
        Of one chip set: arrays of shape (grid * tile, grid * tile, slots).
    first : tuple of int
        Tile row and column of the leak's first tile in the photo; may be negative.

    Returns
    -------
    soft : ndarray, shape (rows, columns, slots), float32
        Soft symbols, the scrambling taken off.
    cells : tuple of slice
        Rows and columns of the photo's cells that these are.
    """
    own, photo = _overlap(reading.correlation.shape, first)
    picked = np.take_along_axis(reading.correlation[own], choice.patterns[photo], axis=-1)
    return picked * choice.signs[photo], photo


def word_strengths(
    reading: CellReading, choice: CellChoice, codeword: NDArray[np.int8], first: tuple[int, int]
) -> NDArray[np.float32]:
    """Say how strong a word that is known is in each cell that the leak shows.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    choice, codeword
        As for :func:`known_word_scores`.
    first : tuple of int
        As for :func:`gather`.

    Returns
    -------
    strengths : ndarray, shape (rows, columns), float32
        In standard deviations of the cell's own noise, all slots together; NaN where the leak shows no cell.
    """
    own, photo = _overlap(reading.correlation.shape, first)
    soft, _ = gather(reading, choice, first)
    energy = (reading.correlation[own] ** 2).mean(axis=-1)
    there = reading.covered[own] & (energy > 0)
    together = (soft * codeword[photo]).sum(axis=-1) / np.sqrt(soft.shape[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(there, together / np.sqrt(energy), np.nan), dtype=np.float32)


def energies(reading: CellReading) -> NDArray[np.float32]:
    """Say how much energy each pattern has beyond the mean of its cell, in units of that mean; 0 outside the leak."""
    energy = reading.correlation**2
    mean = energy.mean(axis=-1, keepdims=True)
    relative = np.where(mean > 0, energy / np.maximum(mean, np.finfo(np.float32).tiny) - 1, 0)
    return np.asarray(relative, dtype=np.float32)


def excess_energy(energy: NDArray[np.float32], choice: CellChoice, first: tuple[int, int]) -> float:
    """Say how much more energy the patterns that a chip set uses have than the others.

    Parameters
    ----------
    energy : ndarray, shape (cell rows, cell columns, patterns), float32
        What :func:`energies` gave.
    choice : CellChoice
        As for :func:`gather`.
    first : tuple of int
        As for :func:`gather`.

    Returns
    -------
    excess : float
        In standard deviations; needs no sign, so it says nothing of the message itself.
    """
    own, photo = _overlap(energy.shape, first)
    picked = np.take_along_axis(energy[own], choice.patterns[photo], axis=-1)
    # the square of a normal variable has a variance of 2
    count = max(int(np.count_nonzero(picked)), 1)
    return float(picked.sum() / np.sqrt(2 * count))


def excess_energies(reading: CellReading, patterns: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Say the same of several chip sets at every place.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    patterns : ndarray, shape (chip sets, grid * tile, grid * tile, slots), uint8
        Of the message.

    Returns
    -------
    excess : ndarray, shape (chip sets, places down, places across), float32
        As :func:`excess_energy`, but in standard deviations of the whole leak, at whatever place.
    """
    relative = replace(reading, correlation=energies(reading))
    signs = np.ones(patterns.shape[:-1], dtype=np.int8)[..., None]
    slots = np.moveaxis(patterns, -1, 0)[..., None]
    scores = [place_scores(relative, CellChoice(slot, signs)) for slot in slots]
    return np.asarray(sum(scores) / np.sqrt(len(scores)), dtype=np.float32)


def _overlap(shape: tuple[int, ...], first: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Find the cells that leak and photo share, as slices of the leak's cells and of the photo's."""
    own: list[slice] = []
    photo: list[slice] = []
    for tiles, count in zip(first, shape[:2], strict=True):
        begin = tiles * PROFILE.tile
        low, high = max(begin, 0), min(begin + count, PROFILE.grid * PROFILE.tile)
        photo.append(slice(low, high))
        own.append(slice(low - begin, high - begin))
    return (own[0], own[1]), (photo[0], photo[1])
