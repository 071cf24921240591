"""Read a leak that lies on its original: take the picture away, and weigh what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Evidence
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import MotherCode, mother_code
from tracemark.geometry.registration import Registration, straighten
from tracemark.keys import Key
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.signal.chips import codebook, message_choices, photo_patterns
from tracemark.signal.layout import scaling
from tracemark.signal.modulation import correlate_cells
from tracemark.signal.reading import LEVELS
from tracemark.signal.simulation import Box, simulate
from tracemark.signal.subtraction import subtract
from tracemark.signal.whitening import whiten

__all__ = ["Residue", "fingerprints_of", "read_residue", "to_photo", "together"]

FLOOR = 4.0  # luma levels; docs/informed.md
ASKEW = 2.0  # working pixels that a corner may be off a rectangle whose sides are the photo's
LEAST_SHOWN = 0.3  # mean weight of a cell below which the leak does not show it
LEAST_CELLS = 24  # of which the leak must show more: fewer could not name anyone


@dataclass(frozen=True, eq=False)
class Residue:
    """What is left of a leak when its original is taken away: soft symbols, cell by cell."""

    original: Original
    """The photo."""

    registration: Registration
    """Where the leak lies on it."""

    fingerprint: NDArray[np.float32]
    """Soft fingerprint signs of the cells seen, weighted; shape (cells,)."""

    message: NDArray[np.float32]
    """Soft message symbols of the cells seen, the scrambling taken off, weighted; shape (cells, slots)."""

    seen: NDArray[np.bool_]
    """Cells of the photo that the leak shows; shape (cell rows, cell columns)."""

    def __bool__(self) -> bool:
        """Tell whether the leak shows enough of the photo to be read."""
        return bool(self.seen.sum() > LEAST_CELLS)


def read_residue(leak: NDArray[np.float32], original: Original, registration: Registration, *, key: Key) -> Residue:
    """Read the soft symbols of a leak; nobody's signs are looked at.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    original : Original
        The photo.
    registration : Registration
        How the leak lies on it; a falsy one leaves nothing to read.
    key : Key
        The secret.

    Returns
    -------
    residue : Residue
        Falsy when the leak shows too little of the photo, or does not lie on it.
    """
    rows, columns = original.layout.cells
    if not registration:
        nothing = np.empty((0, PROFILE.message_slots), dtype=np.float32)
        return Residue(original, registration, nothing[:, 0], nothing, np.zeros((rows, columns), dtype=bool))
    simulated = simulate(leak, original.luma, _boxes(leak.shape, original, registration))
    if simulated is None:
        straight, weights = straighten(leak, registration)
        left = subtract(straight, original.luma, weights)
    else:
        luma, box = simulated
        difference, weights = straighten(leak - luma, _exactly(registration, box, leak.shape))
        left = difference * weights
    padding = [(0, -side % PROFILE.tile_pixels) for side in left.shape]
    left, weights = np.pad(left, padding), np.pad(weights, padding)
    white = whiten(left, levels=LEVELS, floor=FLOOR, density=_density(registration)) * weights
    seen = (_by_cell(weights).mean(axis=(1, 3)) > LEAST_SHOWN)[:rows, :columns]
    correlation = correlate_cells(white, codebook(key))[:rows, :columns]
    patterns = photo_patterns(key, original.digest, original.chip_set, rows=rows, columns=columns)
    soft = np.take_along_axis(correlation, patterns[..., -PROFILE.message_slots - 1 :], axis=-1)
    message = soft[..., :-1] * message_choices(key, original.chip_set).signs[:rows, :columns]
    # the matched filter: noise is alike in all patterns, amplitude is the root of the share of energy
    return Residue(
        original,
        registration,
        soft[seen, -1] * np.float32(np.sqrt(PROFILE.fingerprint_share)),
        message[seen] * np.float32(np.sqrt(PROFILE.message_share / PROFILE.message_slots)),
        seen,
    )


def together(residues: Sequence[Residue], *, key: Key) -> Evidence:
    """Join the soft symbols of leaks of different photos: the word is the same in all of them.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones, of different photos.
    key : Key
        The secret.

    Returns
    -------
    evidence : Evidence
    """
    code = mother_code(key, PROFILE.grid * PROFILE.tile)
    codes = [code[: residue.seen.shape[0], : residue.seen.shape[1]] for residue in residues]
    stages = [part.stages[residue.seen].ravel() for part, residue in zip(codes, residues, strict=True)]
    generators = [part.generators[residue.seen].ravel() for part, residue in zip(codes, residues, strict=True)]
    return Evidence(
        np.concatenate([residue.fingerprint for residue in residues]),
        np.concatenate([residue.message.ravel() for residue in residues]),
        MotherCode(np.concatenate(stages), np.concatenate(generators)),
    )


def fingerprints_of(recipients: Sequence[int], residues: Sequence[Residue], *, key: Key) -> NDArray[np.int8]:
    """Draw the fingerprint signs of recipients in the cells that leaks show.

    Parameters
    ----------
    recipients : sequence of int
        The candidates.
    residues : sequence of Residue
        As for :func:`together`.
    key : Key
        The secret.

    Returns
    -------
    signs : ndarray, shape (recipients, cells of all residues), int8
    """
    signs = [
        [
            fingerprint(key, residue.original.digest, recipient, rows=rows, columns=columns)[residue.seen]
            for residue in residues
            for rows, columns in (residue.seen.shape,)
        ]
        for recipient in recipients
    ]
    return np.array([np.concatenate(own) for own in signs], dtype=np.int8)


def to_photo(residue: Residue) -> NDArray[np.float64]:
    """Give the transform of a registered leak, (x, y, 1) to (x, y, 1), in the photo's own pixels."""
    if residue.registration.transform is None:
        raise ValueError("the leak must be registered")
    move = scaling(residue.original.layout.scale)
    return np.asarray(move @ residue.registration.transform, dtype=np.float64)


