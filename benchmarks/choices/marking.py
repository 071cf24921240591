"""Alternatives in how a photo is marked: scored in leaks, each at the same predicted SSIMULACRA2."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

import tracemark as tm
from benchmarks.choices.leaks import CROP_3, LEAKS, Leak
from benchmarks.choices.scores import blind_score, locate
from benchmarks.choices.subjects import LARGE_PX, SIZES, SMALL_PX, Setting, Subject
from benchmarks.choices.variants import EQUAL_SIGHT, Variant, applied
from benchmarks.gauntlet.quality import ssimulacra2
from benchmarks.page import table
from tracemark.profile import PROFILE
from tracemark.signal.luma import luma_of

__all__ = ["BORDER", "CELLS", "CONTENTS", "DITHER", "FINEST", "LEVELS", "MASK", "MarkingChoice", "Score"]

QUALITY_PX = 1024  # side of the middle that is compared in a large photo: the whole takes a quarter of a minute


@dataclass(frozen=True)
class Score:
    """One copy in one leak, or how good it looks."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    long_side: int
    """Of the photo, pixels."""
    leak: str
    """Name of the leak; ``SSIMULACRA2`` when z is that."""
    photo: str
    """Name of the file."""
    z: float
    """Correlation of the true message, standard deviations."""
    symbols: int = 0
    """Message symbols in the leak."""
    read: bool = False
    """Whether the word was decoded."""


SEEN = "SSIMULACRA2"


