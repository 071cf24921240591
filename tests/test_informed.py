"""Reading with the original, from the picture to the name."""

import dataclasses

import cv2
import numpy as np
import pytest
from PIL import Image

import tracemark as tm
import tracemark.accusing
import tracemark.detection
import tracemark.informed
import tracemark.message_beside
from tests.damage import framed, jpeg, resized, rotated
from tracemark.codes.message import encode
from tracemark.codes.word import log10_accident, word_of
from tracemark.comparison import compare
from tracemark.detection import RESPONSES
from tracemark.finding import lay_on_best
from tracemark.informed import LEAST_CELLS, read_residue, soft_symbols
from tracemark.joining import join_evidence
from tracemark.listed import draw
from tracemark.original import original_of
from tracemark.signal.luma import luma_of
from tracemark.signal.modulation import correlate_slots

KEY = tm.Key(bytes(range(32)))
RECIPIENT = 17
LISTED = tuple(range(40))

pytestmark = pytest.mark.usefixtures("quick_searches_alone")


@pytest.fixture(scope="module")
def photo(demo_photo):
    """Two thirds of a megapixel of a real photo."""
    return np.ascontiguousarray(tm.read_photo(demo_photo).pixels[400:1120, 600:1500])


@pytest.fixture(scope="module")
def other(demo_photo):
    """Another part of it, that shows nothing of the first."""
    return np.ascontiguousarray(tm.read_photo(demo_photo).pixels[400:1120, 1600:2500])


@pytest.fixture(scope="module")
def plan(photo):
    return tm.prepare(photo, key=KEY)


@pytest.fixture(scope="module")
def copy(plan):
    marked = plan.copy_for(RECIPIENT)
    marked.setflags(write=False)
    return marked


