"""What all tests may ask for."""

import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

import tracemark as tm
from tracemark import placing

# A process of tests for each core: threads on the others' would only wait for one another.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER and hasattr(os, "sched_setaffinity"):
    CORES = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {CORES[int(WORKER.removeprefix("gw")) % len(CORES)]})

# A shared machine is slow at times, and a run that counts must be one that can be had again.
settings.register_profile("tracemark", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tracemark")

SEED = 20240601
SHIPPED = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts anew, and the same, for each test."""
    return np.random.default_rng(SEED)


@pytest.fixture
def key() -> tm.Key:
    """A key that is the same in every run."""
    return tm.Key(bytes(range(32)))


@pytest.fixture
def quick_searches_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the long searches, for tests of what follows from nothing found: they take most of a search in vain."""
    monkeypatch.setattr(placing, "SEARCHES", placing.QUICK_SEARCHES)
    monkeypatch.setattr(placing, "PARTS", ())


@pytest.fixture(scope="session")
def demo_photo() -> Path:
    """The file of the photograph that the program ships."""
    return Path(str(files("tracemark_cli") / "data" / "seeding.jpg"))


@pytest.fixture(scope="session")
def photos(demo_photo: Path) -> dict[str, NDArray[np.uint8]]:
    """Real photographs by name: scikit-image's, the demo's, and those in the folder TRACEMARK_PHOTOS."""
    paths = [Path(str(files("skimage.data") / name)) for name in SHIPPED] + [demo_photo]
    if "TRACEMARK_PHOTOS" in os.environ:
        folder = Path(os.environ["TRACEMARK_PHOTOS"])
        paths += sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    pixels = {path.stem: tm.read_photo(path).pixels for path in paths}
    for picture in pixels.values():
        # Tests share them.
        picture.setflags(write=False)
    return pixels
