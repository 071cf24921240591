"""How much energy goes into being found: sync pattern and beacon, against the message, with the place searched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import tracemark as tm
from benchmarks.choices.leaks import LEAKS
from benchmarks.choices.subjects import SMALL_PX, Setting, Subject
from benchmarks.choices.variants import EQUAL_SIGHT, Variant, applied
from benchmarks.page import table
from tracemark.profile import PROFILE

__all__ = ["FindingChoice", "Found"]

STEP = 0.08  # share of energy by which the sync pattern differs
BEACON_STEP = 0.05  # and the beacon


@dataclass(frozen=True)
class Found:
    """One leak, searched and read as users do."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    leak: str
    """Name of the leak."""
    photo: str
    """Name of the file."""
    right: bool
    """Whether exactly its recipient was named."""
    wrong: bool
    """Whether somebody else was."""


@dataclass(frozen=True)
class FindingChoice:
    """Shares of sync pattern, beacon and message, whose sum is the present one."""

    def measure(self, setting: Setting) -> Iterator[Found]:
        """Mark, leak and detect every photo with every alternative."""
        for variant in _variants():
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant, also=EQUAL_SIGHT):
                for subject in setting.subjects(sizes=(SMALL_PX,)):
                    yield from _found(subject, name)

    def render(self, found: Sequence[Found]) -> str:
        """Write a table: recipients named, one row an alternative."""
        leaks = list(dict.fromkeys(one.leak for one in found))
        body = []
        for variant in dict.fromkeys(one.variant for one in found):
            own = [one for one in found if one.variant == variant]
            groups = [[one for one in own if one.leak == leak] for leak in leaks]
            cells = [f"{sum(one.right for one in group)}/{len(group)}" for group in groups]
            body.append([variant, *cells, str(sum(one.wrong for one in own))])
        head = ["sync / beacon / message", *leaks, "wrong names"]
        return f"Recipients named by `detect`, photos of {SMALL_PX} px.\n\n{table(head, body)}\n"


def _variants() -> Iterator[Variant]:
    """List the shares, the present ones second."""
    steps = ((-STEP, 0.0), (0.0, 0.0), (STEP, 0.0), (0.0, -BEACON_STEP), (0.0, BEACON_STEP))
    for sync_step, beacon_step in steps:
        sync, beacon = round(PROFILE.sync_share + sync_step, 4), round(PROFILE.beacon_share + beacon_step, 4)
        message = round(PROFILE.message_share - sync_step - beacon_step, 4)
        fields = {"sync_share": sync, "beacon_share": beacon, "message_share": message}
        yield Variant(f"{sync:.2f} / {beacon:.2f} / {message:.2f}", fields)


def _found(subject: Subject, name: str) -> Iterator[Found]:
    """Search and read one photo's leaks; the last, a whole photo at its own size, is too easy to tell shares apart."""
    plan = tm.prepare(subject.photo, key=subject.key)
    (recipient,) = subject.recipients(1)
    copy = np.asarray(plan.copy_for(recipient), dtype=np.uint8)
    for leak in LEAKS[:-1]:
        cut, _ = leak.cut(copy, plan.layout, subject.rng(leak.name))
        verdict = tm.detect(leak.save(cut), key=subject.key)
        named = verdict.recipient
        yield Found(name, leak.name, subject.name, named == recipient, named not in (None, recipient))
