import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageCms

import tracemark as tm
from tracemark import plan as plan_room
from tracemark import splicing
from tracemark.media.exif import orientation_alone
from tracemark.plan_file import PlanFile, write_plan_file

RECIPIENTS = (0, 17, 2**32 - 1)


def photo_of(pixels, **options) -> tm.Photo:
    """A photo as a file of another program holds it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", **options)
    return tm.read_photo(file.getvalue())


@pytest.fixture(scope="module")
def small(photos):
    """A real photo whose last cells stick out."""
    return np.ascontiguousarray(photos["coffee"][:325, :490])


@pytest.fixture(scope="module")
def plan(small):
    return tm.prepare(small, key=tm.Key(bytes(range(32))))


@pytest.mark.parametrize(
    ("options", "quality"),
    [
        ({"subsampling": 2, "quality": 90}, None),
        ({"subsampling": 1, "quality": 75}, None),
        ({"subsampling": 0, "quality": 97}, None),
        ({"subsampling": 2, "quality": 90, "progressive": True}, None),
        ({"subsampling": 0, "quality": 97}, 60),
        (None, None),
        (None, 80),
    ],
)
def test_a_spliced_copy_is_the_copy_encoded_byte_for_byte(options, quality, small):
    photo = None if options is None else photo_of(small, **options)
    # A JPEG file holds other pixels than those it was made of.
    plan = tm.prepare(small if photo is None else photo.pixels, key=tm.Key(bytes(range(32))))
    for recipient in RECIPIENTS:
        spliced = plan.jpeg_for(recipient, like=photo, quality=quality)
        assert spliced == plan.jpeg_for(recipient, like=photo, quality=quality, splice=False)
        # And what a viewer shows is what it would show of a file without restart markers.
        settings = tm.read_photo(spliced).jpeg
        assert not settings.progressive
        like = tm.Photo(small, "JPEG", jpeg=settings)
        plain = tm.read_photo(tm.encode_photo(plan.copy_for(recipient), like=like))
        np.testing.assert_array_equal(tm.read_photo(spliced).pixels, plain.pixels)


def test_copies_stored_as_red_green_and_blue_are_spliced_too(small, key):
    photo = photo_of(small, quality=88, keep_rgb=True, subsampling=0)
    assert photo.jpeg.rgb
    plan = tm.prepare(photo.pixels, key=key)
    spliced = plan.jpeg_for(17, like=photo)
    assert spliced == plan.jpeg_for(17, like=photo, splice=False)
    assert tm.read_photo(spliced).jpeg == photo.jpeg
    assert abs(tm.read_photo(spliced).pixels.astype(int) - plan.copy_for(17)).max() < 20


def test_grey_copies_are_spliced_too(small, key):
    photo = photo_of(small[..., 1].copy(), quality=88)
    plan = tm.prepare(photo.pixels, key=key)
    for recipient in RECIPIENTS:
        spliced = plan.jpeg_for(recipient, like=photo)
        assert spliced == plan.jpeg_for(recipient, like=photo, splice=False)
        assert tm.read_photo(spliced).pixels.shape == photo.pixels.shape


def test_cells_of_more_than_one_unit_are_spliced_too(photos, key):
    photo = photos["seeding"][:1440, :2000]
    plan = tm.prepare(photo, key=key)
    assert plan.layout.multiple == 2
    assert plan.jpeg_for(17) == plan.jpeg_for(17, splice=False)
    assert tm.detect(tm.read_photo(plan.jpeg_for(17)).pixels, key=key).recipient == 17


def test_tables_and_subsampling_are_those_of_the_photo_unless_a_quality_is_given(small, key):
    photo = photo_of(small, quality=83, subsampling=1)
    plan = tm.prepare(photo.pixels, key=key)
    kept = tm.read_photo(plan.jpeg_for(17, like=photo))
    assert kept.jpeg == photo.jpeg
    coarse = tm.read_photo(plan.jpeg_for(17, like=photo, quality=40))
    assert coarse.jpeg == photo_of(small, quality=40, subsampling=1).jpeg
    assert tm.read_photo(plan.jpeg_for(17)).jpeg == photo_of(small, quality=95, subsampling=2).jpeg


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_what_the_file_says_of_its_picture_is_kept(format_name, small, key):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    exif = b"Exif\0\0" + orientation_alone(6)
    Image.fromarray(small).save(file, format=format_name, icc_profile=profile, exif=exif)
    photo = tm.read_photo(file.getvalue())
    plan = tm.prepare(photo.pixels, key=key)
    with Image.open(io.BytesIO(plan.jpeg_for(17, like=photo))) as image:
        assert image.info["icc_profile"] == profile
        assert image.info["exif"] == exif
        assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize("format_name", ["BMP", "PNG"])
def test_a_photo_of_another_kind_is_copied_as_a_jpeg_too(format_name, small, key):
    file = io.BytesIO()
    Image.fromarray(small).save(file, format=format_name)
    photo = tm.read_photo(file.getvalue())
    plan = tm.prepare(photo.pixels, key=key)
    assert plan.jpeg_for(17, like=photo) == plan.jpeg_for(17)


def test_a_copy_is_little_larger_than_its_photo_without_mark_and_markers(demo_photo, key):
    photo = tm.read_photo(demo_photo)
    plan = tm.prepare(photo.pixels, key=key)
    plain = len(tm.encode_photo(photo.pixels, like=photo))
    size = len(plan.jpeg_for(17, like=photo, splice=False)) / plain
    assert size < 1.10
    assert plan.spliced_size(like=photo) == pytest.approx(size, abs=0.01)
    assert plan.spliced_size(like=photo, quality=50) > 1.10  # markers weigh as much in a small file


def test_a_file_with_huffman_tables_of_its_own_is_spliced_too_and_compared_with_its_like(small, key):
    usual, packed = photo_of(small, quality=90), photo_of(small, quality=90, optimize=True)
    assert packed.jpeg.optimised
    plan = tm.prepare(packed.pixels, key=key)
    spliced = plan.jpeg_for(17, like=packed)
    assert spliced == plan.jpeg_for(17, like=packed, splice=False) == plan.jpeg_for(17, like=usual)
    plain = len(tm.encode_photo(packed.pixels, like=packed))
    assert plan.spliced_size(like=packed) == pytest.approx(len(spliced) / plain, abs=0.01)
    assert plan.spliced_size(like=packed) > plan.spliced_size(like=usual)


def test_variants_are_encoded_once_however_many_threads_ask_first(small, monkeypatch):
    calls = []
    real = splicing.prepare_jpeg
    monkeypatch.setattr(plan_room, "prepare_jpeg", lambda *given, **options: calls.append(1) or real(*given, **options))
    fresh = tm.prepare(small, key=tm.Key(bytes(range(32))))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(fresh.jpeg_for, quality=91), range(8)))
    assert len(calls) == 1


def test_a_plan_travels_between_processes_with_or_without_variants(small):
    plan = tm.prepare(small, key=tm.Key(bytes(range(32))))
    for _ in range(2):  # the second time it has variants
        again = pickle.loads(pickle.dumps(plan))  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(again.copy_for(17), plan.copy_for(17))
        assert again.jpeg_for(17) == plan.jpeg_for(17)


def test_several_threads_may_ask_at_once(plan):
    with ThreadPoolExecutor(4) as pool:
        copies = list(pool.map(plan.jpeg_for, range(8)))
    assert copies == [plan.jpeg_for(recipient) for recipient in range(8)]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda pixels: np.dstack([pixels, pixels[..., 0]]), "alpha"),
        (lambda pixels: pixels.astype(np.uint16) * 257, "uint16"),
        (lambda pixels: pixels / 255, "float64"),
    ],
)
def test_a_photo_that_jpeg_cannot_hold_is_refused_in_words(change, word, small, key):
    plan = tm.prepare(change(small), key=key)
    for splice in (True, False):
        with pytest.raises(tm.PhotoError, match=f"must be 8-bit grey or RGB .* not {word}"):
            plan.jpeg_for(17, splice=splice)


def test_wrong_recipients_models_and_qualities_are_refused_in_words(plan, small):
    with pytest.raises(tm.RecipientError, match="not -1"):
        plan.jpeg_for(-1)
    with pytest.raises(tm.PhotoError, match=r"must have the shape .* of what was prepared"):
        plan.jpeg_for(17, like=photo_of(small[:-1], quality=90))
    plan.jpeg_for(17, quality=1)  # kept, and True is 1
    for quality in (0, 101, 50.5, True, 1.0, "50", [50]):
        given = repr(quality) if isinstance(quality, int) else f"of type {type(quality).__name__}"
        for splice in (True, False):
            with pytest.raises(tm.PhotoError, match=f"quality must be a whole number, 1 to 100, not {given}"):
                plan.jpeg_for(17, quality=quality, splice=splice)
    assert plan.jpeg_for(17, quality=np.int64(50)) == plan.jpeg_for(17, quality=50, splice=False)


def test_a_plan_that_was_saved_makes_the_same_copies(plan, tmp_path):
    path = tmp_path / "car.plan"
    plan.save(path, quality=90)
    loaded = tm.Plan.load(path, key=tm.Key(bytes(range(32))))
    assert isinstance(loaded, tm.JpegPlan)
    assert (loaded.digest, loaded.layout, loaded.key) == (plan.digest, plan.layout, plan.key)
    for recipient in RECIPIENTS:
        assert loaded.jpeg_for(recipient) == plan.jpeg_for(recipient, quality=90)
    loaded.save(tmp_path / "again.plan")
    assert (tmp_path / "again.plan").read_bytes() == path.read_bytes()
    with pytest.raises(tm.RecipientError, match="not -1"):
        loaded.jpeg_for(-1)


def test_another_key_cannot_use_a_saved_plan(plan, tmp_path):
    plan.save(tmp_path / "car.plan")
    with pytest.raises(tm.KeyFileError, match=f"key must be {plan.key.id}, .* not {tm.Key(bytes(32)).id}"):
        tm.Plan.load(tmp_path / "car.plan", key=tm.Key(bytes(32)))


@pytest.mark.parametrize(
    ("files", "rows", "sentence"), [(3, 325, "16 variants, not 3"), (0, 325, "not 0"), (16, 400, "cells")]
)
def test_a_saved_plan_that_does_not_hold_the_photo_is_refused_in_words(files, rows, sentence, plan, tmp_path):
    key = tm.Key(bytes(range(32)))
    copies = [plan.jpeg_for(recipient) for recipient in range(files)]
    write_plan_file(tmp_path / "car.plan", PlanFile(plan.digest, rows, 490, plan.chip_set, copies), key=key)
    with pytest.raises(tm.FormatError, match=sentence):
        tm.Plan.load(tmp_path / "car.plan", key=key)
