"""The photos that alternatives are tried on, at fixed sizes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, find_photos, load, spread
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.gauntlet.runner import rng_for

__all__ = ["LARGE_PX", "SIZES", "SMALL_PX", "Setting", "Subject", "choose"]

SMALL_PX, LARGE_PX = 1280, 3840
"""Long sides: one working pixel a pixel, and three."""
SIZES = (SMALL_PX, LARGE_PX)
KEY_BYTES = 32
RECIPIENTS = 2**32


@dataclass(frozen=True)
class Subject:
    """One photo at one size."""

    name: str
    """Of its file."""
    long_side: int
    """Pixels."""
    photo: Pixels
    """RGB uint8."""
    seed: int
    """Of the run."""

    @property
    def key(self) -> tm.Key:
        """The key it is marked with; another in every photo."""
        return tm.Key(self.rng("key").bytes(KEY_BYTES))

    def recipients(self, count: int) -> list[int]:
        """Draw recipients."""
        return [int(recipient) for recipient in self.rng("recipients").integers(RECIPIENTS, size=count)]

    def rng(self, purpose: str) -> np.random.Generator:
        """Start a generator: the same for every alternative."""
        return rng_for(self.seed, self.name, purpose)


@dataclass(frozen=True)
class Setting:
    """What a run is given."""

    paths: Sequence[Path]
    """Of the photos."""
    seed: int
    """Of everything left to chance."""

    def subjects(self, *, sizes: Sequence[int] = SIZES) -> Iterator[Subject]:
        """Load the photos one after the other, each at every size."""
        for path in self.paths:
            for size in sizes:
                yield Subject(path.name, size, load(path, Limits(long_side_px=size)), self.seed)


def choose(folder: Path | None, count: int) -> list[Path]:
    """Choose photos of at least the larger size, spread evenly over the folder.

    Parameters
    ----------
    folder : Path, optional
        As :func:`benchmarks.gauntlet.corpus.find_photos` takes it.
    count : int
        How many at most.

    Returns
    -------
    paths : list of Path
        Sorted by name.

    Raises
    ------
    FileNotFoundError
        When no photo is that large.
    """
    large = [path for path in find_photos(folder) if _long_side(path) >= LARGE_PX]
    if not large:
        raise FileNotFoundError(f"folder must hold a photo of at least {LARGE_PX} px, but none is")
    return [large[at] for at in spread(len(large), count)]


def _long_side(path: Path) -> int:
    """Read a photo's long side from its header."""
    with Image.open(path) as file:
        return max(file.size)