LEAKS = {
    # name: what a thief does, and where the corner (0, 0) of the leak lies in the photo
    "untouched": (lambda copy: copy, (0, 0)),
    "jpeg 15": (lambda copy: jpeg(copy, 15), (0, 0)),
    "crop of a seventh, jpeg 60": (lambda copy: jpeg(copy[200:480, 300:630], 60), (300, 200)),
    "a third of the side, jpeg 70": (lambda copy: jpeg(resized(copy, 1 / 3), 70), (1, 1)),
    "crop, 0.6, jpeg 60": (lambda copy: jpeg(resized(copy[100:600, 150:850], 0.6), 60), (150.3, 100.3)),
    "7 degrees, jpeg 70": (lambda copy: jpeg(rotated(copy, 7), 70), None),
    "mirrored, jpeg 60": (lambda copy: jpeg(np.ascontiguousarray(copy[:, ::-1]), 60), (899, 0)),
    "negative": (lambda copy: 255 - copy, (0, 0)),
    "dithered to black and white": (lambda copy: np.array(Image.fromarray(copy).convert("1").convert("RGB")), (0, 0)),
    "grey, 16 bit": (lambda copy: cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 257, (0, 0)),
    "screenshot": (lambda copy: jpeg(framed(copy), 80), (-40, -100)),
    "darker, harder": (lambda copy: np.clip(copy * 1.25 - 40, 0, 255).astype(np.uint8), (0, 0)),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_names_its_recipient_and_its_place(name, copy, photo):
    attack, corner = LEAKS[name]
    found = tm.detect(attack(copy), key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.method, found.recipients) == ("identified", "informed", (RECIPIENT,))
    assert found.log10_false_alarm < -9
    assert found.trials == len(LISTED)
    assert found.candidates[0].recipient == RECIPIENT
    assert found.score == found.candidates[0].score > 7 > found.candidates[1].score
    if corner is not None:
        np.testing.assert_allclose((found.geometry @ (0, 0, 1))[:2], corner, atol=1.5)


def test_a_scrap_is_read_that_blind_reading_cannot_read(copy, photo):
    scrap = jpeg(resized(copy[200:440, 300:600], 0.6), 60)
    assert tm.detect(scrap, key=KEY).verdict == "none"
    assert tm.detect(scrap, key=KEY, original=photo, recipients=LISTED).recipients == (RECIPIENT,)


def test_without_a_list_anybody_is_named(copy, photo):
    found = tm.detect(jpeg(copy, 40), key=KEY, original=photo)
    assert (found.method, found.recipients) == ("informed", (RECIPIENT,))
    assert -10 < found.log10_false_alarm < -9


def test_a_list_without_the_leaker_names_nobody_and_is_the_last_word(copy, photo):
    found = tm.detect(copy, key=KEY, original=photo, recipients=range(200, 230))
    assert (found.verdict, found.method, found.recipients) == ("inconclusive", "informed", ())
    assert f"none fits; the message of {RECIPIENT} is in it, whom the list of recipients lacks" in found.reason
    assert found.log10_false_alarm == 0
    assert len(found.candidates) == 5


def test_a_leak_that_shows_too_little_for_its_message_fits_nobody_on_a_list_without_its_recipient(copy, photo):
    scrap = jpeg(resized(copy[200:440, 300:600], 0.6), 60)
    found = tm.detect(scrap, key=KEY, original=photo, recipients=range(200, 230))
    assert (found.verdict, found.method, found.recipients) == ("none", "informed", ())
    assert "of 30 recipients compared none fits" in found.reason


def test_the_original_itself_names_nobody(photo):
    found = tm.detect(jpeg(photo, 80), key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.method) == ("none", "informed")


def test_a_wrong_key_names_nobody(copy, photo):
    found = tm.detect(copy, key=tm.Key(bytes(32)), original=photo, recipients=LISTED)
    assert (found.verdict, found.method) == ("none", "informed")


def test_with_a_wrong_original_a_leak_is_read_blind(copy, other):
    found = tm.detect(copy, key=KEY, original=other, recipients=LISTED)
    assert (found.verdict, found.method, found.recipients) == ("identified", "blind", (RECIPIENT,))
    assert "read blind, since no part of the leak agrees with the original" in found.reason
    assert found.photo is None


@pytest.mark.parametrize(
    ("mix", "guilty"), [(np.mean, (3, 30)), (np.max, (3, 30)), (np.mean, (3, 17, 30)), (np.median, (3, 17, 30))]
)
def test_all_whose_copies_were_mixed_are_named_and_nobody_else(mix, guilty, plan, photo):
    mixed = mix([plan.copy_for(recipient).astype(np.float32) for recipient in guilty], axis=0)
    found = tm.detect(jpeg(np.rint(mixed).astype(np.uint8), 75), key=KEY, original=photo, recipients=LISTED)
    assert sorted(found.recipients) == list(guilty)


def test_who_mixed_copies_so_that_majorities_lose_is_named(photo, plan):
    copies = np.stack([plan.copy_for(recipient) for recipient in range(8)]).astype(np.float32)
    mixed = copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0)
    found = tm.detect(
        jpeg(np.clip(np.rint(mixed), 0, 255).astype(np.uint8), 90), key=KEY, original=photo, recipients=LISTED
    )
    assert found.verdict == "identified"
    assert set(found.recipients) <= set(range(8))


def test_all_who_mixed_few_copies_so_and_halved_the_mix_are_named(photo, plan):
    guilty = (3, 11, 17, 25, 30)
    copies = np.stack([plan.copy_for(recipient) for recipient in guilty]).astype(np.float32)
    mixed = np.clip(np.rint(copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0)), 0, 255)
    leak = jpeg(resized(mixed.astype(np.uint8), 0.5), 75)
    found = tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    assert sorted(found.recipients) == list(guilty)


@pytest.mark.parametrize("mix", [np.min, np.max])
def test_all_are_named_of_whose_copies_the_least_or_the_most_was_taken_and_halved(mix, photo, plan):
    guilty = (3, 11, 17, 25, 30)
    leak = jpeg(resized(mix(np.stack([plan.copy_for(recipient) for recipient in guilty]), axis=0), 0.5), 50)
    found = tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    assert sorted(found.recipients) == list(guilty)


def test_who_seems_pasted_where_majorities_lose_may_be_named_given_others(copy, photo, monkeypatch):
    """There, fingerprints are fainter than their messages let expect; in a plain mix they are not."""
    asked, found = [], tracemark.accusing.Accusation((), (), (RECIPIENT,), len(LISTED))

    def accused(reading):
        answers = iter([tracemark.accusing.Accusation()] * reading + [found])
        monkeypatch.setattr(tracemark.detection, "accuse_listed", lambda *_, **__: next(answers))
        monkeypatch.setattr(tracemark.detection, "accuse_among", lambda *_, **__: asked.append(reading))
        return tm.detect(jpeg(copy, 75), key=KEY, original=photo, recipients=LISTED)

    for verdict in (accused(0), accused(1)):
        assert verdict.verdict == "inconclusive"
        assert "may have been put there" in verdict.reason
    assert set(asked) == {1}


