import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tracemark as tm
from tests.damage import framed, jpeg, resized, rotated
from tracemark import blind, blind_search, placing
from tracemark.codes.word import word_of

KEY, OTHER = tm.Key(bytes(range(32))), tm.Key(bytes(32))
RECIPIENT = 3_141_592_653
CLOSE = 2.0  # photo pixels that a corner of the leak may be placed off


@pytest.fixture(scope="module")
def photo(demo_photo):
    """A real photo of one megapixel."""
    pixels = tm.read_photo(demo_photo).pixels
    return cv2.resize(pixels, (1280, 720), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def copy(photo):
    marked = tm.embed(photo, recipient=RECIPIENT, key=KEY)
    marked.setflags(write=False)
    return marked


@pytest.fixture(scope="module")
def large(demo_photo):
    """A photo of four megapixels, prepared."""
    return tm.prepare(tm.read_photo(demo_photo).pixels, key=KEY)


LEAKS = {
    # name: what a thief does, and the affine map from the leak's (x, y, 1) to the photo's; None: not compared
    "untouched": (lambda copy: copy, [[1, 0, 0], [0, 1, 0]]),
    "jpeg 50": (lambda copy: jpeg(copy, 50), [[1, 0, 0], [0, 1, 0]]),
    "crop": (lambda copy: copy[101:663, 207:1107], [[1, 0, 207], [0, 1, 101]]),
    "crop far from the corner": (lambda copy: copy[290:710, 560:1270], [[1, 0, 560], [0, 1, 290]]),
    "crop, 0.6, jpeg 75": (
        lambda copy: jpeg(resized(copy[100:650, 200:1200], 0.6), 75),
        [[1 / 0.6, 0, 200 + (1 / 0.6 - 1) / 2], [0, 1 / 0.6, 100 + (1 / 0.6 - 1) / 2]],
    ),
    "800 px, jpeg 75": (
        lambda copy: jpeg(resized(copy, 0.625), 75),
        [[1.6, 0, 0.3], [0, 1.6, 0.3]],
    ),
    "quarter turn": (np.rot90, [[0, -1, 1279], [1, 0, 0]]),
    "upside down": (lambda copy: np.rot90(copy, 2), [[-1, 0, 1279], [0, -1, 719]]),
    "three quarters": (lambda copy: np.rot90(copy, 3), [[0, 1, 0], [-1, 0, 719]]),
    "mirrored": (lambda copy: copy[:, ::-1], [[-1, 0, 1279], [0, 1, 0]]),
    "5 degrees, jpeg 75": (lambda copy: jpeg(rotated(copy, 5), 75), None),
    "grey": (lambda copy: cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY), [[1, 0, 0], [0, 1, 0]]),
    "16 bit": (lambda copy: copy.astype(np.uint16) * 257, [[1, 0, 0], [0, 1, 0]]),
    "float": (lambda copy: copy.astype(np.float32) / 255, [[1, 0, 0], [0, 1, 0]]),
    "with alpha": (lambda copy: np.dstack([copy, np.full(copy.shape[:2], 9, np.uint8)]), [[1, 0, 0], [0, 1, 0]]),
    "screenshot": (framed, [[1, 0, -40], [0, 1, -100]]),
    "darker, harder": (lambda copy: np.clip(copy * 1.25 - 40, 0, 255).astype(np.uint8), [[1, 0, 0], [0, 1, 0]]),
    "blurred": (lambda copy: cv2.GaussianBlur(copy, (0, 0), 1.5), [[1, 0, 0], [0, 1, 0]]),
}


@pytest.fixture(scope="module")
def found(copy):
    """What detection says of each leak, asked once."""
    return {name: tm.detect(attack(copy), key=KEY) for name, (attack, _) in LEAKS.items()}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_names_its_recipient(name, found):
    verdict = found[name]
    assert verdict.verdict == "identified"
    assert verdict.recipient == RECIPIENT
    assert verdict.recipients == (RECIPIENT,)


