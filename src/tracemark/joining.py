"""Join what several leaks show, each of its own photo, into one piece of evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Evidence
from tracemark.codes.message import MotherCode, mother_code
from tracemark.informed import Cells, Residue
from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["join_cells", "join_evidence"]


def join_evidence(residues: Sequence[Residue], *, key: Key) -> Evidence:
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


def join_cells(cells: Sequence[Cells]) -> Cells:
    """Put the cells of several leaks one after the other.

    Parameters
    ----------
    cells : sequence of Cells
        Of each leak.

    Returns
    -------
    joined : Cells
    """
    drawn = np.concatenate([one.drawn for one in cells])
    return Cells(drawn, np.concatenate([one.scrambling for one in cells]), _Joined(cells))


@dataclass(frozen=True, eq=False)
class _Joined:
    """Cells of several leaks, one after the other, to be read again."""

    cells: Sequence[Cells]
    """Of each leak."""

    def values(self, known: NDArray[np.float32], unknown: float) -> NDArray[np.float32]:
        """Give what is left when this is known."""
        parts = zip(self.cells, self._parts(known), strict=True)
        return np.concatenate([one.source.values(part, unknown) for one, part in parts])

    def log_likelihood(self, known: NDArray[np.float32], unknown: float) -> float:
        """Say how likely the leaks are when this is known; nats."""
        parts = zip(self.cells, self._parts(known), strict=True)
        return sum(one.source.log_likelihood(part, unknown) for one, part in parts)

    def _parts(self, known: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Say what is known of each leak."""
        return np.split(known, np.cumsum([len(one.drawn) for one in self.cells])[:-1])
