"""How well the strength solver foresees SSIMULACRA2."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import tracemark as tm
from benchmarks.choices.subjects import SIZES, Setting, Subject
from benchmarks.choices.variants import NEVER_SPARING, Variant, applied
from benchmarks.gauntlet.quality import ssimulacra2
from benchmarks.page import table
from tracemark.layers import layers_of
from tracemark.plan import Plan
from tracemark.signal.chips import codebook
from tracemark.signal.layout import to_working
from tracemark.signal.luma import luma_of
from tracemark.signal.mask import allowance
from tracemark.signal.visibility import look_at

__all__ = ["Sight", "VisibilityChoice"]


@dataclass(frozen=True)
class Sight:
    """One copy, predicted and measured."""

    long_side: int
    """Of the photo, pixels."""
    photo: str
    """Name of the file."""
    predicted: float
    """SSIMULACRA2 that the solver expects at the strength it chose."""
    measured: float
    """SSIMULACRA2 of the copy."""


@dataclass(frozen=True)
class VisibilityChoice:
    """The prediction against the metric, at the strength that photos are marked with."""

    def measure(self, setting: Setting) -> Iterator[Sight]:
        """Predict and measure every photo at every size."""
        for subject in setting.subjects(sizes=SIZES):
            with applied(Variant("never sparing", constants=NEVER_SPARING)):
                plan = tm.prepare(subject.photo, key=subject.key)
            copy = np.asarray(plan.copy_for(subject.recipients(1)[0]), dtype=np.uint8)
            measured = ssimulacra2(subject.photo, copy)
            yield Sight(subject.long_side, subject.name, _predicted(subject, plan), measured)

    def render(self, sights: Sequence[Sight]) -> str:
        """Write a table: one row a size."""
        head = ["long side", "predicted, mean", "measured, mean", "least", "error, mean", "its spread", "worst error"]
        body = []
        for size in sorted({sight.long_side for sight in sights}):
            own = [sight for sight in sights if sight.long_side == size]
            predicted, measured = (
                np.array([getattr(sight, name) for sight in own]) for name in ("predicted", "measured")
            )
            error = measured - predicted
            worst = error[np.argmax(np.abs(error))]
            numbers = [f"{value:.1f}" for value in (predicted.mean(), measured.mean(), measured.min())]
            errors = [f"{error.mean():+.1f}", f"{error.std(ddof=min(1, len(error) - 1)):.1f}", f"{worst:+.1f}"]
            body.append([f"{size} px", *numbers, *errors])
        return f"The error is measured less predicted.\n\n{table(head, body)}\n"


def _predicted(subject: Subject, plan: Plan) -> float:
    """Ask the solver what it expects of the strength it chose."""
    luma = luma_of(subject.photo)
    working = to_working(luma, plan.layout)
    key, digest, chip_set = plan.key, plan.digest, plan.chip_set
    layers = layers_of(working, allowance(working), key=key, book=codebook(key), digest=digest, chip_set=chip_set)
    return look_at(luma, plan.layout).visibility_of(layers.sample).score_at(plan.strength)
