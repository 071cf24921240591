"""Finding the photo that a leak shows in a ledger, from the picture to the name."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import tracemark as tm
from tests.damage import jpeg, resized
from tracemark import detection, finding
from tracemark.accusing import accuse_listed
from tracemark.finding import collection_of, find_photos, lay_on_best
from tracemark.original import original_of
from tracemark.signal.luma import luma_of

KEY, OTHER = tm.Key(bytes(range(32))), tm.Key(bytes(32))
GUESTS = range(20)


def shifted(pixels, columns, rows, rng):
    """The next frame of a burst: moved a little, with noise of its own."""
    move = np.array([[1, 0, columns], [0, 1, rows]], dtype=np.float64)
    moved = cv2.warpAffine(pixels.astype(np.float32), move, pixels.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    return np.clip(np.rint(moved + rng.normal(0, 2, moved.shape)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def kit(demo_photo, photos):
    """Six photos, three of which are frames of a burst, and one is a crop of one of them."""
    rng = np.random.default_rng(5)
    field = tm.read_photo(demo_photo).pixels[400:1000, 600:1400]
    return {
        "field 1": shifted(field, 0, 0, rng),
        "field 2": shifted(field, 0.4, 0.3, rng),
        "field 3": shifted(field, 2.6, 1.2, rng),
        "field, cropped": np.ascontiguousarray(shifted(field, 0, 0, rng)[60:, :700]),
        "coffee": photos["coffee"],
        "rocket": photos["rocket"],
    }


@pytest.fixture(scope="module")
def plans(kit):
    return {name: tm.prepare(photo, key=KEY) for name, photo in kit.items()}


@pytest.fixture(scope="module")
def ledger(kit, plans, tmp_path_factory):
    """A ledger in which every guest has every photo."""
    with tm.Ledger.open(tmp_path_factory.mktemp("ledger") / "kit.db", create=True) as ledger:
        ledger.add_recipients({guest: {} for guest in range(40)})
        for name, photo in kit.items():
            tm.record_photo(ledger, photo, plans[name], name=name)
            for guest in GUESTS:
                tm.record_copy(ledger, plans[name], f"{name} {guest}".encode(), recipient=guest, file=f"{guest}.jpg")
        yield ledger


def photo_named(ledger, found):
    return next(entry.name for entry in ledger.photos() if entry.digest == found.photo)


def crop(copy):
    return jpeg(copy[40:-50, 30:-60], 60)


def small_and_mirrored(copy):
    return jpeg(resized(copy, 0.6)[:, ::-1], 70)


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        ("field 1", crop),
        ("field 2", small_and_mirrored),
        ("field 3", crop),
        ("field, cropped", small_and_mirrored),
        ("coffee", small_and_mirrored),
        ("rocket", crop),
    ],
)
def test_a_leak_finds_its_photo_and_its_recipient(name, attack, ledger, plans):
    found = tm.detect(attack(plans[name].copy_for(7)), key=KEY, ledger=ledger)
    assert (found.verdict, found.method, found.recipients) == ("identified", "informed", (7,))
    assert photo_named(ledger, found) == name
    assert found.trials == len(GUESTS)


def test_frames_that_no_agreement_tells_apart_are_all_read_and_counted(ledger, plans, monkeypatch):
    leak = jpeg(resized(plans["field 2"].copy_for(7)[100:500, 100:600], 0.6), 60)
    rivals = find_photos(luma_of(leak), collection_of(ledger, key=KEY))
    assert len(rivals) >= 3
    assert all(rivals)
    attempts = []

    def accuse(*arguments, **options):
        attempts.append(options["attempts"])
        return accuse_listed(*arguments, **options)

    monkeypatch.setattr(detection, "accuse_listed", accuse)
    found = tm.detect(leak, key=KEY, ledger=ledger)
    assert photo_named(ledger, found) == "field 2"
    assert found.recipients == (7,)
    # the photo that it shows names somebody at once, each of the others is read in all ways but the last: given others
    readings = detection.RESPONSES - 1
    assert attempts == [len(rivals) * detection.RESPONSES] * (readings * (len(rivals) - 1) + 1)


def test_the_candidates_are_those_who_have_the_photo(ledger, plans):
    found = tm.detect(plans["coffee"].copy_for(35), key=KEY, ledger=ledger)
    assert (found.verdict, found.method, found.trials) == ("inconclusive", "informed", 20)
    assert "the message of 35 is in it, whom the list of recipients lacks" in found.reason
    assert tm.detect(plans["coffee"].copy_for(35), key=KEY, ledger=ledger, recipients=[35, 3]).recipients == (35,)


def test_a_photo_that_nobody_is_recorded_to_have_may_be_anybodys(kit, plans, tmp_path):
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as empty:
        tm.record_photo(empty, kit["coffee"], plans["coffee"], name="coffee")
        found = tm.detect(plans["coffee"].copy_for(35), key=KEY, ledger=empty)
    assert (found.method, found.recipients) == ("informed", (35,))


def test_leaks_of_two_photos_are_weighed_together(ledger, plans):
    leaks = [jpeg(resized(plans[name].copy_for(7), 0.4), 60) for name in ("coffee", "field 3")]
    both = tm.detect_together(leaks, key=KEY, ledger=ledger)
    assert both.recipients == (7,)
    alone = [tm.detect(leak, key=KEY, ledger=ledger) for leak in leaks]
    assert both.score > max(found.score for found in alone)


def test_a_given_original_goes_before_the_ledger(ledger, kit, plans):
    found = tm.detect(plans["coffee"].copy_for(7), key=KEY, ledger=ledger, original=kit["coffee"])
    assert found.recipients == (7,)
    assert found.trials == len(GUESTS)


@pytest.mark.usefixtures("quick_searches_alone")
def test_what_is_not_in_the_ledger_is_read_blind(ledger, photos):
    copy = tm.embed(photos["astronaut"], recipient=9, key=KEY)
    found = tm.detect(copy, key=KEY, ledger=ledger)
    assert (found.method, found.recipients) == ("blind", (9,))
    assert "read blind, since" in found.reason


@pytest.mark.usefixtures("quick_searches_alone")
def test_where_keypoints_say_nothing_a_few_photos_are_all_tried(ledger, plans, monkeypatch):
    monkeypatch.setattr(finding, "find", lambda *arguments, **options: [])
    leak = jpeg(plans["coffee"].copy_for(7), 70)
    assert tm.detect(leak, key=KEY, ledger=ledger).recipients == (7,)
    monkeypatch.setattr(finding, "FEW", 2)
    others = find_photos(luma_of(leak), collection_of(ledger, key=KEY))
    assert [bool(one) for one in others] == [False] * 6
    monkeypatch.setattr(finding, "MANY", 2)
    assert find_photos(luma_of(leak), collection_of(ledger, key=KEY)) == []
    assert "no photo was found that looks like it" in tm.detect(leak, key=KEY, ledger=ledger).reason


def test_a_leak_on_none_of_the_photos_gives_them_all_falsy_and_the_nearest_first(kit):
    originals = [original_of(kit[name], key=KEY) for name in ("coffee", "rocket")]
    rivals = lay_on_best(luma_of(kit["field 1"]), originals)
    assert [bool(one) for one in rivals] == [False, False]
    scores = [one.registration.agreement.score for one in rivals]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.usefixtures("quick_searches_alone")
@pytest.mark.parametrize(("many", "method"), [(6, "informed"), (5, "blind")])
def test_a_scrap_without_keypoints_is_sought_by_its_grain_in_all_photos_of_a_kit(
    many, method, ledger, plans, monkeypatch
):
    monkeypatch.setattr(finding, "find", lambda features, gallery, *, most: [])
    monkeypatch.setattr(finding, "FEW", 0)
    monkeypatch.setattr(finding, "MANY", many)
    leak = jpeg(plans["coffee"].copy_for(7)[100:220, 150:330], 85)
    found = tm.detect(leak, key=KEY, ledger=ledger)
    assert found.method == method
    if method == "informed":
        assert (found.photo, found.recipients) == (plans["coffee"].digest, (7,))
        assert "laid by its grain" in found.reason


def test_a_ledger_of_another_key_is_refused_in_words(ledger, plans):
    with pytest.raises(tm.LedgerError, match=f"must hold photos of key {OTHER.id}, and holds those of: {KEY.id}"):
        tm.detect(plans["coffee"].copy_for(7), key=OTHER, ledger=ledger)


def test_an_empty_ledger_is_refused_in_words(photos, tmp_path):
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as empty, pytest.raises(tm.LedgerError, match="none at all"):
        tm.detect(photos["coffee"], key=KEY, ledger=empty)


def test_a_photo_of_another_format_version_is_refused_in_words(kit, plans, tmp_path, monkeypatch):
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as later:
        record = tm.record_photo(later, kit["coffee"], plans["coffee"], name="coffee.png")
        with tm.Ledger.open(tmp_path / "later.db", create=True) as ledger:
            ledger.add_photo(replace(record, profile_version=99))
            with pytest.raises(tm.LedgerError, match=r"photo coffee\.png must have been marked in format version"):
                tm.detect(plans["coffee"].copy_for(7), key=KEY, ledger=ledger)
