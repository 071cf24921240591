"""Ways to save the bytes that a mark takes in smooth photos, and what they cost in leaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import cv2
import numpy as np

import tracemark as tm
from benchmarks.choices.leaks import LEAKS, PLAIN, Leak
from benchmarks.choices.scores import blind_score, locate
from benchmarks.choices.subjects import LARGE_PX, Setting, Subject
from benchmarks.choices.variants import EQUAL_SIGHT, NEVER_SPARING, Variant, applied
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.page import table
from tracemark.embedding import MOST_GROWTH
from tracemark.signal import chips
from tracemark.signal.luma import luma_of

__all__ = ["BytesChoice", "Grown"]

DELIVERED_PX = 600  # long side of a photo scaled down before it is marked, as in the gauntlet
QUALITY = 90  # JPEG, at which bytes are counted
BAR = 0.10  # growth above which a photo is looked at
BYTES = "bytes"  # stands for a leak's name where z is the growth
HUNDRED = 100

# fmt: off
SIZES: Mapping[int, tuple[Leak, ...]] = {
    DELIVERED_PX: (PLAIN, Leak("crop 50 %, JPEG 75", 50, 75), Leak("x 0.6, JPEG 60", 100, 60, .6)),
    LARGE_PX: LEAKS[:-1],
}
"""Long sides, pixels, and what is read at each."""
SPARINGLY = {"tracemark.embedding.MOST_GROWTH": MOST_GROWTH}
SPARING, (LESS, LITTLE) = "tracemark.signal.chips.SPARING", chips.SPARING
VARIANTS = (
    Variant("88.8, never sparing", constants=NEVER_SPARING),
    Variant("88.8, sparing where a file grows", constants=SPARINGLY),
    Variant("88.8, sparing in the second degree alone", constants={**SPARINGLY, SPARING: (LITTLE, LITTLE)}),
    Variant("88.8, sparing, level 1 x 0.25", constants={**SPARINGLY, SPARING: (LESS, ((1, .25), (2, .5), (3, 3.5)))}),
    Variant("88.8, sparing, level 3 alone", constants={**SPARINGLY, SPARING: (LESS, ((1, 0.0), (2, 0.0), (3, 3.5)))}),
    Variant("90", constants={"tracemark.embedding.TARGETS": (90.0, 90.0)}),
    Variant("92", constants={"tracemark.embedding.TARGETS": (92.0, 92.0)}),
    Variant("88.8, level 2 x 0.5 and no level 1 in mark and reader", {"chip_levels": ((2, .5), (3, 3.5))}),
    Variant("88.8, mask's floor 1", constants={"tracemark.signal.mask.FLOOR": 1.0}),
    Variant("88.8, mask's exponent 1",
            constants={"tracemark.signal.mask.EXPONENT": 1.0, "tracemark.signal.mask.FLOOR": 2.0}),
)
"""Named by the SSIMULACRA2 that photos are marked at."""
# fmt: on


@dataclass(frozen=True)
class Grown:
    """One copy in one leak, or by how much its file is larger."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    long_side: int
    """Of the photo, pixels."""
    leak: str
    """Name of the leak; ``bytes`` when z is the growth."""
    photo: str
    """Name of the file."""
    z: float
    """Correlation of the true message, standard deviations; or growth as a share."""
    read: bool = False
    """Whether the word was decoded."""


@dataclass(frozen=True)
class BytesChoice:
    """A choice among marks in the photos whose files the first alternative makes larger than the bar."""

    variants: tuple[Variant, ...] = VARIANTS
    """The alternatives."""

    def measure(self, setting: Setting) -> Iterator[Grown]:
        """Mark and leak every photo that grows too much, with every alternative; the first is asked which."""
        kept: set[tuple[str, int]] = set()
        for variant in self.variants:
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant, also={**EQUAL_SIGHT, **variant.constants}):
                for subject in setting.subjects(sizes=tuple(SIZES)):
                    if variant is self.variants[0] and _growth(subject.photo, _marked(subject)[-1]) > BAR:
                        kept.add((subject.name, subject.long_side))
                    if (subject.name, subject.long_side) in kept:
                        yield from _grown(subject, name)

    def render(self, grown: Sequence[Grown]) -> str:
        """Write a table: mean growth, mean and least z, and words read, one row an alternative."""
        columns = sorted(dict.fromkeys((one.long_side, one.leak) for one in grown), key=lambda column: column[0])
        names = dict.fromkeys((one.long_side, one.photo) for one in grown)
        body = []
        for variant in dict.fromkeys(one.variant for one in grown):
            own = [one for one in grown if one.variant == variant]
            groups = [[one for one in own if (one.long_side, one.leak) == column] for column in columns]
            body.append([variant, *map(_cell, groups)])
        head = ["SSIMULACRA2", *(f"{size} px: {leak}" for size, leak in columns)]
        counts = ", ".join(f"{sum(side == size for side, _ in names)} of {size} px" for size in SIZES)
        return (
            f"Photos: {counts}. Mean growth, or mean z, least z in brackets, and words read.\n\n{table(head, body)}\n"
        )


def _grown(subject: Subject, name: str) -> Iterator[Grown]:
    """Weigh and read one photo at one size."""
    plan, recipient, copy = _marked(subject)
    yield Grown(name, subject.long_side, BYTES, subject.name, _growth(subject.photo, copy))
    for leak in SIZES[subject.long_side]:
        cut, transform = leak.cut(copy, plan.layout, subject.rng(leak.name))
        score = blind_score(locate(luma_of(leak.save(cut)), transform, plan), plan, recipient)
        yield Grown(name, subject.long_side, leak.name, subject.name, score.z, score.read)


def _marked(subject: Subject) -> tuple[tm.Plan, int, Pixels]:
    """Make one copy."""
    plan = tm.prepare(subject.photo, key=subject.key)
    (recipient,) = subject.recipients(1)
    return plan, recipient, np.asarray(plan.copy_for(recipient), dtype=np.uint8)


def _growth(photo: Pixels, copy: Pixels) -> float:
    """Say by which share a copy's file is larger than its photo's, both with the Huffman tables for any picture."""
    return _file_size(copy) / _file_size(photo) - 1


def _file_size(picture: Pixels) -> int:
    """Count the bytes of a JPEG."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return int(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].size)


def _cell(group: Sequence[Grown]) -> str:
    """Write the mean growth, or how well the leaks are read."""
    values = [one.z for one in group]
    if group[0].leak == BYTES:
        return f"{HUNDRED * mean(values):+.1f} %"
    return f"{mean(values):.1f} ({min(values):.1f}) · {sum(one.read for one in group)}/{len(group)}"