@dataclass(frozen=True)
class MarkingChoice:
    """A choice among alternatives that are scored by reading leaks."""

    variants: tuple[Variant, ...]
    """The alternatives."""
    leaks: tuple[Leak, ...] = LEAKS
    """What they are read from."""
    sizes: tuple[int, ...] = SIZES
    """Long sides of the photos, pixels."""
    seen_at: int = SMALL_PX
    """Long side at which SSIMULACRA2 is measured."""

    def measure(self, setting: Setting) -> Iterator[Score]:
        """Mark, leak and read every photo with every alternative."""
        for variant in self.variants:
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant, also=EQUAL_SIGHT):
                for subject in setting.subjects(sizes=self.sizes):
                    yield from self._scores(subject, name)

    def render(self, scores: Sequence[Score]) -> str:
        """Write a table: mean z and words read, one row an alternative."""
        columns = list(dict.fromkeys((score.long_side, score.leak) for score in scores if score.leak != SEEN))
        columns.sort(key=lambda column: column[0])
        head = ["", *(f"{size} px: {leak}" for size, leak in columns), self._seen()]
        body = []
        for variant in dict.fromkeys(score.variant for score in scores):
            own = [score for score in scores if score.variant == variant]
            cells = [_cell([score for score in own if (score.long_side, score.leak) == column]) for column in columns]
            body.append([variant, *cells, f"{mean(score.z for score in own if score.leak == SEEN):.1f}"])
        return f"Mean z of the true message · words read.\n\n{table(head, body)}\n"

    def _seen(self) -> str:
        """Title the last column."""
        return f"{SEEN}, {self.seen_at} px" + (f", middle {QUALITY_PX} px" if self.seen_at > SMALL_PX else "")

    def _scores(self, subject: Subject, name: str) -> Iterator[Score]:
        """Score one photo at one size."""
        plan = tm.prepare(subject.photo, key=subject.key)
        (recipient,) = subject.recipients(1)
        copy = np.asarray(plan.copy_for(recipient), dtype=np.uint8)
        for leak in self.leaks:
            cut, transform = leak.cut(copy, plan.layout, subject.rng(leak.name))
            score = blind_score(locate(luma_of(leak.save(cut)), transform, plan), plan, recipient)
            yield Score(name, subject.long_side, leak.name, subject.name, score.z, score.symbols, score.read)
        if subject.long_side == self.seen_at:
            middle = tuple(slice(max(side - QUALITY_PX, 0) // 2, (side + QUALITY_PX) // 2) for side in copy.shape[:2])
            if subject.long_side == SMALL_PX:
                middle = (slice(None), slice(None))
            yield Score(name, subject.long_side, SEEN, subject.name, ssimulacra2(subject.photo[middle], copy[middle]))


def _cell(scores: Sequence[Score]) -> str:
    """Write the mean score and how many words were read."""
    return f"{mean(score.z for score in scores):.1f} · {sum(score.read for score in scores)}/{len(scores)}"


def _levels(*pairs: tuple[int, float]) -> Variant:
    """Name the levels that carry chips."""
    return Variant(", ".join(f"level {level} x {size:g}" for level, size in pairs), {"chip_levels": pairs})


def _cells(side: int) -> Variant:
    """Change the cell but not the tile, and let the delivered cell grow and shrink with it."""
    fields = {"cell": side, "tile": 256 // side, "unit": side}
    # A photo that has enough small cells has too few large ones, and would be refused.
    constants = {"tracemark.signal.layout.LEAST_CELLS": 1} if side > PROFILE.cell else {}
    return Variant(f"{side} px, {256 // side} x {256 // side} a tile", fields, constants)


def _weights(border: int, fading: float, limit: float) -> Variant:
    """Change how far a cell's border is smoothed, and how the reader weighs fine levels and clips all."""
    constants = {"tracemark.signal.whitening.FADING": fading, "tracemark.signal.whitening.LIMIT": limit}
    return Variant(f"border {border}, fading {fading:g}, limit {limit:g}", {"border": border}, constants)


# fmt: off
LEVELS = MarkingChoice((
    _levels((2, 1.0)), _levels((2, 1.0), (3, 1.0)), _levels((2, 1.0), (3, 2.0)), _levels((2, 1.0), (3, 2.5)),
    _levels((2, 1.0), (3, 3.0)), _levels((3, 1.0)), _levels((2, 1.0), (3, 2.0), (4, 2.0)),
    _levels((1, 0.5), (2, 1.0), (3, 2.5)), _levels((1, 0.5), (2, 1.0), (3, 3.5)),
))
FINEST = MarkingChoice((
    _levels((2, 1.0), (3, 2.5)), _levels((1, 0.5), (2, 1.0), (3, 2.5)),
    _levels((1, 0.5), (2, 1.0), (3, 3.5)), _levels((1, 1.0), (2, 1.0), (3, 3.5)), _levels((1, 1.0), (2, 1.0), (3, 5.0)),
    _levels((1, 0.5), (2, 1.0), (3, 2.5), (4, 2.5)),
), seen_at=LARGE_PX)
CONTENTS = MarkingChoice(
    tuple(Variant(f"{slots} symbols, {2 ** (slots + 1)} contents", {"message_slots": slots}) for slots in (1, 3, 5)),
    leaks=(*LEAKS, CROP_3),
)
CELLS = MarkingChoice(tuple(_cells(side) for side in (16, 32, 64)), leaks=(*LEAKS, CROP_3))
BORDER = MarkingChoice(tuple(
    _weights(border, fading, limit)
    for border, fading, limit in ((1, 1.5, 2.0), (2, 1.5, 2.0), (3, 1.5, 2.0), (1, 0.0, 2.0), (1, 1.5, 1.5))
), leaks=(*LEAKS, CROP_3))
MASK = MarkingChoice(tuple(
    Variant(f"exponent {exponent:g}, floor {floor:g}",
            constants={"tracemark.signal.mask.EXPONENT": exponent, "tracemark.signal.mask.FLOOR": floor})
    for exponent, floor in ((0.0, 2.0), (0.5, 2.0), (0.7, 1.0), (0.7, 2.0), (0.7, 4.0), (1.0, 2.0))
))
SPREADS = "tracemark.signal.dither.SPREADS"
DITHER = MarkingChoice((
    Variant("dithered where contents are much alike"),
    Variant("dithered everywhere", constants={SPREADS: (98.0, 99.0)}),
    Variant("rounded", constants={SPREADS: (-2.0, -1.0)}),
), seen_at=LARGE_PX)
# fmt: on
