"""Read a leak that lies on its original: take the picture away, and weigh what is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Evidence
from tracemark.codes.message import MotherCode, mother_code
from tracemark.geometry.registration import Registration
from tracemark.keys import Key
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.remainder import Remainder, remainder
from tracemark.signal.chips import codebook, message_choices, photo_patterns
from tracemark.signal.layout import scaling
from tracemark.signal.modulation import contrary, correlate_slots, slot_patterns

__all__ = ["Cells", "Residue", "read_residue", "to_photo", "together"]

LEAST_SHOWN = 0.3  # mean weight of a cell below which the leak does not show it
LEAST_CELLS = 24  # of which the leak must show more: fewer could not name anyone
# Of the message's slots and the fingerprint's: a matched filter weighs by amplitude, the root of energy.
SHARES = (*[PROFILE.message_share / PROFILE.message_slots] * PROFILE.message_slots, PROFILE.fingerprint_share)


@dataclass(frozen=True, eq=False)
class Cells:
    """What soft symbols are made of, in the cells that a leak shows."""

    values: NDArray[np.float32]
    """What is left of the leak, as :class:`~tracemark.remainder.Remainder` has it; shape (cells, cell * cell)."""

    drawn: NDArray[np.float32]
    """The patterns of the slots, as strong as their layers; shape (cells, slots, cell * cell)."""

    scrambling: NDArray[np.float32]
    """Signs that the message's symbols are multiplied by, shape (cells, message slots)."""

    def soft(self, correlation: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Turn halved logarithms of ratios of likelihoods, one a slot, into soft fingerprint signs and symbols."""
        soft = np.tanh(correlation / 2)  # what is expected of a sign whose likelihoods have this ratio
        return soft[..., -1], soft[..., :-1] * self.scrambling


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

    cells: Cells | None = None
    """What the soft symbols were made of, where that is known: what is read given the codes of others starts there."""

    others: "tuple[Callable[[], Residue], ...]" = ()
    """Give the same, read in other ways: as what is left when many copies are mixed so that majorities lose, and, last,
    with less trust in how well all fits; none for those that are such readings."""

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
        How the leak lies on it.
    key : Key
        The secret.

    Returns
    -------
    residue : Residue
        Falsy when the leak shows too little of the photo.
    """
    rows, columns = original.layout.cells
    patterns = photo_patterns(key, original.digest, original.chip_set, rows=rows, columns=columns)
    drawn = slot_patterns(codebook(key), patterns[..., -len(SHARES) :], SHARES)

    def read(left: Remainder, drawn: NDArray[np.float32]) -> Residue:
        seen = (_by_cell(left.weights).mean(axis=(1, 3)) > LEAST_SHOWN)[:rows, :columns]
        values = _by_cell(left.values).swapaxes(1, 2)[:rows, :columns][seen]
        scrambling = message_choices(key, original.chip_set).signs[:rows, :columns][seen]
        cells = Cells(values.reshape(len(values), -1), drawn[seen], scrambling)
        fingerprint, message = cells.soft(correlate_slots(cells.values, cells.drawn))
        return Residue(original, registration, fingerprint, message, seen, cells)

    left = remainder(leak, original, registration)

    def contrarily() -> Residue:
        return read(left, contrary(drawn))

    def roughly() -> Residue:
        return read(remainder(leak, original, registration, roughly=True), drawn)

    return replace(read(left, drawn), others=(contrarily, roughly))


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


def to_photo(residue: Residue) -> NDArray[np.float64]:
    """Give the transform of a registered leak, (x, y, 1) to (x, y, 1), in the photo's own pixels."""
    move = scaling(residue.original.layout.scale)
    return np.asarray(move @ residue.registration.transform, dtype=np.float64)


def _by_cell(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut whole tiles into cells; shape (cell rows, cell, cell columns, cell)."""
    rows, columns = (side // PROFILE.cell for side in values.shape)
    return values.reshape(rows, PROFILE.cell, columns, PROFILE.cell)