@pytest.mark.parametrize("name", [name for name, (_, truth) in LEAKS.items() if truth])
def test_the_geometry_leads_from_the_leak_to_the_photo(name, found, copy):
    attack, truth = LEAKS[name]
    geometry = found[name].geometry
    assert geometry.shape == (3, 3)
    assert geometry.dtype == np.float64
    np.testing.assert_allclose(geometry[2], [0, 0, 1])
    rows, columns = attack(copy).shape[:2]
    corners = np.array([[0, 0, 1], [columns - 1, 0, 1], [0, rows - 1, 1], [columns - 1, rows - 1, 1]], dtype=np.float64)
    corners = (
        corners
        if name != "screenshot"
        else corners + np.array([[40, 100, 0], [-50, 100, 0], [40, -50, 0], [-50, -50, 0]])
    )
    np.testing.assert_allclose((geometry[:2] @ corners.T), np.array(truth) @ corners.T, atol=CLOSE)


def test_a_name_comes_with_its_proof(found):
    for verdict in found.values():
        assert verdict
        assert verdict.method == "blind"
        assert verdict.log10_false_alarm < -9
        assert verdict.score > 0
        assert verdict.trials >= 1
        assert verdict.reason


def test_a_mild_leak_scores_higher_than_a_hard_one(found):
    assert found["untouched"].score > found["jpeg 50"].score > found["crop, 0.6, jpeg 75"].score


def test_the_same_leak_always_gets_the_same_verdict(found, copy):
    again = tm.detect(copy.copy(), key=tm.Key(bytes(range(32))))
    assert again.recipients == found["untouched"].recipients
    assert again.score == found["untouched"].score
    np.testing.assert_array_equal(again.geometry, found["untouched"].geometry)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_a_copy_of_a_small_photo_names_its_recipient(name, photos):
    copy = tm.embed(photos[name], recipient=0, key=KEY)
    assert tm.detect(copy, key=KEY).recipients == (0,)


@pytest.mark.parametrize("recipient", [0, 2**32 - 1])
def test_a_copy_of_a_large_photo_names_its_recipient_and_place(recipient, large):
    copy = large.copy_for(recipient)
    verdict = tm.detect(jpeg(resized(copy[300:1300, 500:2100], 0.5), 75), key=KEY)
    assert verdict.recipients == (recipient,)
    corners = np.array([[0, 0, 1], [799, 0, 1], [0, 499, 1], [799, 499, 1]]).T
    expected = 2 * corners[:2] + np.array([[500.5], [300.5]])
    # Two pixels of the photo are one of the leak.
    np.testing.assert_allclose(verdict.geometry[:2] @ corners, expected, atol=2 * CLOSE)


def slanting(pixels, slant):
    bend = np.array([[1, slant, 0], [0, 1, 0]])
    return cv2.warpAffine(pixels, bend, (round(pixels.shape[1] + slant * len(pixels)), len(pixels)))


def seen_at_an_angle(pixels, inwards):
    rows, columns = pixels.shape[:2]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float32)
    shift = np.array([[inwards, 0.3 * inwards], [0, inwards], [-inwards, -0.2 * inwards], [0, 0]], dtype=np.float32)
    bend = cv2.getPerspectiveTransform(corners, corners + shift * np.array([columns, rows], dtype=np.float32))
    return cv2.warpPerspective(pixels, bend, (columns, rows))


