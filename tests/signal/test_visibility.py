import cv2
import numpy as np
import pytest

from tracemark.signal.layout import lay_out
from tracemark.signal.visibility import look_at

SHAPES = [(320, 480), (427, 641), (961, 1501), (1500, 2100)]


def picture(rng, shape):
    """Something with smooth and with busy parts."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 2)
    ramp = np.linspace(0, 1, shape[1], dtype=np.float32)[None]
    return np.clip(60 + 120 * ramp + 400 * noise * ramp, 0, 255).astype(np.float32)


def mark(rng, layout):
    return cv2.GaussianBlur(rng.standard_normal(layout.working).astype(np.float32), (0, 0), 1) * np.float32(3.5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("target", [80.0, 88.0])
def test_the_strength_found_is_predicted_to_score_the_target(shape, target, rng):
    layout, luma = lay_out(*shape), picture(rng, shape)
    visibility = look_at(luma, layout).visibility_of(mark(rng, layout))
    strength = visibility.strength_for(target, most=100.0)
    assert strength < 100
    assert visibility.score_at(strength) == pytest.approx(target, abs=0.1)


def test_a_stronger_mark_scores_lower(rng):
    layout, luma = lay_out(320, 480), picture(rng, (320, 480))
    visibility = look_at(luma, layout).visibility_of(mark(rng, layout))
    scores = [visibility.score_at(strength) for strength in (0.0, 0.25, 0.5, 1, 2, 4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 95


def test_texture_hides_a_mark_that_smoothness_shows(rng):
    layout = lay_out(320, 480)
    pattern = mark(rng, layout)
    smooth = np.full((320, 480), 128, dtype=np.float32)
    busy = np.clip(128 + 30 * rng.standard_normal((320, 480)), 0, 255).astype(np.float32)
    shown, hidden = (look_at(luma, layout).visibility_of(pattern).score_at(1.0) for luma in (smooth, busy))
    assert hidden > shown + 1


@pytest.mark.parametrize("most", [0.01, 0.1])
def test_the_strength_never_exceeds_the_most(most, rng):
    layout, luma = lay_out(320, 480), picture(rng, (320, 480))
    assert look_at(luma, layout).visibility_of(mark(rng, layout)).strength_for(60.0, most=most) == pytest.approx(most)


def test_twice_the_mark_gets_half_the_strength(rng):
    layout, luma = lay_out(320, 480), picture(rng, (320, 480))
    pattern = mark(rng, layout)
    one, two = (
        look_at(luma, layout).visibility_of(pattern * np.float32(f)).strength_for(85.0, most=100.0) for f in (1, 2)
    )
    assert one == pytest.approx(2 * two, rel=0.02)


def test_eight_bits_and_floats_of_the_same_luma_agree(rng):
    layout, luma = lay_out(320, 480), np.rint(picture(rng, (320, 480)))
    pattern = mark(rng, layout)
    scores = [look_at(kind, layout).visibility_of(pattern).score_at(1.0) for kind in (luma, luma.astype(np.uint8))]
    assert scores[0] == pytest.approx(scores[1], abs=0.1)