def _boxes(shape: tuple[int, ...], original: Original, registration: Registration) -> list[Box]:
    """Say which rectangles of the photo the leak may be: cut on whole pixels of it, or all of it."""
    if registration.transform is None or registration.negative:
        return []
    rows, columns = shape
    edges = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]]) - [1 / 2, 1 / 2, 0]
    placed = edges @ registration.transform.T
    corners = (placed[:, :2] / placed[:, 2:] + 1 / 2)[:, ::-1]
    scale = original.layout.scale
    top, bottom = corners[:2, 0].mean(), corners[2:, 0].mean()
    left, right = corners[::2, 1].mean(), corners[1::2, 1].mean()
    low, high = (np.rint(np.array(corner) * scale) / scale for corner in ((top, left), (bottom, right)))
    whole = np.array([original.layout.rows, original.layout.columns]) / scale
    found = [
        Box(*map(float, (*first, *last)))
        for first, last in ((low, high), (np.zeros(2), whole))
        if (last > first).all()
        and np.abs(corners - [first, (first[0], last[1]), (last[0], first[1]), last]).max() < ASKEW
    ]
    return list(dict.fromkeys(found))


def _exactly(registration: Registration, box: Box, shape: tuple[int, ...]) -> Registration:
    """Lay a leak on the very box that it shows."""
    if registration.places is None:
        return registration
    rows, columns = registration.places.shape[:2]
    steps = (box.right - box.left) / shape[1], (box.bottom - box.top) / shape[0]
    across = (np.arange(columns) + 1 / 2 - box.left) / steps[0] - 1 / 2
    down = (np.arange(rows) + 1 / 2 - box.top) / steps[1] - 1 / 2
    return replace(registration, places=np.stack(np.meshgrid(across, down), axis=-1).astype(np.float32))


def _by_cell(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut whole tiles into cells; shape (cell rows, cell, cell columns, cell)."""
    rows, columns = (side // PROFILE.cell for side in values.shape)
    return values.reshape(rows, PROFILE.cell, columns, PROFILE.cell)


def _density(registration: Registration) -> float:
    """Say how many leak pixels there are in a working pixel, along a side."""
    if registration.places is None:
        return 1.0
    down = np.linalg.norm(np.median(np.diff(registration.places, axis=0), axis=(0, 1)))
    across = np.linalg.norm(np.median(np.diff(registration.places, axis=1), axis=(0, 1)))
    return float(np.sqrt(down * across))
