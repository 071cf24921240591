"""How many symbols a photo holds, and how the mark's energy is divided between message and fingerprint."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

import tracemark as tm
from benchmarks.choices.leaks import LEAKS, PLAIN, SCRAP_3, Leak
from benchmarks.choices.scores import blind_score, informed_score, locate
from benchmarks.choices.subjects import SIZES, SMALL_PX, Setting, Subject
from benchmarks.choices.variants import EQUAL_SIGHT, Variant, applied
from benchmarks.gauntlet.damage.pixels import Pixels, clipped
from benchmarks.page import table
from tracemark.plan import Plan
from tracemark.profile import PROFILE
from tracemark.signal.luma import luma_of

__all__ = ["RANK", "SPLIT", "SplitChoice", "SplitScore"]

FINGERPRINTS = (0.07, 0.15, 0.25, 0.37)  # shares; the message gives or takes what they differ by
MIXES = (2, 5, 10)  # copies in an average


@dataclass(frozen=True)
class SplitScore:
    """One recipient in one leak."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    long_side: int
    """Of the photo, pixels."""
    column: str
    """What was read, and how."""
    photo: str
    """Name of the file."""
    z: float
    """Standard deviations."""
    symbols: int
    """Symbols in the leak; z cannot exceed the root of their number."""
    read: bool | None = None
    """Whether a blind word was decoded; None where none was asked for."""


@dataclass(frozen=True)
class SplitChoice:
    """A choice among alternatives that are read blind, informed and from averages of copies."""

    variants: tuple[Variant, ...]
    """The alternatives."""

    def measure(self, setting: Setting) -> Iterator[SplitScore]:
        """Mark, leak, mix and read every photo with every alternative."""
        for variant in self.variants:
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant, also=EQUAL_SIGHT):
                for subject in setting.subjects(sizes=SIZES):
                    plan = tm.prepare(subject.photo, key=subject.key)
                    yield from _blind(subject, plan, name)
                    yield from _informed(subject, plan, name)
                    if subject.long_side == SMALL_PX:
                        yield from _mixed(subject, plan, name)

    def render(self, scores: Sequence[SplitScore]) -> str:
        """Write a table: mean and least z, one row an alternative."""
        columns = list(dict.fromkeys((score.long_side, score.column) for score in scores))
        columns.sort(key=lambda column: column[0])
        titles = [f"{size} px: {column}" for size, column in columns]
        body = []
        for variant in dict.fromkeys(score.variant for score in scores):
            own = [score for score in scores if score.variant == variant]
            cells = [_cell([score for score in own if (score.long_side, score.column) == column]) for column in columns]
            body.append([variant, *cells])
        across = table(["", *(row[0] for row in body)], zip(titles, *(row[1:] for row in body), strict=True))
        return f"Mean z, least z in brackets; words read where they are blind.\n\n{across}\n"


def _blind(subject: Subject, plan: Plan, name: str) -> Iterator[SplitScore]:
    """Read the message from the leaks alone."""
    (recipient,) = subject.recipients(1)
    copy = np.asarray(plan.copy_for(recipient), dtype=np.uint8)
    for leak in LEAKS:
        cut, transform = leak.cut(copy, plan.layout, subject.rng(leak.name))
        score = blind_score(locate(luma_of(leak.save(cut)), transform, plan), plan, recipient)
        column = f"blind, {leak.name}"
        yield SplitScore(name, subject.long_side, column, subject.name, score.z, score.symbols, score.read)


def _informed(subject: Subject, plan: Plan, name: str) -> Iterator[SplitScore]:
    """Read a scrap less the original."""
    copies = [np.asarray(plan.copy_for(recipient), dtype=np.uint8) for recipient in subject.recipients(1)]
    yield from _contributors(subject, plan, copies, SCRAP_3, (name, f"informed, {SCRAP_3.name}"))


def _mixed(subject: Subject, plan: Plan, name: str) -> Iterator[SplitScore]:
    """Average copies, and look for everyone who gave one."""
    copies = [np.asarray(plan.copy_for(recipient), dtype=np.uint8) for recipient in subject.recipients(max(MIXES))]
    for count in MIXES:
        yield from _contributors(subject, plan, copies[:count], PLAIN, (name, f"informed, {count} copies averaged"))


def _contributors(
    subject: Subject, plan: Plan, copies: Sequence[Pixels], leak: Leak, names: tuple[str, str]
) -> Iterator[SplitScore]:
    """Leak an average of copies, subtract the original cut in the same way but not saved, and score each recipient."""
    average = clipped(np.mean(copies, axis=0, dtype=np.float32))
    cut, transform = leak.cut(average, plan.layout, subject.rng(leak.name))
    original, _ = leak.cut(subject.photo, plan.layout, subject.rng(leak.name))
    located = locate(luma_of(leak.save(cut)) - luma_of(original), transform, plan)
    for recipient in subject.recipients(len(copies)):
        score = informed_score(located, plan, recipient)
        variant, column = names
        record = (variant, subject.long_side)
        symbols = score.symbols
        yield SplitScore(*record, f"{column}, fingerprint", subject.name, score.fingerprint, symbols)
        every = symbols * (PROFILE.message_slots + 1)
        yield SplitScore(*record, f"{column}, both", subject.name, score.both, every)


def _cell(scores: Sequence[SplitScore]) -> str:
    """Write mean and least score, and how many words were read."""
    text = f"{mean(score.z for score in scores):.1f} ({min(score.z for score in scores):.1f})"
    read = [score.read for score in scores if score.read is not None]
    return f"{text} · {sum(read)}/{len(read)}" if read else text


def _shares() -> tuple[Variant, ...]:
    """List shares of message and fingerprint: always with the same sum."""
    total = PROFILE.message_share + PROFILE.fingerprint_share
    variants = []
    for share in sorted({*FINGERPRINTS, PROFILE.fingerprint_share}):
        message = PROFILE.message_share if share == PROFILE.fingerprint_share else round(total - share, 4)
        fields = {"message_share": message, "fingerprint_share": share}
        variants.append(Variant(f"{message:.2f} / {share:.2f}", fields))
    return tuple(variants)


def _symbols(side: int, slots: int) -> Variant:
    """Change the cell but not the tile, and the message symbols of a cell."""
    tile = PROFILE.tile_pixels // side
    fields = {"cell": side, "tile": tile, "unit": side, "message_slots": slots}
    return Variant(f"{side} px, {slots} + 1 symbols", fields)


SPLIT = SplitChoice(_shares())
RANK = SplitChoice(tuple(_symbols(side, slots) for side, slots in ((16, 1), (16, 3), (32, 1), (32, 3), (32, 5))))
