import io

import numpy as np
import pytest
from PIL import Image, ImageCms

import tracemark as tm
from tests.media.profiles import ADOBE_RGB, DISPLAY_P3, wide_profile

RECIPIENT = 17
FORMATS = {
    "JPEG": {"quality": 92},
    "PNG": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"quality": 90},
    "AVIF": {"quality": 85, "speed": 9},
}
SRGB = ImageCms.createProfile("sRGB")


@pytest.fixture(scope="module", params=[ADOBE_RGB, DISPLAY_P3])
def space(request):
    return request.param


@pytest.fixture(scope="module")
def wide(demo_photo, space):
    """A part of a photo, as a camera stores it that was set to another colour space."""
    part = Image.fromarray(np.ascontiguousarray(tm.read_photo(demo_photo).pixels[300:780, 900:1620]))
    return ImageCms.profileToProfile(part, SRGB, _parsed(wide_profile(space)))


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_copy_keeps_the_profile_and_its_mark_outlasts_the_way_to_srgb(format_name, wide, space, key):
    photo = saved(wide, space, format=format_name, **FORMATS[format_name])
    marked = tm.embed(photo.pixels, recipient=RECIPIENT, key=key)
    leak = shown(tm.encode_photo(marked, like=photo), space)
    assert tm.detect(leak, key=key).recipients == (RECIPIENT,)


def test_so_does_a_spliced_copy_and_its_mark_is_read_with_the_photo_as_it_was_stored(wide, space, key):
    photo = saved(wide, space, format="JPEG", **FORMATS["JPEG"])
    plan = tm.prepare(photo.pixels, key=key)
    leak = shown(plan.jpeg_for(RECIPIENT, like=photo), space)
    found = tm.detect(leak, key=key, original=photo.pixels, recipients=range(100))
    assert (found.method, found.recipients) == ("informed", (RECIPIENT,))


def saved(wide, space, **options):
    """What is read of a photo's file with its profile."""
    file = io.BytesIO()
    wide.save(file, icc_profile=wide_profile(space), **options)
    return tm.read_photo(file.getvalue())


def shown(copy, space):
    """What a web site makes of a copy's file, whose profile is that of the photo."""
    with Image.open(io.BytesIO(copy)) as image:
        profile = image.info["icc_profile"]
        assert profile == wide_profile(space)
        assert ImageCms.getProfileDescription(_parsed(profile)).strip() == space
        picture = ImageCms.profileToProfile(image.convert("RGB"), _parsed(profile), SRGB)
    return np.asarray(picture.resize((540, 360), Image.Resampling.LANCZOS))


def _parsed(profile):
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))
