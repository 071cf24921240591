"""Leaks of a single recipient's copy: the views of the registration's table, two of them in a row, the gauntlet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.gauntlet.attacks import ATTACKS, Attack
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.registration.views import VIEWS, View, show

__all__ = ["LEAKS", "Leak", "Make"]

Make = Callable[[Pixels, Sequence[Pixels], np.random.Generator], Pixels]
"""Copy, three other photos and luck to a leak."""

PAIRS = (
    ("screen-photo", "whole-480"),
    ("print-scan", "screen-photo"),
    ("text-40", "jpeg-20"),
    ("rotate-any", "scrap-30-x0.5"),
    ("colour-filter", "perspective-15"),
    ("nl-means", "whole-480"),
    ("wobble-3", "black-white"),
    ("mirror", "crop-5"),
)
"""Two views in a row, by name: each kind of damage once or twice."""


@dataclass(frozen=True)
class Leak:
    """One way to leak a copy."""

    name: str
    """Unique in its part."""
    part: str
    """Which table it belongs to: ``views``, ``pairs`` or ``gauntlet``."""
    make: Make
    """What makes it."""


def _seen(*views: View) -> Make:
    """Make a leak that shows a copy in one view after the other."""

    def make(copy: Pixels, others: Sequence[Pixels], rng: np.random.Generator) -> Pixels:
        leak = copy
        for view in views:
            leak = show(view, leak, list(others), rng).pixels
        return leak

    return make


def _attacked(attack: Attack) -> Make:
    """Make a leak of a row of the gauntlet."""

    def make(copy: Pixels, others: Sequence[Pixels], rng: np.random.Generator) -> Pixels:
        del others
        return attack.apply(copy, rng)

    return make


_BY_NAME = {view.name: view for view in VIEWS}

LEAKS: tuple[Leak, ...] = (
    *(Leak(view.name, "views", _seen(view)) for view in VIEWS),
    *(Leak(f"{one}, {two}", "pairs", _seen(_BY_NAME[one], _BY_NAME[two])) for one, two in PAIRS),
    *(Leak(attack.name, "gauntlet", _attacked(attack)) for attack in ATTACKS if attack.delivered_px is None),
)
"""Every row; those of the gauntlet that mark a small photo are left out, since a megapixel is promised."""
