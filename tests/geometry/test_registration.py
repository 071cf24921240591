import cv2
import numpy as np
import pytest

from tracemark.geometry import leak as leak_room
from tracemark.geometry.features import extract
from tracemark.geometry.leak import Leak
from tracemark.geometry.registration import Unregistered, register, straighten
from tracemark.geometry.straightening import LONGEST, legible, sight_of
from tracemark.transforms import resizing

BEND = np.array([[0.9, 0.1, 20], [-0.12, 0.85, 60], [1e-4, -1e-4, 1]])  # original to leak
DOWN, ACROSS = np.mgrid[:400, :600].astype(np.float64)


def error(found, to_leak, shape=(400, 600)):
    """Root mean square distance between found and true places, in pixels of the original."""
    true = np.stack(np.mgrid[: shape[0], : shape[1]][::-1], axis=-1)
    back = cv2.perspectiveTransform(found.places.astype(np.float64), np.linalg.inv(to_leak))
    shown = found.weights > 0.5
    return float(np.sqrt(((back - true)[shown] ** 2).sum(axis=-1).mean()))


def bending(found):
    """Root mean square distance between found places and where the found transform alone has them."""
    return error(found, np.linalg.inv(found.transform))


def jpeg(luma, quality):
    levels = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE).astype(np.float32)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_leak_seen_askew_is_laid_exactly_onto_its_original(coffee, mirror, inverted):
    to_leak = BEND @ np.array([[-1, 0, 599], [0, 1, 0], [0, 0, 1]]) if mirror else BEND
    leak = cv2.warpPerspective(255 - coffee if inverted else coffee, to_leak, (640, 520), flags=cv2.INTER_CUBIC)
    found = register(Leak(jpeg(leak, 60)), coffee)
    assert found
    assert found.negative == inverted
    assert error(found, to_leak) < 0.1
    assert found.weights.mean() > 0.9
    assert bending(found) < 0.05
    straight, weights = straighten(jpeg(leak, 60), found)
    assert straight.shape == weights.shape == coffee.shape
    assert np.abs(straight - coffee)[weights > 0.5].mean() < 6


@pytest.mark.parametrize(
    ("rows", "columns", "factor"),
    [(slice(0, 400), slice(0, 600), 0.5), (slice(100, 240), slice(200, 410), 1.0), (slice(0, 400), slice(0, 600), 2.5)],
)
def test_a_crop_or_a_scaled_leak_is_laid_exactly(coffee, rows, columns, factor):
    crop = coffee[rows, columns]
    size = (round(crop.shape[1] * factor), round(crop.shape[0] * factor))
    leak = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    to_leak = resizing(crop.shape, leak.shape) @ np.array([[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1]])
    found = register(Leak(jpeg(leak, 70)), coffee)
    assert found
    assert error(found, to_leak) < 0.1
    shown = np.zeros(coffee.shape, bool)
    shown[rows, columns] = True
    assert found.weights[~shown].sum() == 0
    assert found.weights[shown].mean() > 0.85


WHOLE = {
    # name: what the leak shows of the whole photo, and where the photo's (x, y, 1) lies in it but for scale
    "as it is": (lambda photo: photo, np.eye(3)),
    "mirrored": (lambda photo: photo[:, ::-1], np.array([[-1, 0, 599], [0, 1, 0], [0, 0, 1]])),
    "quarter turn": (np.rot90, np.array([[0, 1, 0], [-1, 0, 599], [0, 0, 1]])),
}


def unasked(*_):
    raise AssertionError("keypoints were asked for")


