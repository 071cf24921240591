"""How strongly a copy shows in a leak whose place is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracemark.codes.decoding import decode
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import word_of
from tracemark.plan import Plan
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, codebook, message_choices, photo_patterns
from tracemark.signal.places import gather
from tracemark.signal.reading import CellReading, read_cells
from tracemark.signal.robust_hash import hash_lines

__all__ = ["BlindScore", "InformedScore", "Located", "blind_score", "correlation", "informed_score", "locate"]

WORDS = 4  # words that detection looks up at a placement

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Located:
    """The cells of a leak, and where they lie."""

    cells: CellReading
    """Every cell correlated with every pattern."""
    first: tuple[int, int]
    """Tile row and column of the leak's first tile."""


@dataclass(frozen=True)
class BlindScore:
    """What can be read without the original."""

    z: float
    """Correlation of the true message with the leak, standard deviations."""
    beacon: float
    """The same of the beacon."""
    symbols: int
    """Message symbols in the leak."""
    read: bool
    """Whether the word is among those decoded."""


@dataclass(frozen=True)
class InformedScore:
    """What can be read when the original has been subtracted; standard deviations."""

    fingerprint: float
    """Correlation of a recipient's fingerprint."""
    both: float
    """Correlation of fingerprint and message, each weighted by the amplitude it has in the mark."""
    symbols: int
    """Fingerprint signs in the leak."""


def locate(luma: npt.NDArray[np.float32], transform: npt.NDArray[np.float64], plan: Plan) -> Located:
    """Read the cells of a leak.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma, or what is left of it when the original's is subtracted.
    transform : ndarray, shape (3, 3)
        Leak (x, y, 1) to working (x, y, 1), pixels.
    plan : Plan
        Of the photo.

    Returns
    -------
    located : Located
    """
    cells = read_cells(luma, transform, codebook(plan.key), hash_lines(plan.key))
    across, down = np.rint((transform - cells.transform)[:2, 2] / PROFILE.tile_pixels).astype(int)
    return Located(cells, (int(down), int(across)))


def blind_score(leak: Located, plan: Plan, recipient: int) -> BlindScore:
    """Score the true message in a leak, and try to decode it.

    Parameters
    ----------
    leak : Located
        The leak's cells.
    plan : Plan
        Of the photo.
    recipient : int
        Whose copy it is.

    Returns
    -------
    score : BlindScore
    """
    word = word_of(plan.key, recipient)
    soft, where = gather(leak.cells, message_choices(plan.key, plan.chip_set), leak.first)
    code = mother_code(plan.key, PROFILE.grid * PROFILE.tile)[where]
    beacon_soft, _ = gather(leak.cells.hashed, beacon_choices(plan.key)[plan.chip_set], leak.first)
    return BlindScore(
        z=correlation(soft, encode(word, code)),
        beacon=correlation(beacon_soft, np.ones_like(beacon_soft)),
        symbols=int(np.count_nonzero(soft)),
        read=any(found.word == word for found in decode(soft.ravel(), code.ravel(), words=WORDS)),
    )


def informed_score(leak: Located, plan: Plan, recipient: int) -> InformedScore:
    """Score a recipient's fingerprint and message in what is left of a leak.

    Parameters
    ----------
    leak : Located
        Cells of the leak less the original.
    plan : Plan
        Of the photo.
    recipient : int
        Whose copy it is, or one of those.

    Returns
    -------
    score : InformedScore
    """
    message = message_choices(plan.key, plan.chip_set)
    word = word_of(plan.key, recipient)
    message_soft, where = gather(leak.cells, message, leak.first)
    codeword = encode(word, mother_code(plan.key, PROFILE.grid * PROFILE.tile)[where])
    own, choice = _fingerprint_choice(plan, recipient)
    own_soft, _ = gather(leak.cells, choice, leak.first)
    weighted = [
        own_soft.ravel() * np.sqrt(PROFILE.fingerprint_share),
        message_soft.ravel() * np.sqrt(PROFILE.message_share / PROFILE.message_slots),
    ]
    return InformedScore(
        fingerprint=correlation(own_soft, own[where][..., None]),
        both=correlation(np.concatenate(weighted), np.concatenate([own[where].ravel(), codeword.ravel()])),
        symbols=int(np.count_nonzero(own_soft)),
    )


def correlation(soft: Floats, signs: Floats | npt.NDArray[np.int8]) -> float:
    """Correlate soft symbols with signs, over the norm; 0 where there are none."""
    norm = float(np.sqrt(np.sum(soft.astype(np.float64) ** 2)))
    return float(np.sum(soft * signs, dtype=np.float64)) / norm if norm else 0.0


def _fingerprint_choice(plan: Plan, recipient: int) -> tuple[npt.NDArray[np.int8], CellChoice]:
    """Lay a recipient's signs and the fingerprint's patterns over the grid of tiles; 0 outside the photo."""
    rows, columns = plan.layout.cells
    side = PROFILE.grid * PROFILE.tile
    patterns = np.zeros((side, side, 1), dtype=np.uint8)
    used = photo_patterns(plan.key, plan.digest, plan.chip_set, rows=rows, columns=columns)
    patterns[:rows, :columns] = used[..., -1:]
    inside = np.zeros((side, side, 1), dtype=np.int8)
    inside[:rows, :columns] = 1
    own = np.zeros((side, side), dtype=np.int8)
    own[:rows, :columns] = fingerprint(plan.key, plan.digest, recipient, rows=rows, columns=columns)
    return own, CellChoice(patterns, inside)
