"""What is left of a leak when its original is taken away."""

import functools

import cv2
import numpy as np
import pytest

import tracemark as tm
from tests.damage import framed, jpeg, resized, rotated, webp
from tracemark.comparison import STRENGTH, compare
from tracemark.finding import lay_on_best
from tracemark.geometry.registration import Registration
from tracemark.geometry.straightening import LONGEST
from tracemark.original import original_of
from tracemark.signal.layout import to_working
from tracemark.signal.luma import luma_of
from tracemark.signal.mask import allowance

KEY = tm.Key(bytes(range(32)))


@pytest.fixture(scope="module")
def photo(demo_photo):
    return np.ascontiguousarray(tm.read_photo(demo_photo).pixels[400:1120, 600:1500])


@pytest.fixture(scope="module")
def original(photo):
    return original_of(photo, key=KEY)


@pytest.fixture(scope="module")
def copy(photo):
    return tm.embed(photo, recipient=17, key=KEY)


@pytest.fixture(scope="module")
def mark(copy, photo, original):
    """What was added to the photo, at the working scale."""
    luma = luma_of(copy).astype(np.float32) - luma_of(photo).astype(np.float32)
    rows, columns = original.luma.shape
    return to_working(luma, original.layout)[:rows, :columns]


def laid(leak, original):
    (found,) = lay_on_best(luma_of(leak), [original])
    assert found
    return found.registration


@pytest.fixture(scope="module")
def leaked(copy, photo, original):
    """Leak the copy or the photo itself, and say what it is compared with; each once, as laying it takes a second."""

    @functools.cache
    def leaked(name, pixels="copy"):
        leak = LEAKS[name][0]({"copy": copy, "photo": photo}[pixels])
        return luma_of(leak), original, laid(leak, original)

    return leaked


def likeness(left, mark):
    """Correlate what is left with the mark."""
    rows, columns = mark.shape
    values = left.values[:rows, :columns]
    return float((values * mark).sum() / np.sqrt((values**2).sum() * (mark**2).sum()))


LEAKS = {
    # name: what a thief does, and how much of what is left is the mark, at least
    "in a window": (lambda copy: jpeg(framed(copy), 80), 0.25),
    "turned": (lambda copy: jpeg(rotated(copy, 7), 75), 0.25),
    "twice as large": (lambda copy: resized(copy, 2.0), 0.25),
    "half as large, less contrast": (lambda copy: jpeg(cv2.convertScaleAbs(resized(copy, 0.5), alpha=0.7), 75), 0.08),
    "a negative": (lambda copy: jpeg(255 - copy, 75), 0.2),
    "cropped": (lambda copy: jpeg(copy[160:560, 208:800], 60), 0.15),
}


@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("roughly", [False, True])
def test_the_mark_is_what_is_left(name, roughly, leaked, mark):
    assert likeness(compare(*leaked(name), roughly=roughly).remainder(), mark) > LEAKS[name][1]
    assert abs(likeness(compare(*leaked(name, "photo"), roughly=roughly).remainder(), mark)) < 0.05


def test_what_is_around_the_photo_changes_nothing(copy, original):
    framed_once = jpeg(framed(copy), 80)
    wider = np.pad(framed_once, ((160, 0), (240, 80), (0, 0)), constant_values=90)  # whole blocks of JPEG
    registration = laid(framed_once, original)
    moved = Registration(
        registration.transform @ np.array([[1, 0, -240], [0, 1, -160], [0, 0, 1.0]]),
        registration.places + np.array([240, 160], dtype=np.float32),
        registration.weights,
    )
    once = compare(luma_of(framed_once), original, registration).remainder()
    again = compare(luma_of(wider), original, moved).remainder()
    assert np.std(again.values - once.values) < 0.01 * np.std(once.values)


def test_places_beyond_the_horizon_do_no_harm(copy, original):
    leak = jpeg(rotated(copy, 7), 75)
    registration = laid(leak, original)
    spoiled = registration.places.copy()
    spoiled[0, :3] = [[1e9, -1e9], [-1e12, 0], [1e30, 1e30]]
    weights = registration.weights.copy()
    weights[0, :3] = 0
    laid_badly = Registration(registration.transform, spoiled, weights, registration.agreement)
    found = compare(luma_of(leak), original, laid_badly).remainder()
    assert np.isfinite(found.values).all()


def test_of_a_leak_longer_than_opencv_shows_what_lies_near_the_horizon_does_no_harm(copy, original):
    leak = luma_of(copy)
    registration = laid(copy, original)
    spoiled = registration.places.copy()
    spoiled[0, :2] = [[-1e9, 0], [1e9, 0]]
    weights = registration.weights.copy()
    weights[0, :2] = 0
    longer = np.pad(leak, ((0, 0), (0, LONGEST)), constant_values=90)
    laid_badly = Registration(registration.transform, spoiled, weights, registration.agreement)
    found = compare(longer, original, laid_badly, roughly=True).remainder()
    assert np.isfinite(found.values).all()


@pytest.fixture(scope="module")
def known(mark, original):
    """The mark in its standard deviations."""
    spread = allowance(original.luma) * np.float32(STRENGTH)
    return np.asarray(np.divide(mark, spread, out=np.zeros_like(mark), where=spread > 0), dtype=np.float32)


@pytest.mark.parametrize("name", LEAKS)
def test_how_strong_a_mark_is_shows_in_the_leak(name, leaked, known):
    assert 0.4 < compare(*leaked(name)).tune(known).amount < 1.6
    assert compare(*leaked(name, "photo")).tune(known).amount < 0.2


@pytest.mark.parametrize("name", ["turned", "cropped"])
def test_of_a_mark_that_is_known_nothing_is_left(name, leaked, mark, known):
    comparison = compare(*leaked(name))
    assert abs(likeness(comparison.remainder(known), mark)) < likeness(comparison.remainder(), mark) / 3


@pytest.mark.parametrize("name", ["turned", "cropped"])
def test_a_leak_is_likelier_with_its_own_mark_than_with_another(name, leaked, known):
    comparison = compare(*leaked(name))
    own, none, other = (comparison.log_likelihood(one, unknown=0.5) for one in (known, 0 * known, -known))
    assert own > none > other


RECODED = {
    "WebP": lambda copy: webp(copy, 40),
    "WebP, half as large": lambda copy: webp(resized(copy, 0.5), 60),
    "WebP, then JPEG": lambda copy: jpeg(webp(copy, 40), 85),
    "JPEG, cropped beside its blocks, JPEG": lambda copy: jpeg(jpeg(copy, 40)[3:, 5:], 85),
}


@pytest.mark.parametrize("name", RECODED)
def test_how_a_leak_was_saved_is_known_by_what_all_copies_share(name, copy, original, mark, known):
    leak = RECODED[name](copy)
    comparison = compare(luma_of(leak), original, laid(leak, original))
    tuned = comparison.tune(known).comparison
    assert likeness(tuned.remainder(), mark) > 1.08 * likeness(comparison.remainder(), mark)


@pytest.mark.parametrize("name", ["turned", "cropped", "half as large, less contrast"])
def test_a_jpeg_is_one_however_clearly_a_pattern_shows(name, leaked, known):
    comparison = compare(*leaked(name))
    assert comparison.tune(known).comparison.coding.steps is comparison.coding.steps