BENT = {
    "squeezed to three quarters": lambda copy: cv2.resize(copy, (720, 640), interpolation=cv2.INTER_AREA),
    "16:9 drawn out of 3:2": lambda copy: cv2.resize(copy, (1280, 720), interpolation=cv2.INTER_AREA),
    "slanting": lambda copy: slanting(resized(copy, 0.5), 0.07),
    "seen at an angle": lambda copy: seen_at_an_angle(resized(copy, 0.5), 0.03),
    "negative": lambda copy: 255 - resized(copy, 0.5),
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
def test_a_leak_that_was_stretched_slanted_or_turned_about_in_tone_names_its_recipient(bend, large):
    assert tm.detect(jpeg(bend(large.copy_for(RECIPIENT)), 75), key=KEY).recipients == (RECIPIENT,)


def test_a_leak_that_was_seen_at_an_angle_is_read_as_far_as_its_corners(large):
    copy = large.copy_for(RECIPIENT)
    rows, columns = copy.shape[:2]
    ends = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float32)
    seen = cv2.getPerspectiveTransform(
        ends, (np.array([(0.07, 0), (0.93, 0), (1, 1), (0, 1)]) * (columns, rows)).astype(np.float32)
    )
    leak = jpeg(cv2.warpPerspective(copy, seen, (columns, rows), flags=cv2.INTER_CUBIC), 75)
    verdict = tm.detect(leak, key=KEY)
    assert verdict.recipients == (RECIPIENT,)
    assert verdict.score > 40  # no linear map fits more than a twentieth of it
    back = cv2.perspectiveTransform(cv2.perspectiveTransform(ends[None], seen), verdict.geometry)[0]
    np.testing.assert_allclose(back, ends, atol=2 * CLOSE)


@pytest.fixture
def unscaled_alone(monkeypatch):
    """Let no search find anything but that for crops which kept their pixels; it comes before the upright one."""

    def nowhere(spectrum, lines):
        return []

    monkeypatch.setattr(placing, "search_upright", nowhere)
    monkeypatch.setattr(placing, "SEARCHES", ((nowhere, math.inf),))
    monkeypatch.setattr(placing, "PARTS", ())


@pytest.mark.usefixtures("unscaled_alone")
def test_a_crop_that_kept_its_pixels_is_read_without_the_searches_of_all_scales(large):
    copy = large.copy_for(RECIPIENT)
    verdict = tm.detect(jpeg(copy[500:900, 700:1300], 75), key=KEY)
    assert verdict.recipients == (RECIPIENT,)
    np.testing.assert_allclose(verdict.geometry, [[1, 0, 700], [0, 1, 500], [0, 0, 1]], atol=CLOSE)


@pytest.mark.usefixtures("unscaled_alone")
def test_many_unmarked_crops_are_not_even_decoded_as_ones_that_kept_their_pixels(photos):
    crops = [photos["seeding"][top : top + 300, left : left + 450] for top in (500, 900) for left in (300, 900)]
    reasons = [tm.detect(crop, key=KEY).reason for crop in crops]
    assert reasons.count("no mark made with this key was found") >= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_a_grey_photo_of_any_depth_can_be_marked_and_read(dtype, photos):
    grey = cv2.cvtColor(photos["rocket"], cv2.COLOR_RGB2GRAY)
    most = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    copy = tm.embed((grey / 255 * most).astype(dtype), recipient=17, key=KEY)
    assert tm.detect(copy, key=KEY).recipients == (17,)


def reading(word, score=15.0, beacon=1.0, likelihood=None, cells=None):
    """A reading whose chip set says, in hundredths, which share of its beacon is there."""
    likelihood = blind_search.WORD_WEIGHT * score if likelihood is None else likelihood
    return blind_search.Reading(
        word=word, score=score, likelihood=likelihood, chip_set=round(100 * beacon), transform=np.eye(3), cells=cells
    )


@pytest.fixture
def give_readings(monkeypatch):
    def give_readings(readings):
        looked_at = []

        def read(placements, key):
            for number, one in enumerate(readings):
                yield replace(one, cells=number)

        class Word:
            def __init__(self, reading, key):
                self.reading, self.shown = reading, []

            of = classmethod(lambda cls, reading, key: cls(reading, key))

            def best_in(self, cells):
                looked_at.append((self.reading.word, cells))
                return blind._Shown(self.reading.score, (0, 0))

            def fit(self, cells, shown):
                share = self.reading.chip_set / 100
                return [(share * blind.BEACON_TO_MESSAGE * shown.score, share), (0.0, 0.0)], 0.0

        monkeypatch.setattr(blind, "readings_of", read)
        monkeypatch.setattr(blind, "_Word", Word)
        return looked_at

    return give_readings


