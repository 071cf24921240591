import dataclasses
import hashlib

import numpy as np
import pytest

import tracemark as tm
from tracemark.profile import PROFILE
from tracemark.recording import describe_photo


@pytest.fixture
def ledger(tmp_path):
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as ledger:
        yield ledger


KINDS = {
    "rgb": lambda rgb: rgb,
    "grey": lambda rgb: rgb[..., 1],
    "rgba": lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 9, np.uint8)]),
    "deep": lambda rgb: rgb.astype(np.uint16) * 257,
    "float": lambda rgb: rgb.astype(np.float32) / 255,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_of_any_kind_is_recorded_with_its_luma(kind, ledger, key, photos):
    rgb = photos["astronaut"][:411, :403]
    plan = tm.prepare(KINDS[kind](rgb), key=key)
    record = tm.record_photo(ledger, KINDS[kind](rgb), plan, name="a.png")
    kept = ledger.photo(plan.digest, key_id=key.id)
    assert (kept.rows, kept.columns, kept.dtype) == (411, 403, KINDS[kind](rgb).dtype.name)
    assert (kept.profile_version, kept.chip_set, kept.strength) == (PROFILE.version, plan.chip_set, plan.strength)
    np.testing.assert_array_equal(kept.luma, record.luma)
    grey = rgb[..., 1].astype(float) if kind == "grey" else rgb @ [0.299, 0.587, 0.114]
    assert kept.luma.shape == plan.layout.working
    np.testing.assert_allclose(kept.luma[:411, :403], grey, atol=1.01)


@pytest.mark.parametrize("change", [lambda rgb: rgb[::-1], lambda rgb: rgb[:380, :390], lambda rgb: rgb[..., 0]])
def test_another_image_than_the_plans_is_refused_and_nothing_recorded(change, ledger, key, photos):
    rgb = photos["astronaut"][:400, :400]
    plan = tm.prepare(rgb, key=key)
    with pytest.raises(tm.PhotoError, match="image must be the one that the plan was made of"):
        tm.record_photo(ledger, change(rgb), plan, name="a.png")
    assert ledger.photos() == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"chip_set": 9999}, "its chip set must be 0 to 7 for its size, not 9999"),
        ({"chip_set": -1}, "its chip set must be 0 to 7 for its size, not -1"),
        ({"chip_set": 8}, "its chip set must be 0 to 7 for its size, not 8"),
        ({"rows": 1}, "must be at least 192 px on its short side"),
        ({"rows": 900_000_000}, "long side must be at most"),
        ({"rows": 430}, r"its luma must have shape \(.*\), not \(400, 400\)"),
        ({"luma": np.zeros((3, 400), np.uint8)}, r"its luma must have shape \(400, 400\), not \(3, 400\)"),
    ],
)
def test_a_record_that_contradicts_itself_is_damaged(change, sentence, ledger, key, photos):
    rgb = photos["astronaut"][:400, :400]
    plan = tm.prepare(rgb, key=key)
    ledger.add_photo(dataclasses.replace(describe_photo(rgb, plan, name="a.png"), **change))
    ledger.add_recipients({17: {}})
    with pytest.raises(tm.LedgerError, match=rf"photo a\.png is damaged in the ledger: .*{sentence}"):
        tm.detect(plan.copy_for(17), key=key, ledger=ledger)
    with pytest.raises(tm.LedgerError, match=rf"photo a\.png is damaged in the ledger: .*{sentence}"):
        tm.recorded_luma(ledger, plan.digest, key_id=key.id)


def test_a_copy_is_recorded_with_its_bytes(ledger, key, photos):
    plan = tm.prepare(photos["astronaut"][:400, :400], key=key)
    tm.record_photo(ledger, photos["astronaut"][:400, :400], plan, name="a.png")
    ledger.add_recipients({17: {}})
    copy = tm.record_copy(ledger, plan, b"all of the file", recipient=17, file="17/a.png")
    assert copy.sha256 == hashlib.sha256(b"all of the file").digest()
    assert (copy.photo, copy.key_id, copy.recipient) == (plan.digest, key.id, 17)
    assert copy.software == f"tracemark {tm.__version__}"
    assert copy.format_version == PROFILE.version
    assert ledger.recipients_of(plan.digest, key_id=key.id) == (17,)


def test_a_copy_that_was_made_of_a_saved_photo_is_recorded_like_any_other(ledger, key, photos, tmp_path):
    rgb = photos["astronaut"][:400, :400]
    plan = tm.prepare(rgb, key=key)
    tm.record_photo(ledger, rgb, plan, name="a.jpg")
    ledger.add_recipients({17: {}})
    plan.save(tmp_path / "a.plan")
    loaded = tm.Plan.load(tmp_path / "a.plan", key=key)
    copy = tm.record_copy(ledger, loaded, loaded.jpeg_for(17), recipient=17, file="17/a.jpg")
    assert (copy.photo, copy.key_id, copy.recipient) == (plan.digest, key.id, 17)
    with pytest.raises(tm.PhotoError, match="plan must be of type Plan, not str"):
        tm.record_copy(ledger, "a.plan", b"", recipient=17, file="17/a.jpg")


def test_a_copy_is_not_recorded_before_its_photo(ledger, key, photos):
    plan = tm.prepare(photos["astronaut"][:400, :400], key=key)
    ledger.add_recipients({17: {}})
    with pytest.raises(tm.LedgerError, match="before its copies"):
        tm.record_copy(ledger, plan, b"", recipient=17, file="17/a.png")
