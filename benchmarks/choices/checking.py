"""How small a photo may be for its copies to be read back without it, at half their size."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tracemark as tm
from benchmarks.choices.subjects import Setting, Subject
from benchmarks.page import table
from tracemark.kit.checking import leaked

__all__ = ["CheckingChoice", "ReadBack"]

SIZES = (480, 640, 720, 800, 960, 1280, 1920)
"""Long sides, pixels."""
GUESTS = 300
"""Who have a copy, among whom it is recognised."""
MEGA = 1e6


@dataclass(frozen=True)
class ReadBack:
    """One copy, read back as a kit does."""

    long_side: int
    """Of the photo, pixels."""
    pixels: int
    """Of the photo."""
    photo: str
    """Name of the file."""
    blind: bool
    """Whether the original was not needed."""
    blind_s: float
    """How long that took to find out, seconds of a processor."""
    informed: bool
    """Whether it was read with the original."""
    informed_s: float
    """How long that took, seconds of a processor."""


@dataclass(frozen=True)
class CheckingChoice:
    """Reading back without the original and with it, photos of several sizes."""

    def measure(self, setting: Setting) -> Iterator[ReadBack]:
        """Deliver a copy of each photo at every size, and read it."""
        for subject in setting.subjects(sizes=SIZES):
            yield _read(subject)

    def render(self, copies: Sequence[ReadBack]) -> str:
        """Write a table: one row a size."""
        body = []
        for size in sorted({copy.long_side for copy in copies}):
            own = [copy for copy in copies if copy.long_side == size]
            many = len(own)
            body.append(
                [
                    f"{size} px",
                    f"{sum(copy.pixels for copy in own) / many / MEGA:.2f}",
                    f"{sum(copy.blind for copy in own)}/{many}",
                    f"{sum(copy.blind_s for copy in own) / many:.1f}",
                    f"{sum(copy.informed for copy in own)}/{many}",
                    f"{sum(copy.informed_s for copy in own) / many:.1f}",
                ]
            )
        return f"{table(['long side', 'megapixels', 'blind', 'seconds', 'informed', 'seconds'], body)}\n"


def _read(subject: Subject) -> ReadBack:
    """Deliver one copy, and read it both ways."""
    key, (recipient, *others) = subject.key, subject.recipients(GUESTS)
    plan = tm.prepare(subject.photo, key=key)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "copy.jpg"
        tm.write_atomically(file, plan.jpeg_for(recipient, splice=False))
        leak = leaked(file)
    blind, blind_s = _named(partial(tm.detect, leak, key=key))
    candidates = [recipient, *others]
    informed, informed_s = _named(partial(tm.detect, leak, key=key, original=subject.photo, recipients=candidates))
    rows, columns = subject.photo.shape[:2]
    sizes = (subject.long_side, rows * columns, subject.name)
    return ReadBack(*sizes, blind == [recipient], blind_s, informed == [recipient], informed_s)


def _named(read: Callable[[], tm.Verdict]) -> tuple[list[int], float]:
    """Say whom a reading names, and how many seconds of a processor it takes."""
    began = time.process_time()
    named = list(read().recipients)
    return named, time.process_time() - began