@pytest.mark.parametrize(
    ("wrong_words", "verdict"), [(0, "identified"), (3, "identified"), (4, "inconclusive"), (40, "inconclusive")]
)
@pytest.mark.parametrize("score", [9.0, 15.0], ids=["faint", "clear"])
def test_a_name_that_took_too_many_tries_is_no_proof(wrong_words, verdict, score, give_readings):
    words = [reading(word, score) for word in range(wrong_words)]
    words += words  # the same word twice is one try
    readings = [*words, reading(word_of(KEY, RECIPIENT), score - 0.5)]
    give_readings(readings)
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert found.verdict == verdict
    assert found.recipients == ((RECIPIENT,) if verdict == "identified" else ())
    assert found.trials == wrong_words + 1
    assert found.log10_false_alarm == pytest.approx(np.log10((wrong_words + 1) / 2**32))


def test_words_at_a_likelier_place_are_looked_up_first(give_readings):
    elsewhere = [reading(word, 10.1, likelihood=90.0) for word in range(6)]
    give_readings([*elsewhere, reading(word_of(KEY, RECIPIENT), 9.8, likelihood=95.0)])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.verdict, found.recipients, found.trials) == ("identified", (RECIPIENT,), 1)


def test_a_message_without_this_pictures_beacon_names_nobody_and_is_told_of(give_readings):
    pasted = reading(word_of(KEY, RECIPIENT), 25.0, beacon=0.39)
    give_readings([pasted, reading(3, 9.0)])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.verdict, found.recipients, found.log10_false_alarm) == ("inconclusive", (), 0.0)
    assert f"the message of {RECIPIENT} is in it, but not the beacon of this picture" in found.reason


def test_a_message_without_its_beacon_is_looked_for_once_at_each_placement(give_readings):
    """A clear one is read at many, and each time all that was heard before would be gone through again."""
    looked_at = give_readings([reading(word_of(KEY, RECIPIENT), 25.0, beacon=0.3)] * 20)
    assert tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY).verdict == "inconclusive"
    assert looked_at == [(word_of(KEY, RECIPIENT), number) for number in range(20)]


@pytest.mark.parametrize(("score", "named"), [(10.0, False), (17.0, True)])
def test_a_beacon_that_chance_may_bring_does_not_count_however_little_is_expected(score, named, give_readings):
    """A share that is enough of a clear message."""
    give_readings([reading(word_of(KEY, RECIPIENT), score, beacon=0.42)])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert found.recipients == ((RECIPIENT,) if named else ())
    assert found.verdict == ("identified" if named else "inconclusive")


@pytest.mark.parametrize(("wrong_words", "told"), [(3, True), (4, False)])
def test_a_pasted_message_that_took_too_many_tries_is_told_of_without_a_number(wrong_words, told, give_readings):
    wrong = [reading(word, 15.0) for word in range(wrong_words)]
    give_readings([*wrong, reading(word_of(KEY, RECIPIENT), 9.0, beacon=0.1)])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert found.verdict == "inconclusive"
    assert (str(RECIPIENT) in found.reason) == told
    assert "it may have been put there" in found.reason


def test_words_that_were_nobodys_are_counted_as_tried(give_readings):
    give_readings([reading(word, 9.0) for word in range(7)])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.verdict, found.trials) == ("none", 7)


