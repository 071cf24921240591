"""Look at a leak in each way that laying it onto originals takes, once, however many originals there are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.features import Features, extract
from tracemark.geometry.straightening import Sight, legible, positive_of, sight_of

__all__ = ["Leak"]

LEAK_FEATURES = 3000  # keypoints: a leak may show other things, too


@dataclass(frozen=True, eq=False)
class Leak:
    """A leak that is to be laid onto originals; what is seen in it is looked for when it is first asked for."""

    luma: NDArray[np.float32]
    """0 to 255, any size; shape (rows, columns)."""

    @cached_property
    def features(self) -> Features:
        """Keypoints of the leak as it is, in its pixels."""
        return extract(self.luma, most=LEAK_FEATURES)

    @cached_property
    def legible_features(self) -> Features:
        """Keypoints once what was cut off is filled up, as white letters are; the same where hardly anything was."""
        filled = legible(self.sight(negative=False))
        return self.features if filled is self.luma else extract(filled, most=LEAK_FEATURES)

    def sight(self, *, negative: bool) -> Sight:
        """Look at the leak with black and white as they are, or, where it is a negative, exchanged back."""
        return self._negative if negative else self._positive

    @cached_property
    def _positive(self) -> Sight:
        """The leak as it is."""
        return sight_of(self.luma)

    @cached_property
    def _negative(self) -> Sight:
        """The leak with black and white exchanged."""
        return sight_of(positive_of(self.luma, negative=True))
