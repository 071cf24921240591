"""Read a leak that lies on its original: take the picture away, and weigh what is left."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracemark.comparison import compare
from tracemark.geometry.registration import Registration
from tracemark.keys import Key
from tracemark.layers import layers_in
from tracemark.original import Original
from tracemark.remainder import Comparison, Remainder
from tracemark.signal.chips import message_choices
from tracemark.signal.collusion import Among
from tracemark.signal.modulation import contrary, correlate_slots, cut, join
from tracemark.transforms import scaling

__all__ = ["Cells", "Residue", "Source", "read_residue", "soft_symbols", "to_photo"]

LEAST_SHOWN = 0.3  # mean weight of a cell below which the leak does not show it
LEAST_CELLS = 24  # of which the leak must show more: fewer could not name anyone
# Of what correlations say of signs, the share that is believed: no leak is quite what it is taken for.  Where they were
# 0.34, 1.24 and 1.95, signs were 0.25, 0.63 and 0.83 in the mean; all that they say is 0.33, 0.84 and 0.95, half of it
# 0.17, 0.55 and 0.74.
TRUST = 0.5


class Source(Protocol):
    """Reads cells of a leak, once it is known what signs have made of them.

    What is known has the shape (cells, cell * cell); the rest has a standard deviation.  Both are in standard
    deviations of the whole mark.
    """

    def values(self, known: NDArray[np.float32], unknown: float) -> NDArray[np.float32]:
        """Give what is left then, as :class:`~tracemark.remainder.Remainder` has it, in the shape of what is known."""

    def log_likelihood(self, known: NDArray[np.float32], unknown: float) -> float:
        """Say how likely the leak is then; nats."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What soft symbols are made of, in the cells that a leak shows."""

    drawn: NDArray[np.float32]
    """The patterns of the slots, as strong as their layers; shape (cells, slots, cell * cell)."""

    scrambling: NDArray[np.int8]
    """Signs that the message's symbols are multiplied by, shape (cells, message slots)."""

    source: Source
    """What they show."""

    def given(self, shown: Among) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Make soft symbols, as :func:`soft_symbols` does, of a copy that was mixed with others that are known."""
        values = self.source.values(shown.expected, shown.spread)
        return soft_symbols(correlate_slots(values, shown.patterns), self.scrambling)


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
    """What the soft symbols were made of: what is read given the codes of others starts there.  None in `others`."""

    others: "tuple[Callable[[], Residue], ...]" = ()
    """Give the same in other responses: as what is left when many copies are mixed so that majorities lose, and, last,
    with less trust in how well all fits; none for those that are such responses."""

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
    common, drawn = _patterns(original, key)
    rows, columns = drawn.shape[:2]
    scrambling = message_choices(key, original.chip_set).signs[:rows, :columns]

    def read(left: Remainder, drawn: NDArray[np.float32]) -> Residue:
        seen = cut(left.weights)[:rows, :columns].mean(axis=-1) > LEAST_SHOWN
        correlation = correlate_slots(_cut_seen(left.values, seen), drawn[seen])
        return Residue(original, registration, *soft_symbols(correlation, scrambling[seen]), seen)

    tuned = compare(leak, original, registration).tune(common)
    left = tuned.comparison.remainder(np.float32(tuned.amount) * common)
    first = read(left, drawn)

    def contrarily() -> Residue:
        return read(left, contrary(drawn))

    def roughly() -> Residue:
        return read(compare(leak, original, registration, roughly=True).remainder(), drawn)

    source = _Leak(tuned.comparison, common, tuned.amount, first.seen)
    cells = Cells(drawn[first.seen], scrambling[first.seen], source)
    return replace(first, cells=cells, others=(contrarily, roughly))


@dataclass(frozen=True, eq=False)
class _Leak:
    """A leak whose cells can be read again."""

    comparison: Comparison
    """With its original."""

    common: NDArray[np.float32]
    """What all copies share of the mark, in its standard deviations; shape (original rows, original columns)."""

    amount: float
    """How strong the mark is in the leak."""

    seen: NDArray[np.bool_]
    """Its cells; shape (cell rows, cell columns)."""

    def values(self, known: NDArray[np.float32], unknown: float) -> NDArray[np.float32]:
        """Give what is left when this is known."""
        return _cut_seen(self.comparison.remainder(self._marked(known), unknown=unknown).values, self.seen)

    def log_likelihood(self, known: NDArray[np.float32], unknown: float) -> float:
        """Say how likely the leak is when this is known; nats."""
        return self.comparison.log_likelihood(self._marked(known), unknown=unknown)

    def _marked(self, known: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add what all copies share."""
        private = np.zeros((*self.seen.shape, known.shape[1]), dtype=np.float32)
        private[self.seen] = known
        rows, columns = self.common.shape
        return np.asarray((self.common + join(private)[:rows, :columns]) * np.float32(self.amount), dtype=np.float32)


def to_photo(residue: Residue) -> NDArray[np.float64]:
    """Give the transform of a registered leak, (x, y, 1) to (x, y, 1), in the photo's own pixels."""
    move = scaling(residue.original.layout.scale)
    return np.asarray(move @ residue.registration.transform, dtype=np.float64)


def soft_symbols(
    correlation: NDArray[np.float32], scrambling: NDArray[np.int8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn what the slots of cells show into soft symbols.

    Parameters
    ----------
    correlation : ndarray, shape (cells, slots), float32
        Halved logarithms of ratios of likelihoods, the fingerprint's last.
    scrambling : ndarray, shape (cells, message slots), int8
        Signs that the message's symbols are multiplied by.

    Returns
    -------
    fingerprint : ndarray, shape (cells,), float32
        Soft signs.
    message : ndarray, shape (cells, message slots), float32
        Soft symbols, the scrambling taken off.

    Notes
    -----
    Of a sign whose likelihoods have a ratio of exp(2 c), tanh(c) is expected.  Of c, the correlation, only a share is
    believed: ``TRUST``.
    """
    soft = np.tanh(np.float32(TRUST) * correlation)
    return soft[..., -1], np.asarray(soft[..., :-1] * scrambling, dtype=np.float32)


def _cut_seen(pixels: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Cut out the cells that are seen, of whole tiles; shape (cells, cell * cell)."""
    rows, columns = seen.shape
    return cut(pixels)[:rows, :columns][seen]


def _patterns(original: Original, key: Key) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what all copies share, in the original's pixels, and what signs are multiplied by in each cell.

    Both in standard deviations of the whole mark; the latter of shape (cell rows, cell columns, slots, cell * cell).
    """
    rows, columns = original.luma.shape
    layers = layers_in(original, key=key)
    return layers.common[:rows, :columns], np.stack([cut(slot) for slot in layers.signed], axis=2)