def test_who_has_both_message_and_beacon_is_named_whatever_was_put_there(give_readings):
    pasted = reading(word_of(KEY, 30), 25.0, beacon=0.39)
    wrong = [reading(word, 9.5) for word in range(3)]
    genuine = reading(word_of(KEY, RECIPIENT), 9.0, beacon=0.7)
    give_readings([pasted, genuine])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.recipients, found.trials) == ((RECIPIENT,), 2)
    give_readings([pasted, *wrong, genuine])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.verdict, found.recipients, found.trials) == ("inconclusive", (), 5)


def test_a_word_that_was_looked_up_early_stays_a_name_when_its_beacon_is_found_late(give_readings):
    early, late = (reading(word_of(KEY, RECIPIENT), 15.0, beacon=beacon) for beacon in (0.2, 0.9))
    wrong = [reading(word, 12.0) for word in range(3)]
    give_readings([early, *wrong, late])
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert (found.recipients, found.trials) == ((RECIPIENT,), 1)


def test_there_is_an_end_to_trying_words(give_readings):
    readings = [reading(word) for word in range(1000)] + [reading(word_of(KEY, RECIPIENT), 8.0)]
    give_readings(readings)
    found = tm.detect(np.zeros((100, 100), dtype=np.uint8), key=KEY)
    assert found.verdict == "none"
    assert found.recipient is None


@pytest.mark.usefixtures("quick_searches_alone")
def test_the_wrong_key_names_nobody(copy):
    verdict = tm.detect(copy[200:500, 300:700], key=OTHER)
    assert not verdict
    assert verdict.verdict == "none"
    assert verdict.recipients == ()
    assert verdict.reason


@pytest.mark.parametrize(
    "leak",
    [
        np.zeros((5, 5), dtype=np.uint8),
        np.zeros((1, 1, 3), dtype=np.uint16),
        np.zeros((63, 5000, 3), dtype=np.uint8),
        np.full((64, 64), 255, dtype=np.uint8),
        np.full((96, 130, 3), 127, dtype=np.uint8),
        np.zeros((100, 130), dtype=np.float64),
    ],
    ids=["small", "one pixel", "strip", "white", "grey", "black"],
)
def test_a_picture_of_nothing_names_nobody(leak):
    verdict = tm.detect(leak, key=KEY)
    assert verdict.verdict == "none"
    assert verdict.recipient is None
    assert verdict.geometry is None
    assert verdict.log10_false_alarm == 0
    assert verdict.reason


@pytest.mark.parametrize(
    "leak",
    [
        "leak.jpg",
        None,
        np.zeros((0, 9)),
        np.zeros((99, 99, 2)),
        np.zeros((99, 99), dtype=int),
        np.full((99, 99), np.nan),
    ],
    ids=["a path", "nothing", "empty", "two channels", "int64", "nan"],
)
def test_what_cannot_be_a_picture_is_refused_in_words(leak):
    with pytest.raises(tm.PhotoError, match="must"):
        tm.detect(leak, key=KEY)


@settings(max_examples=4)
@given(
    leak=arrays.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32, np.int8]),
        st.one_of(
            arrays.array_shapes(min_dims=0, max_dims=4, max_side=9),
            st.tuples(st.integers(1, 130), st.integers(60, 130)),
            st.tuples(st.integers(1, 130), st.integers(60, 130), st.sampled_from([1, 3, 4])),
        ),
        elements={"min_value": 0, "max_value": 1},
        fill=st.just(0),
    )
)
def test_any_array_gets_a_verdict_or_is_refused_in_words(leak):
    try:
        verdict = tm.detect(leak, key=KEY)
    except tm.TracemarkError as error:
        refusal = error
    else:
        assert verdict.verdict == "none"
        return
    assert "must" in str(refusal)


@pytest.mark.usefixtures("quick_searches_alone")
def test_the_leak_is_not_written_to(copy):
    # The fixture's pixels cannot be written to, so a try would fail.
    assert not copy.flags.writeable
    assert tm.detect(copy[:400, :600], key=KEY).verdict in {"identified", "none"}