def test_a_reading_given_others_that_names_nobody_takes_no_evidence_away(copy, photo, monkeypatch):
    one = tm.Candidate(RECIPIENT, 7.3, -7.5, -1.0)
    before = tracemark.accusing.Accusation((), (one,), (), len(LISTED))
    given = tracemark.accusing.Accusation((), (dataclasses.replace(one, score=4.5, log10_false_alarm=0.0),))
    monkeypatch.setattr(tracemark.detection, "accuse_listed", lambda *_, **__: before)
    monkeypatch.setattr(tracemark.detection, "accuse_among", lambda *_, **__: given)
    found = tm.detect(jpeg(copy, 75), key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.score, found.log10_false_alarm) == ("inconclusive", 7.3, -7.5)


def test_cells_that_are_read_again_say_the_same_until_something_is_known(copy, photo, plan):
    leak = luma_of(jpeg(copy[:, :600], 60))  # so that not all cells are seen
    (laid,) = lay_on_best(leak, [original_of(photo, key=KEY)])
    residue = read_residue(leak, laid.original, laid.registration, key=KEY)
    cells = residue.cells
    assert len(cells.drawn) == residue.seen.sum() < residue.seen.size

    def symbols(known, unknown):
        return soft_symbols(correlate_slots(cells.source.values(known, unknown), cells.drawn), cells.scrambling)

    nothing = np.zeros_like(cells.drawn[:, 0])
    np.testing.assert_array_equal(symbols(nothing, 1.0)[0], residue.fingerprint)
    np.testing.assert_array_equal(symbols(nothing, 1.0)[1], residue.message)
    signs = np.moveaxis(plan.contents.signs_for(RECIPIENT), 0, -1)[residue.seen]
    own = np.einsum("ns,nsp->np", signs.astype(np.float32), cells.drawn)
    assert abs(np.vdot(symbols(own, 0.5)[0], signs[:, -1])) < 0.3 * np.vdot(residue.fingerprint, signs[:, -1])
    assert cells.source.log_likelihood(own, 0.5) > cells.source.log_likelihood(nothing, 0.5)


def test_a_copy_is_not_taken_for_such_a_mix(copy, photo):
    (laid,) = lay_on_best(luma_of(copy), [original_of(photo, key=KEY)])
    residue = read_residue(luma_of(copy), laid.original, laid.registration, key=KEY)
    for reading, least in ((residue, 50), (residue.others[0](), -np.inf)):
        evidence = join_evidence([reading], key=KEY)
        fits = draw([RECIPIENT], [reading], key=KEY).signs_in([reading])[0] @ evidence.fingerprint
        z = (fits + encode(word_of(KEY, RECIPIENT), evidence.code) @ evidence.message) / evidence.norm
        assert z > least
    assert z < 2


def test_leaks_of_two_photos_tell_more_than_either_alone(copy, photo, other):
    leaks = [jpeg(resized(leak, 0.33), 55) for leak in (copy, tm.embed(other, recipient=RECIPIENT, key=KEY))]
    alone = [
        tm.detect(leak, key=KEY, original=of, recipients=LISTED) for leak, of in zip(leaks, (photo, other), strict=True)
    ]
    both = tm.detect_together(leaks, key=KEY, originals=[photo, other], recipients=LISTED)
    assert both.recipients == (RECIPIENT,)
    assert both.score > max(found.score for found in alone)
    assert both.candidates[0].log10_fingerprint < min(found.candidates[0].log10_fingerprint for found in alone)


def test_two_leaks_of_one_photo_count_once(copy, photo):
    leak = jpeg(copy, 30)
    once = tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    twice = tm.detect_together([leak, leak[:400]], key=KEY, originals=[photo], recipients=LISTED)
    assert twice.recipients == (RECIPIENT,)
    assert twice.score == once.score
    assert "1 of 2 leaks counted" in twice.reason
    assert twice.uncounted == (tm.Uncounted(1, "another shows more of the same photo", 0),)


