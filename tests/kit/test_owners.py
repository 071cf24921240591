import dataclasses
import hashlib
import os
import shutil
import sys

import pytest

import tracemark as tm
from tests.kit.conftest import entry_of
from tracemark.kit.manifest import open_manifest
from tracemark.kit.owners import Owners, kit_files


@pytest.fixture
def kit(tmp_path):
    """One copy, listed."""
    copy = tmp_path / "kit" / "17" / "car.jpg"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"a copy")
    with open_manifest(tmp_path / "kit") as manifest:
        manifest.add([entry_of()])
    return tmp_path / "kit"


def refusal(path, out, ledger=None):
    return Owners(out, ledger).refusal(path, hashlib.sha256(path.read_bytes()).digest())


def test_a_kit_says_what_is_in_it_even_where_lines_are_damaged(kit):
    assert list(kit_files(kit)) == ["17/car.jpg"]
    manifest = kit / "manifest.jsonl"
    manifest.write_bytes(b"{}\n" + manifest.read_bytes() + b'{"schema": "tracemark.kit.copy/1", "fi')
    assert list(kit_files(kit)) == ["17/car.jpg"]


def test_another_programs_manifest_lists_nothing(tmp_path):
    assert kit_files(tmp_path) == {}
    (tmp_path / "manifest.jsonl").write_text('{"mine": 1}\n[17]\n')
    assert kit_files(tmp_path) == {}


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to this user")
def test_a_manifest_that_is_closed_is_told(kit):
    for closed in (kit / "manifest.jsonl", kit):
        closed.chmod(0)
        try:
            with pytest.raises(tm.KitError, match="permission denied"):
                kit_files(kit)
        finally:
            closed.chmod(0o700)


def test_a_copy_is_known_by_the_kit_it_lies_in(kit, tmp_path):
    copy = kit / "17" / "car.jpg"
    assert refusal(copy, tmp_path / "new") == f"photo must be no copy, and is recipient 17's, {copy}"
    copy.write_bytes(b"saved again")
    assert "recipient 17's" in refusal(copy, tmp_path / "new")
    (tmp_path / "link.jpg").symlink_to(copy)
    assert "recipient 17's" in refusal(tmp_path / "link.jpg", tmp_path / "new")


def test_a_copy_is_known_by_its_bytes_in_the_kit_that_is_written(kit, tmp_path):
    elsewhere = shutil.copy(kit / "17" / "car.jpg", tmp_path / "elsewhere.jpg")
    assert "recipient 17's" in refusal(elsewhere, kit)
    assert refusal(elsewhere, tmp_path / "new") == ""


def test_a_photo_beside_a_kit_is_a_photo(kit, tmp_path):
    photo = kit / "18.jpg"
    photo.write_bytes(b"a photo")
    assert refusal(photo, kit) == ""


def test_a_copy_is_known_by_the_ledger(press):
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        made = list(tm.make_kit(press.order([17], check="none"), ledger=ledger, jobs=1))
        elsewhere = shutil.copy(press.out / made[0].copy.file, press.folder / "elsewhere.jpg")
        assert "the ledger has it as recipient 17's, 17/photo-0.jpg" in refusal(elsewhere, press.folder / "new", ledger)
        copies = [*press.copies([19]), tm.KitCopy(elsewhere, 19, "19/elsewhere.jpg")]
        order = dataclasses.replace(press.order([19], check="none"), copies=copies, out=press.folder / "new")
        told = list(tm.make_kit(order, ledger=ledger, jobs=1))
    assert [one.photo for one in told if isinstance(one, tm.Failure)] == [elsewhere]
    assert sum(isinstance(one, tm.MadeCopy) for one in told) == 2


def test_an_estimate_knows_copies_too(press):
    list(tm.make_kit(press.order([17], check="none"), jobs=1))
    copy = press.out / "17" / "photo-0.jpg"
    order = dataclasses.replace(press.order([19]), copies=[tm.KitCopy(copy, 19, "x.jpg")], out=press.folder / "new")
    assert "recipient 17's" in tm.estimate_kit(order, jobs=1).failures[0].words
