import json
from types import SimpleNamespace

import numpy as np
import pytest

import tracemark
from benchmarks.provenance import provenance
from benchmarks.speed import probes
from benchmarks.speed.measures import Measure, render


@pytest.fixture
def photo(rng):
    return rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)


@pytest.fixture
def stand_in(monkeypatch):
    stand_in = SimpleNamespace(
        Key=tracemark.Key,
        prepare=lambda image, *, key: SimpleNamespace(
            copy_for=lambda recipient: image + 1, jpeg_for=lambda recipient, *, quality: bytes(quality)
        ),
        detect=lambda leak, *, key: SimpleNamespace(recipient=probes.RECIPIENTS[0]),
    )
    monkeypatch.setattr(probes, "tm", stand_in)


@pytest.mark.parametrize(
    ("case", "steps"),
    [
        ("embed", {"prepare", "first copy", "further copy"}),
        ("read", {"first", "again", "named"}),
        ("splice", {"prepare", "variants", "spliced copy"}),
    ],
)
def test_a_probe_prints_its_steps_and_its_peak(case, steps, photo, stand_in, tmp_path, capsys):
    np.save(tmp_path / "photo.npy", photo)
    probes.main([case, str(tmp_path / "photo.npy")])
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["seconds"]) == steps
    assert answer["peak_rss_mib"] > 0
    assert answer["encode_s"] > 0


def test_a_copy_of_a_kit_and_the_writing_of_its_file_are_timed(demo_photo, monkeypatch):
    monkeypatch.setattr(probes, "KIT_COPIES", 40)
    monkeypatch.setattr(probes, "WRITTEN_FILES", 10)
    photo = np.ascontiguousarray(tracemark.read_photo(demo_photo).pixels[:256, :336])
    seconds = probes.kit(photo)
    assert set(seconds) == {"copy", "file written"}
    assert seconds["file written"] > 0


def test_leaks_are_of_the_size_of_a_posted_photo(stand_in, rng):
    leaks = probes.leaks(rng.integers(0, 256, (1000, 2000, 3), dtype=np.uint8))
    assert {name: max(leak.shape) for name, leak in leaks.items()} == {"whole": 1600, "crop": 1000, "unmarked": 1600}


def test_the_table_adds_up_the_time_to_the_first_copy_and_shows_aims():
    common = {"case": "mark 24 megapixels", "pixels": 24_000_000, "encode_s": 0.1, "peak_rss_mib": 900}
    measures = [
        Measure(step="prepare", seconds=1.0, **common),
        Measure(step="first copy", seconds=0.25, **common),
        Measure(**{**common, "case": "splice 24 megapixels"}, step="spliced copy", seconds=0.002),
        Measure(case="start", step="tracemark --help", seconds=0.2),
    ]
    text = render({**provenance(), "photo": "a.jpg"}, measures)
    assert "| mark 24 megapixels | prepare + first copy | 24.0 | 1.250 | 2 | 12.5 |  | 900 | 1536 |  |" in text
    assert "| splice 24 megapixels | spliced copy | 24.0 | 0.002 |  | 0.020 | 0.05 | 900 | 1536 |  |" in text
    assert "| start | tracemark --help |  | 0.200 | 0.3 |  |  |  |  |  |" in text