def test_of_leaks_read_together_those_that_lie_nowhere_are_told_of(copy, photo, other):
    found = tm.detect_together([jpeg(other, 60), jpeg(copy, 60)], key=KEY, originals=[photo], recipients=LISTED)
    assert found.recipients == (RECIPIENT,)
    assert found.uncounted == (tm.Uncounted(0, "no part of the leak agrees with the original"),)


def test_leaks_that_lie_on_no_original_are_not_read_together(copy, other):
    found = tm.detect_together([copy, copy[:300]], key=KEY, originals=[other])
    assert found.verdict == "none"
    assert "one by one" in found.reason
    assert [one.leak for one in found.uncounted] == [0, 1]


def test_where_the_original_is_another_version_nobody_is_named_and_the_reason_says_so(copy, photo):
    resaved = jpeg(photo, 92)
    found = tm.detect(jpeg(rotated(copy, 4), 75), key=KEY, original=resaved, recipients=LISTED)
    assert (found.verdict, found.recipients, found.method) == ("inconclusive", (), "informed")
    assert f"the message of {RECIPIENT}" in found.reason
    assert "that may be another version of what was marked" in found.reason
    assert tm.detect(jpeg(photo, 75), key=KEY, original=resaved, recipients=LISTED).verdict == "none"


def test_without_a_list_nobodys_number_is_told_of_a_copy_of_another_version(copy, photo):
    found = tm.detect(jpeg(copy, 75), key=KEY, original=jpeg(photo, 92))
    assert (found.verdict, found.recipients) == ("inconclusive", ())
    assert "somebody's message is in it" in found.reason
    assert str(RECIPIENT) not in found.reason


def test_a_message_is_looked_for_in_what_shows_the_photo_alone(copy, photo, monkeypatch):
    """A page a hundred times as large as a small photo on it would take all memory."""
    asked = []
    real = tracemark.message_beside.read_blind
    monkeypatch.setattr(
        tracemark.message_beside, "read_blind", lambda leak, **more: asked.append(leak.shape) or real(leak, **more)
    )
    page = np.full((2000, 3000, 3), 250, np.uint8)
    page[640:1360, 1024:1924] = 255 - copy
    found = tm.detect(jpeg(page, 90), key=KEY, original=jpeg(photo, 92), recipients=LISTED)
    assert f"the message of {RECIPIENT} is in it" in found.reason
    assert max(asked[0]) < 1000


@pytest.mark.parametrize("sought", [False, True])
def test_a_name_read_blind_that_is_not_on_the_list_is_told_of_but_not_named(sought, copy, other):
    original = other if sought else None
    found = tm.detect(copy, key=KEY, original=original, recipients=[RECIPIENT + 1])
    assert (found.verdict, found.method, found.recipients) == ("inconclusive", "blind", ())
    assert f"the message of {RECIPIENT} was read, but the list of recipients lacks them" in found.reason
    assert ("read blind, since" in found.reason) == sought
    assert tm.detect(copy, key=KEY, original=original, recipients=[RECIPIENT]).recipients == (RECIPIENT,)


@pytest.mark.parametrize(("sure", "ways"), [(0.0, 1), (np.inf, 2)])
def test_a_leak_that_may_lie_elsewhere_is_read_blind_too_and_each_way_spends_half(sure, ways, copy, photo, monkeypatch):
    counted = []

    def nobody(residues, candidates, key, *, attempts):
        counted.append(attempts)
        return tracemark.accusing.Accusation(trials=len(candidates))

    monkeypatch.setattr(tracemark.laying, "SURE", sure)
    monkeypatch.setattr(tracemark.detection, "_accuse", nobody)
    found = tm.detect(copy, key=KEY, original=photo, recipients=LISTED)
    assert counted == [ways]
    if ways == 1:
        assert (found.method, found.recipients) == ("informed", ())
    else:
        assert (found.method, found.recipients) == ("blind", (RECIPIENT,))
        assert found.log10_false_alarm == log10_accident(ways)
        assert "not surely" in found.reason


