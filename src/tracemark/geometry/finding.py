"""Find the originals, among thousands, that a leak may show: a quick look at all, then a close one at a few."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.consensus import Proposal, propose
from tracemark.geometry.features import MIRRORED, Features, negative

__all__ = ["Candidate", "Gallery", "find"]

Floats = NDArray[np.float32]

LOOKED_UP = 500  # of the leak's keypoints, in the quick look; those spread best
LOOKED_AT = 2000  # of the leak's keypoints, in the close look
LIKELY = 16  # originals that get a close look
CLEAR = 15  # votes at which the leak is not taken for a negative
USUAL = 0.1  # share of the originals whose likeness to a keypoint is taken for chance
# One of each two numbers of a descriptor that a mirror exchanges, and the other.
ONE, OTHER = np.arange(len(MIRRORED) // 2), MIRRORED[: len(MIRRORED) // 2]


@dataclass(frozen=True, eq=False)
class Gallery:
    """The keypoints of all originals, one after another."""

    keypoints: NDArray[np.float32]
    """As in :class:`Features`; shape (n, 4)."""

    descriptors: NDArray[np.uint8]
    """As in :class:`Features`; shape (n, 128)."""

    starts: NDArray[np.intp]
    """Where each original's keypoints begin, and n at the end; shape (originals + 1,)."""

    def __len__(self) -> int:
        """Count the originals."""
        return len(self.starts) - 1

    def features(self, number: int) -> Features:
        """Take out one original's keypoints."""
        own = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return Features(self.keypoints[own], self.descriptors[own])


@dataclass(frozen=True, eq=False)
class Candidate:
    """An original that the leak may show."""

    number: int
    """Which, in the gallery."""

    proposal: Proposal
    """Where the leak lies on it, and how many keypoints say so."""


def find(leak: Features, gallery: Gallery, *, most: int) -> list[Candidate]:
    """Find the originals that a leak may show.

    Parameters
    ----------
    leak : Features
        Of the leak; mirrored, negative, or inside another picture.
    gallery : Gallery
        The originals.
    most : int
        How many to return at most.

    Returns
    -------
    candidates : list of Candidate
        Those whose keypoints lie as the leak's do, most votes first.  Pictures of one scene taken one after another
        are all among them: registration tells them apart.

    Notes
    -----
    The quick look compares the half of a descriptor that a mirror leaves as it is, and needs no index.
    """
    if not len(leak) or not len(gallery):
        return []
    candidates: dict[int, Candidate] = {}
    for seen in (leak, negative(leak)):
        for number in _likely(seen, gallery):
            proposals = propose(_first(leak, LOOKED_AT), gallery.features(number)) if number not in candidates else []
            if proposals:
                candidates[number] = Candidate(number, proposals[0])
        if any(candidate.proposal.votes >= CLEAR for candidate in candidates.values()) or len(gallery) <= LIKELY:
            break
    return sorted(candidates.values(), key=lambda candidate: -candidate.proposal.votes)[:most]


def _first(features: Features, most: int) -> Features:
    """Take the keypoints that are spread best."""
    return replace(features, keypoints=features.keypoints[:most], descriptors=features.descriptors[:most])


def _likely(leak: Features, gallery: Gallery) -> list[int]:
    """List the originals whose keypoints look most like the leak's, wherever they lie."""
    if len(gallery) <= LIKELY:
        return list(range(len(gallery)))
    half = _half(leak.descriptors[:LOOKED_UP])
    # -|a - b|**2 = 2 ab - |b|**2 - |a|**2, whose last term is the same for all originals; the one before is a column
    # of the matrix product, as another pass over it takes half as long again
    wanted = np.vstack([half.T, np.ones(len(half), dtype=np.float32)])
    nearness = np.full((len(gallery), len(half)), -np.inf, dtype=np.float32)
    for number, (first, last) in enumerate(zip(gallery.starts[:-1], gallery.starts[1:], strict=True)):
        if last > first:
            theirs = _half(gallery.descriptors[first:last])
            lengths = np.einsum("ij,ij->i", theirs, theirs) / -2
            np.column_stack([theirs, lengths]).dot(wanted).max(axis=0, out=nearness[number])
    distance = (half**2).sum(axis=1) - 2 * nearness
    rank = int(USUAL * len(gallery))
    usual = np.partition(distance, rank, axis=0)[rank]
    votes = np.maximum(1 - distance / np.maximum(usual, 1), 0) ** 2
    order = np.argsort(-votes.sum(axis=1), kind="stable")[:LIKELY]
    return [int(number) for number in order]


def _half(descriptors: NDArray[np.uint8]) -> Floats:
    """Add up the numbers of descriptors that a mirror exchanges; shape (n, 64)."""
    return (descriptors[:, ONE].astype(np.uint16) + descriptors[:, OTHER]).astype(np.float32)
