"""The command line as a person meets it, and stand-ins where the mark itself is not the matter."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import tracemark as tm
from tests.kit.conftest import closable  # noqa: F401 - a fixture for the tests here, too
from tracemark_cli.main import tracemark


@dataclass
class StandInPlan:
    """Writes the recipient into the first pixel, where a lossless file keeps it."""

    pixels: np.ndarray
    digest: bytes = bytes(32)

    def copy_for(self, recipient):
        marked = self.pixels.copy()
        marked[0, 0] = recipient
        return marked

    def spliced_size(self, *, like, quality):
        return np.inf  # too much: each copy is encoded


@dataclass
class StandInVerdict:
    """The answer that the first pixel gives: its value is the recipient."""

    recipient: int | None
    verdict: str = "identified"
    log10_false_alarm: float = -12.7
    method: str = "blind"
    geometry: np.ndarray | None = field(default_factory=lambda: np.eye(3))
    reason: str = "the first pixel says so"
    trials: int = 1
    candidates: tuple = ()
    photo: bytes | None = None
    faint: tuple = ()
    uncounted: tuple = ()

    @property
    def recipients(self):
        return [] if self.recipient is None else [self.recipient]


ANSWERS = {
    0: StandInVerdict(None, "none", 0.0, geometry=None, reason="no mark was found"),
    1: StandInVerdict(None, "inconclusive", -5.0, reason="a mark, too weak to name anybody"),
}


@pytest.fixture
def stand_in(monkeypatch):
    """Put a mark of one pixel in the place of the real one."""

    def prepare(pixels, *, key):
        if min(pixels.shape[:2]) < 8:
            raise tm.PhotoError("photo must be at least 8 px wide, not 1")
        return StandInPlan(pixels)

    def detect(pixels, *, key):
        first = int(pixels[0, 0].flat[0])
        return ANSWERS.get(first) or StandInVerdict(first)

    def read_back(file, *, recipient, key, original, guests):
        if int(tm.read_photo(file).pixels[0, 0].flat[0]) != recipient:
            raise tm.KitError(f"copy must be read as recipient {recipient}'s")
        return tm.Check("blind", -12.7)

    def detect_together(leaks, *, key, originals=None, ledger=None, recipients=None):
        return detect(leaks[0], key=key)

    monkeypatch.setattr("tracemark.kit.preparing.prepare", prepare)
    monkeypatch.setattr("tracemark.kit.making.read_back", read_back)
    monkeypatch.setitem(vars(tm), "detect", detect)
    monkeypatch.setitem(vars(tm), "detect_together", detect_together)


@pytest.fixture
def run(monkeypatch):
    """Run a command; paths and numbers may be given as they are."""
    monkeypatch.delenv("TRACEMARK_KEY_FILE", raising=False)

    def run(*arguments, env=None):
        result = CliRunner().invoke(tracemark, [str(argument) for argument in arguments], env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def key_file(tmp_path, key) -> Path:
    path = tmp_path / "press.key"
    key.save(path)
    return path


@pytest.fixture
def png(tmp_path) -> Path:
    path = tmp_path / "photos" / "car.png"
    path.parent.mkdir()
    Image.new("RGB", (320, 240), (90, 120, 200)).save(path)
    return path