def test_what_the_original_tells_of_a_leak_that_may_lie_elsewhere_stands(copy, photo, monkeypatch):
    monkeypatch.setattr(tracemark.laying, "SURE", np.inf)
    found = tm.detect(copy, key=KEY, original=photo, recipients=LISTED)
    assert (found.method, found.recipients) == ("informed", (RECIPIENT,))
    unmarked = tm.detect(photo, key=KEY, original=photo, recipients=LISTED)
    assert (unmarked.verdict, unmarked.method) == ("none", "informed")
    anybody = tm.detect(copy, key=KEY, original=photo)
    assert (anybody.method, anybody.recipients) == ("informed", (RECIPIENT,))


def test_no_leak_and_an_empty_list_are_refused_in_words(copy, photo):
    with pytest.raises(tm.PhotoError, match="at least one leak"):
        tm.detect_together([], key=KEY)
    with pytest.raises(tm.RecipientError, match="must name somebody"):
        tm.detect(copy, key=KEY, original=photo, recipients=[])
    with pytest.raises(tm.RecipientError, match="0 to"):
        tm.detect(copy, key=KEY, original=photo, recipients=[17, -1])


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"leaks": np.zeros((9, 9))}, tm.PhotoError, "leaks must be a list of arrays, not ndarray"),
        ({"leaks": 3}, tm.PhotoError, "leaks must be a list of arrays, not int"),
        ({"leaks": "leak.jpg"}, tm.PhotoError, "leaks must be a list of arrays, not str"),
        ({"originals": np.zeros((9, 9))}, tm.PhotoError, "originals must be a list of arrays, not ndarray"),
        ({"originals": []}, tm.PhotoError, "must be at least one original"),
        ({"recipients": 17}, tm.RecipientError, "recipients must be a list of integers, not int"),
        ({"recipients": "17"}, tm.RecipientError, "recipients must be a list of integers, not str"),
        ({"recipients": b"17"}, tm.RecipientError, "recipients must be a list of integers, not bytes"),
        ({"recipients": [10**5000]}, tm.RecipientError, "0 to 4294967295, not one of 16610 bits"),
        ({"ledger": "kit.db"}, tm.LedgerError, "ledger must be a tracemark Ledger, as .* gives one, not str"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(asked, error, sentence):
    with pytest.raises(error, match=sentence):
        tm.detect_together(**{"leaks": [np.zeros((9, 9))], "key": KEY, **asked})


def test_an_original_that_cannot_be_one_is_told_apart_from_the_leak(copy, photo):
    with pytest.raises(tm.PhotoError, match="original 2 cannot be what was marked: photo must be at least 192 px"):
        tm.detect_together([copy], key=KEY, originals=[photo, photo[:40, :40]])


def test_leaks_may_come_one_by_one(copy, photo):
    assert tm.detect_together(iter([copy]), key=KEY, originals=iter([photo])).recipients == (RECIPIENT,)


@pytest.mark.parametrize("leak", [np.zeros((5, 5), np.uint8), np.zeros((90, 90), np.uint8)], ids=["small", "black"])
def test_a_picture_of_nothing_names_nobody(leak, photo):
    found = tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.method) == ("none", "blind")


def test_a_leak_that_shows_hardly_a_cell_is_not_read(copy, photo):
    found = tm.detect(copy[300:360, 400:460], key=KEY, original=photo, recipients=LISTED)
    assert LEAST_CELLS > 9
    assert found.verdict == "none"


def test_a_leak_is_read_in_no_more_ways_than_are_counted(copy, photo):
    leak = luma_of(jpeg(copy, 60))
    (laid,) = lay_on_best(leak, [original_of(photo, key=KEY)])
    residue = read_residue(leak, laid.original, laid.registration, key=KEY)
    # first as a plain mix, and last given the codes of others
    assert len(residue.others) + 2 == RESPONSES
    assert not any(way().others for way in residue.others)


def test_where_a_reading_is_mistaken_the_leak_is_read_with_less_trust(photo, copy, monkeypatch):
    def mistaken(*leak, roughly=False):
        comparison = compare(*leak, roughly=roughly)
        if roughly:
            return comparison
        return dataclasses.replace(comparison, leak=np.roll(comparison.leak, 5, (0, 1)))

    monkeypatch.setattr(tracemark.informed, "compare", mistaken)
    found = tm.detect(jpeg(copy, 75), key=KEY, original=photo, recipients=LISTED)
    assert found.recipients == (RECIPIENT,)
    assert tm.detect(jpeg(photo, 75), key=KEY, original=photo, recipients=LISTED).recipients == ()
