import numpy as np
import pytest
from PIL import Image

from benchmarks.gauntlet.corpus import FOLDER_VARIABLE, Limits, find_photos, load

ORIENTATION, QUARTER_TURN = 0x0112, 6  # EXIF 2.32, table 4


@pytest.fixture
def folder(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_photos_of_a_folder_are_found_by_name(folder):
    assert [path.name for path in find_photos(folder)] == ["a.png", "b.JPG"]


def test_the_environment_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    assert find_photos() == find_photos(folder)


def test_shipped_photos_stand_in_for_a_folder(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    paths = find_photos()
    assert paths
    assert load(paths[-1], Limits()).dtype == np.uint8


def test_a_folder_without_photos_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="has none"):
        find_photos(tmp_path)


def test_orientation_is_applied_and_grey_becomes_rgb(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_TURN
    Image.new("L", (40, 30)).save(path, exif=exif)
    assert load(path, Limits()).shape == (40, 30, 3)


@pytest.mark.parametrize(
    ("limits", "shape"),
    [
        (Limits(), (200, 300, 3)),
        (Limits(long_side_px=150), (100, 150, 3)),
        (Limits(max_pixels=15_000), (100, 150, 3)),
        (Limits(max_pixels=10**6, long_side_px=4000), (200, 300, 3)),
    ],
)
def test_photos_shrink_to_the_limits_and_never_grow(tmp_path, limits, shape):
    path = tmp_path / "photo.png"
    Image.new("RGB", (300, 200)).save(path)
    assert load(path, limits).shape == shape
