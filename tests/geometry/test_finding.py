import cv2
import numpy as np
import pytest

from tracemark.geometry import finding
from tracemark.geometry.features import extract
from tracemark.geometry.finding import Gallery, find

MOST = 4  # candidates


def gallery_of(lumas):
    features = [extract(luma, most=600) for luma in lumas]
    starts = np.cumsum([0, *(len(each) for each in features)])
    keypoints, descriptors = (
        np.concatenate([getattr(each, name) for each in features]) for name in ("keypoints", "descriptors")
    )
    return Gallery(keypoints, descriptors, starts)


@pytest.fixture(scope="module")
def gallery(coffee, astronaut, rocket):
    """Forty originals: three photographs, a flat one, and parts of them turned into others by cutting and joining."""
    rng = np.random.default_rng(3)
    lumas = [coffee, astronaut, np.zeros((300, 300), np.float32), rocket]
    pieces = [luma[row : row + 64, column : column + 64] for luma in (coffee, astronaut, rocket)
              for row in range(0, 320, 64) for column in range(0, 448, 64)]  # fmt: skip
    for _ in range(36):
        chosen = [np.rot90(pieces[at], rng.integers(4)) for at in rng.permutation(len(pieces))[:16]]
        lumas.append(np.block([chosen[row : row + 4] for row in range(0, 16, 4)]))
    return gallery_of(lumas)


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_small_leak_finds_its_original(gallery, coffee, astronaut, rocket, number, mirror):
    luma = {0: coffee, 1: astronaut, 3: rocket}[number]
    leak = cv2.resize(luma[:, ::-1] if mirror else luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    best = find(extract(leak), gallery, most=MOST)[0]
    assert best.number == number
    assert best.proposal.votes > 30
    assert best.proposal.transform[0, 0] == pytest.approx(-2 if mirror else 2, abs=0.05)


def test_a_negative_finds_its_original(gallery, coffee):
    best = find(extract(255 - coffee), gallery, most=MOST)[0]
    assert (best.number, best.proposal.negative) == (0, True)


def test_a_leak_of_two_photos_finds_both(gallery, coffee, astronaut):
    both = np.concatenate([coffee, astronaut[:400]], axis=1)
    assert {candidate.number for candidate in find(extract(both), gallery, most=MOST)[:2]} == {0, 1}


def test_frames_of_one_scene_are_all_returned(coffee, astronaut, rng):
    frames = [coffee + rng.normal(0, 4, coffee.shape).astype(np.float32) for _ in range(3)]
    found = find(extract(frames[1]), gallery_of([astronaut, *frames]), most=MOST)
    assert {candidate.number for candidate in found[:3]} == {1, 2, 3}
    assert found[0].number == 2


def test_a_quick_look_agrees_with_a_close_look_at_all(gallery, coffee, monkeypatch):
    leak = extract(coffee[100:300, 100:400])
    quick = find(leak, gallery, most=MOST)
    monkeypatch.setattr(finding, "LIKELY", len(gallery))
    close = find(leak, gallery, most=MOST)
    assert (close[0].number, close[0].proposal.votes) == (quick[0].number, quick[0].proposal.votes)


def test_nothing_is_found_in_nothing(gallery):
    assert find(extract(np.zeros((80, 80), np.float32)), gallery, most=MOST) == []
    empty = Gallery(np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8), np.zeros(1, np.intp))
    assert len(empty) == 0
    assert find(gallery.features(0), empty, most=MOST) == []
