import cv2
import numpy as np
import pytest

from benchmarks.innocents.__main__ import LEAKS, Tail, draw, main, render
from benchmarks.innocents.drawing import CHUNK, STEPS, WAYS, counts, innocents
from tracemark.codes.accusation import Evidence
from tracemark.codes.message import mother_code
from tracemark.keys import Key
from tracemark.profile import PROFILE

FACTS = {"commit": "c"}


def tail(way, counted):
    return Tail("a", "a copy", way, 1000, counted, -31)


def test_innocents_score_as_coins_do(rng):
    code = mother_code(Key(bytes(32)), PROFILE.tile)
    message = rng.standard_normal(code.stages.size).astype(np.float32)
    evidence = Evidence(rng.standard_normal(300).astype(np.float32), message, code.ravel())
    (scores,) = innocents(evidence, CHUNK, rng)
    for drawn, soft in ((scores.fingerprint, evidence.fingerprint), (scores.message, evidence.message)):
        assert drawn.shape == (CHUNK,)
        assert drawn.std() == pytest.approx(np.linalg.norm(soft), rel=0.05)


def test_chances_are_counted_at_every_step():
    log_chance = np.log(10) * -np.array([0, 0.6, 0.6, 2.1, 9.0])
    counted = counts(log_chance)
    assert len(counted) == len(STEPS)
    assert counted[[STEPS.index(step) for step in (0, 0.5, 1, 2, 5)]].tolist() == [5, 4, 2, 2, 1]


def test_the_table_sums_up_readings_and_the_chart_leaves_nothings_out():
    some = (1000, *[20] * 4, *[3] * 8)
    tails = [tail(WAYS[0], some), tail(WAYS[1], (1000, *[0] * 12))]
    text = render(FACTS, tails)
    assert "1,000 innocents against 1 readings" in text
    assert "| allowed | 10 | 1 | 0 | 0 |" in text
    assert f"| {WAYS[0]} | 20 | 3 | 3 | 3 |" in text
    assert draw(tails).count("<circle") == 13 + 1 + 4  # and two in each key


def test_the_command_prints_and_writes_nothing(tmp_path, photos, capsys, monkeypatch):
    few = LEAKS[3:4]  # all take a minute
    monkeypatch.setattr("benchmarks.innocents.__main__.LEAKS", few)
    cv2.imwrite(str(tmp_path / "a.png"), photos["astronaut"][:400, :400])
    assert main(["--photos", str(tmp_path), "--each", str(CHUNK), "--dry-run"]) == 0
    assert f"{3 * len(few) * CHUNK:,} innocents against {3 * len(few)} readings" in capsys.readouterr().out
