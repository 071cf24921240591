import dataclasses
import json
from importlib.resources import files

import cv2
import numpy as np
import pytest

from benchmarks.registration.__main__ import main
from benchmarks.registration.errors import UNRELATED, Trial, errors, render
from benchmarks.registration.views import VIEWS, show
from tracemark.geometry.registration import Registration


@pytest.fixture(scope="module")
def photo():
    picture = cv2.imread(str(files("skimage.data") / "coffee.png"))
    return cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), (0, 0), 2)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_places_say_where_each_pixel_comes_from(view, photo, rng):
    bare = dataclasses.replace(view, steps=())
    leak = show(bare, photo, [photo] * 3, rng)
    assert leak.places.shape == (*leak.pixels.shape[:2], 2)
    known = ~np.isnan(leak.places[..., 0])
    x, y = np.moveaxis(np.nan_to_num(leak.places), -1, 0)
    back = cv2.remap(photo, x, y, cv2.INTER_LINEAR)
    assert np.abs(back[known].astype(float) - leak.pixels[known]).mean() < 3


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_same_luck_makes_the_same_leak(view, photo):
    first, second = (show(view, photo, [photo] * 3, np.random.default_rng(5)).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.uint8


def test_an_exact_registration_has_no_error(photo):
    places = np.stack(np.meshgrid(np.arange(600.0), np.arange(400.0)), axis=-1).astype(np.float32)
    luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    weights = np.ones_like(luma)
    for shift, milli in ((0.0, 0), (0.5, 500)):
        found = Registration(np.eye(3), places[:, :500] + np.array([shift, 0], np.float32), weights[:, :500])
        measured = errors(found, places, luma[:, :500])
        assert measured["all_milli"] == pytest.approx(milli, abs=1)
        assert measured["foreign_milli"] == 0


def test_a_table_counts_what_was_registered():
    trials = [
        Trial("mirror", "a", 1, 90, 1000, 12, 20, 0, 990),
        Trial("mirror", "b", 0, 3, 2000),
        Trial(UNRELATED, "a", 0, 7, 900),
    ]
    text = render({"commit": "c", "machine": "m", "photos": 2, "long_side_px": 800}, trials)
    assert "| mirror | 2 | 1 | 0 | 0.012 | 0.012 | 0.012 | 0.020 | 0 | 3 | 1.5 |" in text
    assert "at most 7" in text


def test_the_command_prints_a_table_and_writes_nothing(photo, tmp_path, capsys):
    rows = np.concatenate([photo, photo[::-1]])
    for name, picture in (("a.png", photo), ("b.png", np.ascontiguousarray(rows))):
        cv2.imwrite(str(tmp_path / name), picture)
    assert main(["--photos", str(tmp_path), "--most", "1", "--views", "mirror", "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "| mirror | 1 | 1 |" in told.out
    assert json.loads(told.err.splitlines()[0])["photo"] == "a.png"
