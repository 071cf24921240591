import cv2
import numpy as np
import pytest
from PIL import Image

import tracemark as tm
from tests.kit.conftest import crop_photos
from tracemark.kit import checking
from tracemark.kit.checking import leaked, read_back, sampled

GUESTS = (17, 18, 2**31)


@pytest.fixture(scope="module")
def office(tmp_path_factory, demo_photo):
    """A small photo and a larger one, a copy of each for recipient 17."""
    folder, key = tmp_path_factory.mktemp("office"), tm.Key(bytes(range(32)))
    made = {}
    for name, size in (("small", (400, 304)), ("large", (1200, 800))):
        (folder / name).mkdir()
        photo = tm.read_photo(crop_photos(demo_photo, folder / name, 1, size)[0])
        copy = folder / f"{name}.jpg"
        copy.write_bytes(tm.prepare(photo.pixels, key=key).jpeg_for(17, like=photo, splice=False))
        made[name] = (photo.pixels, copy)
    return key, made


def check(office, name, *, recipient=17, guests=GUESTS, copy=None):
    key, made = office
    original, there = made[name]
    return read_back(copy or there, recipient=recipient, key=key, original=original, guests=guests)


def test_a_large_copy_is_read_without_its_photo(office):
    found = check(office, "large")
    assert found.method == "blind"
    assert found.log10_false_alarm < -9


def test_a_small_copy_is_read_with_its_photo(office):
    found = check(office, "small")
    assert found.method == "informed"
    assert found.log10_false_alarm < -9


@pytest.mark.usefixtures("quick_searches_alone")
def test_a_long_list_takes_no_longer_and_all_of_it_counts(office, monkeypatch, tmp_path):
    key, made = office
    plain = tmp_path / "plain.png"
    Image.fromarray(made["small"][0]).save(plain)
    long = (*range(1000, 2000), 17)
    whole = tm.detect(leaked(made["small"][1]), key=key, original=made["small"][0], recipients=long)
    compared = []

    def count(leak, *, recipients, **others):
        compared.append(len(recipients))
        return tm.detect(leak, recipients=recipients, **others)

    monkeypatch.setattr(checking, "detect", count)
    found = check(office, "small", guests=long)
    assert compared == [100]
    assert found.log10_false_alarm == pytest.approx(whole.log10_false_alarm, abs=0.1)
    with pytest.raises(tm.KitError, match=r"must be read as recipient 1500's .* and it names 17 "):
        check(office, "small", recipient=1500, guests=long)
    assert compared == [100, 100, 1001]
    with pytest.raises(tm.KitError, match="it names nobody"):
        check(office, "small", guests=long, copy=plain)
    assert compared == [100, 100, 1001, 100, 1001]


def test_a_name_that_would_be_doubtful_among_all_guests_does_not_pass(office, monkeypatch):
    weak = tm.Verdict("identified", -9.5, "informed", "it is weak", recipients=(17,))
    none = tm.Verdict("none", 0.0, "informed", "none fits")
    monkeypatch.setattr(
        checking, "detect", lambda leak, *, recipients, **others: weak if len(recipients) < 101 else none
    )
    assert check(office, "small", guests=(17, 18)).log10_false_alarm == -9.5
    with pytest.raises(tm.KitError, match="it names nobody"):
        check(office, "small", guests=(*range(1000, 4000), 17))


@pytest.mark.parametrize("name", ["small", "large"])
def test_a_copy_that_names_somebody_else_is_refused(office, name):
    with pytest.raises(tm.KitError, match=r"must be read as recipient 18's .* and it names 17"):
        check(office, name, recipient=18)


@pytest.mark.usefixtures("quick_searches_alone")
def test_a_copy_without_a_mark_is_refused(office, tmp_path):
    _, made = office
    Image.fromarray(made["small"][0]).save(tmp_path / "plain.png")
    with pytest.raises(tm.KitError, match="it names nobody"):
        check(office, "small", copy=tmp_path / "plain.png")


@pytest.mark.usefixtures("quick_searches_alone")
def test_a_copy_that_is_saved_as_coarsely_as_its_photo_and_lost_its_mark_says_what_helps(office, tmp_path):
    """Steps that the photo was saved with are edges that no small change crosses again."""
    key, made = office
    Image.fromarray(made["small"][0]).save(tmp_path / "photo.jpg", quality=4)
    photo = tm.read_photo(tmp_path / "photo.jpg")
    plan = tm.prepare(photo.pixels, key=key)
    (tmp_path / "copy.jpg").write_bytes(plan.jpeg_for(17, like=photo, splice=False))
    common = {"recipient": 17, "key": key, "original": photo.pixels, "guests": GUESTS}
    with pytest.raises(tm.KitError, match="saved so coarsely that no mark is left in it: give a quality"):
        read_back(tmp_path / "copy.jpg", **common)
    (tmp_path / "copy.jpg").write_bytes(plan.jpeg_for(17, like=photo, quality=75, splice=False))
    assert read_back(tmp_path / "copy.jpg", **common).log10_false_alarm < -9


def test_a_copy_that_cannot_be_opened_is_refused(office, tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(tm.FormatError, match="empty"):
        check(office, "small", copy=tmp_path / "empty.jpg")


def test_what_is_read_is_half_as_large_and_was_saved_once_more(office):
    _, made = office
    _, copy = made["large"]
    leak = leaked(copy)
    assert leak.shape == (400, 600, 3)
    halved = cv2.resize(tm.read_photo(copy).pixels, (600, 400), interpolation=cv2.INTER_AREA)
    error = np.abs(leak.astype(int) - halved).mean()
    assert 0.5 < error < 8


@pytest.mark.parametrize(
    ("check", "places"),
    [("all", range(120)), ("sample", [0, 50, 100]), ("none", [])],
)
def test_a_sample_is_the_first_and_every_fiftieth(check, places):
    assert [place for place in range(120) if sampled(place, check=check)] == list(places)
