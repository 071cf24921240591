"""A kit of photos under one key, the copies of its recipients, and the reading of leaks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, load
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.gauntlet.runner import rng_for
from benchmarks.informed.records import Answer, Asked

__all__ = ["LISTED", "Kit"]

LISTED = 1000
"""Recipients in the closed list."""
SIZE = 5  # photos
NEIGHBOURS = 3  # other photos of a collage
KEY_BYTES, RECIPIENTS = 32, 2**32
MILLI, PERCENT = 1000, 100


@dataclass(frozen=True, eq=False)
class Kit:
    """Some photos that follow each other in a folder, the first of which is leaked."""

    paths: tuple[Path, ...]
    """Of all photos there are."""
    at: int
    """Which is the first."""
    limits: Limits
    """To what photos are shrunk."""
    seed: int
    """Of the run."""

    @property
    def name(self) -> str:
        """Give the first photo's file name."""
        return self.paths[self.at].name

    def rng(self, *words: str | int) -> np.random.Generator:
        """Make the generator of one leak, the same whichever others are made."""
        return rng_for(self.seed, self.name, *words)

    @cached_property
    def key(self) -> tm.Key:
        """The key of the whole kit."""
        return tm.Key(self.rng("key").bytes(KEY_BYTES))

    @cached_property
    def listed(self) -> list[int]:
        """The closed list; those who leak come first."""
        return [int(one) for one in self.rng("recipients").choice(RECIPIENTS, LISTED, replace=False)]

    @property
    def photos(self) -> list[Pixels]:
        """The photos."""
        return [self.photo(step) for step in range(min(SIZE, len(self.paths)))]

    def photo(self, step: int) -> Pixels:
        """Load the first photo, or one after it."""
        return _loaded(self.paths[(self.at + step) % len(self.paths)], self.limits)

    @cached_property
    def plans(self) -> list[tm.Plan]:
        """The photos, prepared."""
        return [tm.prepare(photo, key=self.key) for photo in self.photos]

    @cached_property
    def plan(self) -> tm.Plan:
        """The first photo, prepared."""
        return tm.prepare(self.photo(0), key=self.key)

    @property
    def others(self) -> list[Pixels]:
        """Three other photos."""
        return [self.photo(step) for step in range(1, NEIGHBOURS + 1)]

    def copies(self, plan: tm.Plan, count: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        """Make the copies of the first recipients; shape (count, rows, columns, 3)."""
        return np.stack([plan.copy_for(recipient) for recipient in self.listed[:count]])

    def read(self, asked: Asked, leaks: Sequence[Pixels], guilty: Sequence[int]) -> Answer:
        """Read the leaks of the first photos with their originals and the list."""
        start = time.process_time()
        originals = [self.photo(step) for step in range(len(leaks))]
        found = tm.detect_together(leaks, key=self.key, originals=originals, recipients=self.listed)
        cpu_ms = round(MILLI * (time.process_time() - start))
        named = set(found.recipients)
        return Answer(
            **vars(asked),
            verdict=found.verdict,
            right=len(named & set(guilty)),
            wrong=len(named - set(guilty)),
            informed=int(found.method == "informed"),
            centi_score=round(PERCENT * (found.score or 0)),
            cpu_ms=cpu_ms,
        )


@lru_cache(maxsize=8)
def _loaded(path: Path, limits: Limits) -> Pixels:
    """Load a photo that several kits have; it is not to be changed."""
    photo = load(path, limits)
    photo.setflags(write=False)
    return photo
