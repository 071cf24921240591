import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import tracemark as tm
from benchmarks.choices import growth, marking
from benchmarks.choices.__main__ import CHOICES, PAGE, PAGES
from benchmarks.choices.checking import CheckingChoice, ReadBack
from benchmarks.choices.code import SCORES, CodeChoice, Errors, limit, noisy
from benchmarks.choices.finding import FindingChoice, Found
from benchmarks.choices.growth import SIZES as GROWTH_SIZES
from benchmarks.choices.growth import BytesChoice, Grown
from benchmarks.choices.hashing import Alike, HashChoice, Kept
from benchmarks.choices.leaks import CROP_3, LEAKS, PLAIN, Leak
from benchmarks.choices.marking import Score
from benchmarks.choices.packing import Packed, PackingChoice
from benchmarks.choices.scores import blind_score, correlation, informed_score, locate
from benchmarks.choices.split import SPLIT, SplitScore
from benchmarks.choices.subjects import Setting, Subject
from benchmarks.choices.variants import EQUAL_SIGHT, Variant, applied
from benchmarks.choices.visibility import Sight, VisibilityChoice
from tracemark import embedding
from tracemark.profile import PROFILE
from tracemark.signal import mask, reading
from tracemark.signal.chips import codebook
from tracemark.signal.layout import lay_out
from tracemark.signal.luma import luma_of

KEY = tm.Key(bytes(range(32)))
RECIPIENTS = (7, 2**31)
WEAKER = {"tracemark.embedding.TARGETS": (92.0, 92.0)}


