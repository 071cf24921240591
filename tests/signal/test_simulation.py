import cv2
import numpy as np
import pytest
from PIL import Image

from tests.signal.conftest import COLUMNS, ROWS
from tracemark.signal import jpeg_quality
from tracemark.signal.simulation import Box, simulate


@pytest.fixture
def photo(photo):
    return photo.astype(np.uint8)


def saved(pixels, quality):
    file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)


def of(pixels):
    return pixels.astype(np.float32)


def again(simulated):
    """What the leak would be without a mark."""
    return jpeg_quality.saved(simulated.luma, simulated.quality)


def test_what_is_smaller_than_a_block_is_not_simulated():
    thin = np.zeros((7, 100), dtype=np.float32)
    assert simulate(thin, thin, [Box(0, 0, 7, 100)]) is None


@pytest.mark.parametrize(
    "resize",
    [
        lambda pixels, size: cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
        lambda pixels, size: cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR),
        lambda pixels, size: cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC),
        lambda pixels, size: np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)),
        lambda pixels, size: np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)),
        lambda pixels, size: np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)),
    ],
    ids=["cv2 area", "cv2 linear", "cv2 cubic", "Pillow bilinear", "Pillow bicubic", "Pillow Lanczos"],
)
@pytest.mark.parametrize("box", [Box(0, 0, ROWS, COLUMNS), Box(31, 50, 231, 290)], ids=["whole", "crop"])
def test_a_leak_is_cut_resized_and_saved_again(resize, box, photo):
    cut = photo[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    small = resize(np.ascontiguousarray(cut), (120, 100))
    leak = of(saved(small, 60))
    simulated = simulate(leak, of(photo), [Box(3, 0, 203, 280), box])
    assert simulated.box == box
    assert simulated.quality == 60
    assert np.mean((leak - again(simulated)) ** 2) < 0.2 * np.mean((leak - of(small)) ** 2)
    assert np.mean((simulated.luma - of(small)) ** 2) < 1


def test_what_was_cut_pixel_by_pixel_is_given_back_exactly(photo):
    box = Box(31, 50, 131, 170)
    leak = of(saved(np.ascontiguousarray(photo[31:131, 50:170]), 60))
    simulated = simulate(leak, of(photo), [box])
    np.testing.assert_array_equal(simulated.luma, of(photo)[31:131, 50:170])
    np.testing.assert_array_equal(again(simulated), leak)


def test_errors_of_quantisation_cancel_and_the_mark_stays(photo, rng):
    mark = np.clip(cv2.GaussianBlur(rng.standard_normal(photo.shape), (0, 0), 2) * 8, -2, 2)
    leak = of(saved(np.clip(photo + mark, 0, 255).round().astype(np.uint8), 40))
    simulated = simulate(leak, of(photo), [Box(0, 0, ROWS, COLUMNS)])

    def seen(residual):
        return np.sum(residual * mark) / np.sqrt(np.sum(residual**2) * np.sum(mark**2))

    assert seen(leak - again(simulated)) > 1.3 * seen(leak - photo)


@pytest.mark.parametrize(
    "leak",
    [
        of,
        lambda photo: cv2.GaussianBlur(of(saved(photo, 50)), (0, 0), 1),
        lambda photo: of(saved(255 - photo, 50)),
        lambda photo: of(saved(photo, 50))[3:, 5:],
    ],
    ids=["never saved", "blurred since", "a negative", "cut since"],
)
def test_what_no_jpeg_of_the_box_explains_is_not_simulated(leak, photo):
    seen = leak(photo)
    assert simulate(seen, of(photo), [Box(0, 0, *seen.shape)]) is None
    assert simulate(seen, of(photo), []) is None
