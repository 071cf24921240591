"""Hold the codes of a closed list, drawn once for all readings of a leak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.word import word_of
from tracemark.informed import Residue
from tracemark.keys import Key

__all__ = ["Listed", "draw"]


@dataclass(frozen=True, eq=False)
class Listed:
    """Candidates and their codes."""

    recipients: tuple[int, ...]
    """The candidates."""

    words: tuple[int, ...]
    """Their message words."""

    fingerprints: dict[bytes, NDArray[np.int8]]
    """By a photo's digest: their fingerprint signs in it, shape (candidates, cell rows, cell columns)."""

    def signs_in(self, residues: Sequence[Residue]) -> NDArray[np.int8]:
        """Give the fingerprint signs in the cells that leaks show.

        Parameters
        ----------
        residues : sequence of Residue
            Leaks of photos that codes were drawn for.

        Returns
        -------
        signs : ndarray, shape (candidates, cells of all residues), int8
            +1 or -1.
        """
        shown = [self.fingerprints[residue.original.digest][:, residue.seen] for residue in residues]
        return np.concatenate(shown, axis=1)


def draw(recipients: Sequence[int], residues: Sequence[Residue], *, key: Key) -> Listed:
    """Draw the codes of candidates.

    Parameters
    ----------
    recipients : sequence of int
        The candidates, each once.
    residues : sequence of Residue
        Leaks, of the photos that fingerprints are drawn for.
    key : Key
        The secret.

    Returns
    -------
    listed : Listed
    """
    drawn = {}
    for residue in residues:
        rows, columns = residue.seen.shape
        signs = np.empty((len(recipients), rows, columns), dtype=np.int8)
        for at, one in enumerate(recipients):
            signs[at] = fingerprint(key, residue.original.digest, one, rows=rows, columns=columns)
        drawn[residue.original.digest] = signs
    return Listed(tuple(recipients), tuple(word_of(key, one) for one in recipients), drawn)