@pytest.fixture(scope="module")
def photo():
    grain = np.random.default_rng(3).normal(0, 8, (500, 700, 1))
    ramp = np.linspace(90, 160, 700)[None, :, None]
    return np.clip(grain + ramp + np.zeros(3), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def plan(photo):
    return tm.prepare(photo, key=KEY)


def test_a_variant_is_in_place_for_a_while_only():
    before = PROFILE.message_slots, mask.EXPONENT, embedding.TARGETS
    variant = Variant("other", {"message_slots": 5}, {"tracemark.signal.mask.EXPONENT": 0.0})
    with applied(variant, also=EQUAL_SIGHT):
        assert (PROFILE.message_slots, mask.EXPONENT) == (5, 0.0)
        assert embedding.TARGETS[0] == embedding.TARGETS[1]
        assert variant.present
    assert (PROFILE.message_slots, mask.EXPONENT, embedding.TARGETS) == before
    assert not variant.present


def test_a_variant_leaves_even_when_something_breaks():
    before = PROFILE.cell
    with pytest.raises(ValueError, match="broken"), applied(Variant("other", {"cell": 32, "tile": 8})):
        raise ValueError("broken")
    assert PROFILE.cell == before


@pytest.mark.parametrize(
    "choice", [CHOICES[name] for name in ("levels", "finest", "contents", "cells", "border", "mask")]
)
def test_one_alternative_of_each_choice_is_what_the_project_does(choice):
    assert sum(variant.present for variant in choice.variants) == 1


@pytest.mark.parametrize("variant", marking.CELLS.variants, ids=lambda variant: variant.name)
def test_a_photo_is_marked_with_cells_of_any_size(variant):
    photo = np.random.default_rng(5).normal(128, 12, (720, 1280)).clip(0, 255).astype(np.uint8)
    with applied(variant, also=EQUAL_SIGHT):
        plan = tm.prepare(photo, key=KEY)
        assert not np.array_equal(plan.copy_for(3), plan.copy_for(4))


@pytest.mark.parametrize("fields", [{"border": 3}, {"wavelet": "db2"}], ids=str)
def test_patterns_are_drawn_anew_for_another_border_or_wavelet(fields):
    before = codebook(KEY)
    with applied(Variant("other", fields)):
        assert not np.allclose(codebook(KEY), before)
    np.testing.assert_array_equal(codebook(KEY), before)


def test_patterns_are_drawn_anew_for_other_levels_and_read_at_these():
    before = codebook(KEY)
    with applied(Variant("other", {"chip_levels": ((3, 1.0),)})):
        assert reading.LEVELS == (3,)
        assert not np.allclose(codebook(KEY), before)
    np.testing.assert_array_equal(codebook(KEY), before)


@pytest.mark.parametrize(
    "name", ["levels", "finest", "contents", "cells", "border", "rank", "split", "mask", "dither", "bytes"]
)
def test_the_present_format_is_among_the_alternatives_once(name):
    assert sum(variant.present for variant in CHOICES[name].variants) == 1


@pytest.mark.parametrize("leak", [*LEAKS, CROP_3, PLAIN], ids=lambda leak: leak.name)
@pytest.mark.parametrize("long_side", [1280, 3840])
def test_a_cut_says_where_its_pixels_lie(leak, long_side, rng):
    layout = lay_out(long_side * 2 // 3, long_side)
    rows, columns = np.mgrid[: layout.rows, : layout.columns]
    photo = np.stack([columns / 20, rows / 20, rows * 0], axis=-1).astype(np.uint8)
    cut, transform = leak.cut(photo, layout, rng)
    down, across = cut.shape[0] // 2, cut.shape[1] // 2
    x, y, _ = transform @ (across, down, 1)
    place = (np.array([x, y]) + 1 / 2) * layout.scale - 1 / 2
    np.testing.assert_allclose(place / 20, cut[down, across, :2], atol=1.2)


@pytest.mark.parametrize("leak", [PLAIN, Leak("crop", 40, 90), Leak("small", 100, 90, 0.7)], ids=lambda leak: leak.name)
def test_a_recipient_scores_where_the_copy_leaked_and_an_innocent_does_not(leak, photo, plan, rng):
    copy = plan.copy_for(RECIPIENTS[0])
    state = rng.bit_generator.state
    cut, transform = leak.cut(copy, plan.layout, rng)
    rng.bit_generator.state = state
    original, _ = leak.cut(photo, plan.layout, rng)
    saved = luma_of(leak.save(cut))
    blind = [blind_score(locate(saved, transform, plan), plan, recipient) for recipient in RECIPIENTS]
    assert blind[0].read
    assert not blind[1].read
    assert blind[0].z > 8 > 5 > abs(blind[1].z)
    assert blind[0].beacon > 3
    difference = locate(saved - luma_of(original), transform, plan)
    informed = [informed_score(difference, plan, recipient) for recipient in RECIPIENTS]
    for name in ("fingerprint", "both"):
        assert getattr(informed[0], name) > 6 > 5 > abs(getattr(informed[1], name))
    assert informed[0].fingerprint <= math.sqrt(informed[0].symbols)


def test_nothing_correlates_with_nothing():
    assert correlation(np.zeros(4), np.ones(4)) == 0


def test_noise_lets_the_codeword_correlate_as_asked(rng):
    signs = np.where(rng.integers(2, size=1000), 1, -1).astype(np.int8)
    scores = [correlation(noisy(signs, 10, rng), signs) for _ in range(200)]
    assert abs(np.mean(scores) - 10) < 0.3


def test_the_limit_falls_as_the_score_rises_and_as_the_word_shrinks():
    rates = [limit(64, 1000, z) for z in (8, 9, 10, 11)]
    assert rates == sorted(rates, reverse=True)
    assert limit(32, 1000, 9) < limit(64, 1000, 9)
    assert 0 < rates[-1] < rates[0] < 1


def test_tables_have_a_row_for_each_alternative():
    scores = [
        Score(variant, 1280, "JPEG 50", name, z, 300, z > 10)
        for variant in ("a", "**b** (present)")
        for name, z in (("one.jpg", 8.0), ("two.jpg", 12.0))
    ]
    seen = [replace(score, leak="SSIMULACRA2", z=88.0) for score in scores]
    text = marking.LEVELS.render([*scores, *seen])
    assert "| a | 10.0 · 1/2 | 88.0 |" in text
    assert "| **b** (present) | 10.0 · 1/2 | 88.0 |" in text


def test_the_split_shows_mean_least_and_words():
    scores = [SplitScore("0.60 / 0.15", 1280, "blind", "one.jpg", z, 300, z > 10) for z in (8.0, 12.0)]
    text = SPLIT.render([*scores, SplitScore("0.60 / 0.15", 1280, "informed", "one.jpg", 6.0, 100)])
    assert "| 1280 px: blind | 10.0 (8.0) · 1/2 |" in text
    assert "| 1280 px: informed | 6.0 (6.0) |" in text


def test_the_code_is_shown_above_its_limit():
    errors = [Errors("memory 12, 2 wraps", symbols, z, 5, 2, 100, 0.02) for symbols in (330, 1000) for z in SCORES]
    lines = CodeChoice().render(errors).splitlines()
    assert "| 0.05 / 0.02 |" in lines[-2]
    assert lines[-2].endswith("| 20 |")
    assert lines[-1].startswith("| limit of any code |")


def test_visibility_errors_are_measured_less_predicted():
    text = VisibilityChoice().render([Sight(1280, "one.jpg", 88.0, 89.0), Sight(1280, "two.jpg", 88.0, 86.0)])
    assert "| 1280 px | 88.0 | 87.5 | 86.0 | -0.5 | 2.1 | -2.0 |" in text


def test_copies_read_back_are_counted_by_size():
    copies = [ReadBack(640, 273_066, name, name == "one.jpg", 4.0, True, 0.5) for name in ("one.jpg", "two.jpg")]
    assert "| 640 px | 0.27 | 1/2 | 4.0 | 2/2 | 0.5 |" in CheckingChoice().render(copies)


def test_lumas_are_packed_without_loss_and_with(photo, monkeypatch):
    monkeypatch.setattr(Setting, "subjects", lambda self, sizes: iter([Subject("one.jpg", sizes[0], photo, 1)]))
    packed = {one.way: one for one in PackingChoice().measure(Setting((), 1))}
    assert [way for way in packed if "(present)" in way] == ["**PNG, level 6** (present)"]
    assert packed["**PNG, level 6** (present)"].error == packed["WebP, lossless"].error == 0
    assert packed["JPEG, quality 95"].error > packed["JPEG, quality 98"].error > 0
    assert packed["JPEG, quality 95"].size < packed["PNG, level 9"].size < packed["PNG, level 1"].size


def test_packed_lumas_are_told_in_kilobytes_and_milliseconds():
    packed = [Packed("PNG", "one.jpg", 400_000, 0.1, 0.02, 0.0), Packed("PNG", "two.jpg", 600_000, 0.3, 0.04, 1.0)]
    assert "| PNG | 500 | 600 | 200 | 30 | 0.71 |" in PackingChoice().render(packed)


def test_a_page_has_a_place_for_every_choice():
    for name in CHOICES:
        page = PAGES.get(name, PAGE).read_text(encoding="utf-8")
        assert page.index(f"<!-- {name}: begin -->") < page.index(f"<!-- {name}: end -->")


def test_names_found_are_counted_by_leak():
    found = [Found("0.16 / 0.09 / 0.60", "crop", name, name == "one.jpg", False) for name in ("one.jpg", "two.jpg")]
    assert "| 0.16 / 0.09 / 0.60 | 1/2 | 0 |" in FindingChoice().render(found)


def test_the_present_hash_keeps_most_of_the_beacon_and_shares_little_with_another_photo(tmp_path, photos):
    for name in ("seeding", "rocket"):
        Image.fromarray(photos[name]).save(tmp_path / f"{name}.png")
    setting = Setting([tmp_path / "rocket.png", tmp_path / "seeding.png"], 1)
    records = [one for one in HashChoice().measure(setting) if "(present)" in one.variant]
    kept = [one for one in records if isinstance(one, Kept)]
    assert {one.photo for one in kept} == {"rocket.png", "seeding.png"}
    assert min(one.kept for one in kept) > 0.3
    assert np.median([one.kept for one in kept]) > 0.6
    (alike,) = (one for one in records if isinstance(one, Alike))
    assert abs(alike.agreement) < 0.1


def test_hashes_are_shown_by_leak_and_by_pair():
    records = [Kept("kernel", "JPEG 50", "sky.jpg", 0.9), Kept("kernel", "JPEG 50", "wall.jpg", 0.5)]
    records += [
        Alike("kernel", ("sky.jpg", other), agreement) for other, agreement in (("wall.jpg", 0.1), ("sea", 0.3))
    ]
    assert "| kernel | 0.70 / 0.50 | 0.100 / 0.300 |" in HashChoice().render(records)


def test_only_photos_that_grow_are_weighed_and_read(tmp_path, monkeypatch):
    columns = np.linspace(60, 190, 1200)[None, :, None]
    smooth = np.clip(columns + np.random.default_rng(1).normal(0, 1, (800, 1200, 1)) + np.zeros(3), 0, 255)
    busy = np.random.default_rng(2).integers(0, 256, (800, 1200, 3))
    for name, photo in (("busy.png", busy), ("smooth.png", smooth)):
        Image.fromarray(photo.astype(np.uint8)).save(tmp_path / name)
    monkeypatch.setattr(growth, "SIZES", {600: GROWTH_SIZES[600][:1]})
    choice = replace(CHOICES["bytes"], variants=(Variant("88.8"), Variant("92", constants=WEAKER)))
    grown = list(choice.measure(Setting([tmp_path / "busy.png", tmp_path / "smooth.png"], 1)))
    assert {one.photo for one in grown} == {"smooth.png"}
    present, weaker = (one.z for one in grown if one.leak == "bytes")
    assert present > weaker > 0
    assert [one.read for one in grown if one.leak != "bytes"] == [True, True]


def test_growth_and_scores_are_shown_side_by_side():
    grown = [Grown("**88.8** (present)", 600, "bytes", "sky.jpg", 0.124)]
    grown += [
        Grown("**88.8** (present)", 600, "JPEG 75", name, z, z > 10) for name, z in (("sky", 12.0), ("wall", 9.0))
    ]
    text = BytesChoice().render(grown)
    assert "| **88.8** (present) | +12.4 % | 10.5 (9.0) · 1/2 |" in text
