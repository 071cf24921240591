"""Take copies that were found out of soft symbols, so that what is left tells of others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Evidence
from tracemark.codes.message import encode

__all__ = ["without"]


def without(evidence: Evidence, fingerprints: NDArray[np.int8], words: Sequence[int]) -> Evidence:
    """Take copies out of the soft symbols, each as strong as it shows beside the others; their order has no part in it.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols.
    fingerprints : ndarray, shape (copies, n), int8
        The copies' fingerprint signs at the evidence's cells.
    words : sequence of int
        Their message words.

    Returns
    -------
    evidence : Evidence
        The same where there are no copies, with what was computed of it.
    """
    if not words:
        return evidence
    symbols = np.array([encode(word, evidence.code) for word in words])
    return replace(
        evidence,
        fingerprint=_remainder(evidence.fingerprint, fingerprints),
        message=_remainder(evidence.message, symbols),
    )


def _remainder(soft: NDArray[np.float32], signs: NDArray[np.int8]) -> NDArray[np.float32]:
    """Take signs, shape (copies, n), out of soft symbols by least squares."""
    codes = signs.astype(np.float64)
    # few symbols may not tell two copies apart: then both share what shows of them
    strengths = np.linalg.pinv(codes @ codes.T, hermitian=True) @ (codes @ soft)
    return (soft - strengths @ codes).astype(np.float32)