@pytest.mark.parametrize("factor", [0.37, 1.0, 1.6])
@pytest.mark.parametrize(("turn", "turned"), WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_photo_is_laid_without_a_keypoint(coffee, turn, turned, factor, monkeypatch):
    monkeypatch.setattr(Leak, "features", property(unasked))
    shown = np.ascontiguousarray(turn(coffee))
    size = tuple(round(side * factor) for side in shown.shape[::-1])
    leak = jpeg(cv2.resize(shown, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), 60)
    found = register(Leak(leak), coffee, original_features=unasked)
    assert found
    assert error(found, resizing(shown.shape, leak.shape) @ turned) < 0.02


@pytest.mark.parametrize("cut", [3, 12])
def test_what_is_hardly_less_than_the_whole_photo_is_not_taken_for_it(coffee, cut):
    leak = jpeg(coffee[cut * 2 : 400 - cut * 2, cut * 3 : 600 - cut * 3], 80)  # of the same aspect
    found = register(Leak(leak), coffee)
    assert error(found, np.array([[1, 0, -cut * 3], [0, 1, -cut * 2], [0, 0, 1]])) < 0.05


def test_a_leak_that_is_bent_is_straightened(coffee):
    wobble = np.stack([2 * np.sin(DOWN / 70), 1.5 * np.cos(ACROSS / 90 + DOWN / 120)], axis=-1)
    places = np.stack([ACROSS, DOWN], axis=-1) + wobble
    leak = cv2.remap(coffee, *np.moveaxis(places.astype(np.float32), -1, 0), cv2.INTER_CUBIC)
    found = register(Leak(leak), coffee)
    assert bending(found) > 1
    # the place p of the leak shows p + wobble(p) of the original
    x, y = np.moveaxis(found.places, -1, 0)
    back = np.stack([cv2.remap(places[..., axis].astype(np.float32), x, y, cv2.INTER_LINEAR) for axis in (0, 1)], -1)
    inner = (slice(20, -20), slice(20, -20))
    away = (back - np.stack([ACROSS, DOWN], axis=-1))[inner]
    assert np.sqrt((away**2).sum(axis=-1).mean()) < 0.25


def test_letters_over_half_the_leak_are_seen_past(coffee):
    ink = np.zeros(coffee.shape, np.uint8)
    for row in range(40, 420, 44):
        cv2.putText(ink, "NOT FOR PUBLICATION", (5, row), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 1, 9)
    assert ink.mean() > 0.3
    leak = np.where(ink > 0, np.float32(255), coffee)
    found = register(Leak(jpeg(leak, 75)), coffee)
    assert found
    assert error(found, np.eye(3)) < 0.15
    assert found.weights[(ink > 0) & (coffee < 150)].mean() < 0.1


def test_letters_are_not_filled_where_keypoints_pin_the_place_down(coffee, monkeypatch):
    leak = coffee.copy()
    leak[40:80, 50:550] = 255
    assert np.any(legible(sight_of(leak)) != leak)

    def never(sight):
        raise AssertionError

    monkeypatch.setattr(leak_room, "legible", never)
    assert register(Leak(leak[:, 40:]), coffee)


def test_a_photo_in_a_collage_is_laid_onto_its_original(coffee, astronaut):
    leak = np.zeros((700, 800), np.float32)
    leak[:512, 288:] = astronaut
    leak[480:680, 20:320] = cv2.resize(coffee, (300, 200), interpolation=cv2.INTER_AREA)
    found = register(Leak(leak), coffee)
    to_leak = np.array([[1, 0, 20], [0, 1, 480], [0, 0, 1]]) @ resizing(coffee.shape, (200, 300))
    assert error(found, to_leak) < 0.15


@pytest.mark.parametrize("turned", [False, True])
def test_a_photo_far_along_a_leak_that_is_longer_than_opencv_looks_up_is_laid_onto_its_original(
    coffee, rng, turned, monkeypatch
):
    leak = rng.normal(128, 1, (420, LONGEST + 3000)).astype(np.float32)
    leak[10:410, LONGEST + 2100 : LONGEST + 2700] = coffee
    to_leak = np.array([[1, 0, LONGEST + 2100], [0, 1, 10], [0, 0, 1]])
    if turned:
        leak = np.ascontiguousarray(leak.T)
        to_leak = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]) @ to_leak
    known = extract(np.ascontiguousarray(coffee.T) if turned else coffee)  # reduced to 1280 px, so long a leak has none
    known.keypoints[:, :2] += to_leak[:2, 2]
    monkeypatch.setattr(Leak, "features", known)
    found = register(Leak(leak), coffee)
    assert found, found.reason
    assert error(found, to_leak) < 0.1
    straight, weights = straighten(leak, found)
    assert np.abs(straight - coffee)[weights > 0.5].mean() < 6


def test_a_smooth_leak_is_laid_as_a_crop(rocket):
    smooth = cv2.GaussianBlur(rocket, (0, 0), 3)
    crop = np.ascontiguousarray(smooth[40:360, 200:560])
    true = np.array([[1.0, 0, 200], [0, 1, 40], [0, 0, 1]])
    found = register(Leak(crop), rocket)
    assert found, found.reason
    assert error(found, np.linalg.inv(true), rocket.shape) < 3


def test_the_same_input_gives_the_same_registration(coffee):
    leak = cv2.warpPerspective(coffee, BEND, (640, 520))
    first, second = register(Leak(leak), coffee), register(Leak(leak), coffee)
    np.testing.assert_array_equal(first.places, second.places)
    np.testing.assert_array_equal(first.weights, second.weights)


def test_inputs_are_left_alone(coffee):
    leak, original = jpeg(coffee, 80), coffee.copy()
    copies = leak.copy(), original.copy()
    register(Leak(leak), original)
    np.testing.assert_array_equal(leak, copies[0])
    np.testing.assert_array_equal(original, copies[1])


@pytest.mark.parametrize(
    ("name", "word"), [("other", "no part"), ("noise", "no part"), ("flat", "one tone"), ("tiny", "at least")]
)
def test_what_does_not_show_the_original_fails_and_says_why(coffee, astronaut, rng, name, word):
    leaks = {
        "other": astronaut,
        "noise": rng.uniform(0, 255, (300, 400)).astype(np.float32),
        "flat": np.full((300, 400), 128, np.float32),
        "tiny": coffee[:20, :20],
    }
    found = register(Leak(leaks[name]), coffee)
    assert not found
    assert isinstance(found, Unregistered)
    assert word in found.reason


def test_an_original_of_one_tone_fails(coffee):
    assert "one tone" in register(Leak(coffee), np.full((200, 300), 9, np.float32)).reason


def test_what_was_filled_up_is_no_part_of_the_photo(coffee):
    filled = cv2.copyMakeBorder(coffee, 0, 16, 0, 8, cv2.BORDER_REFLECT)
    small = cv2.resize(coffee, (300, 200), interpolation=cv2.INTER_AREA)
    found = register(Leak(jpeg(small, 40)), filled, extent=(400, 600))
    places = resizing((200, 300), (400, 600))
    assert error(found, np.linalg.inv(places), filled.shape) < 0.06
    assert not found.weights[400:].any()
    assert not found.weights[:, 600:].any()
