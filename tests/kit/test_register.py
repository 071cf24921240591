import dataclasses
import hashlib

import pytest

import tracemark as tm
from tracemark.kit.making import make
from tracemark.kit.manifest import open_manifest
from tracemark.kit.register import Register

RECIPIENTS = (17, 3)


@pytest.fixture
def answer(press):
    """Two copies that were made."""
    return make(press.task(RECIPIENTS, describe=True, checked=frozenset({3})))


@pytest.fixture
def ledger(press):
    with tm.Ledger.open(press.folder / "kit.db", create=True) as opened:
        opened.add_recipients({recipient: {} for recipient in RECIPIENTS})
        yield opened


def opened(press, manifest, *, ledger=None, key_id=None, **options):
    order = press.order(RECIPIENTS, **options)
    register = Register(manifest, order, key_id=key_id or press.key.id, ledger=ledger)
    register.photos[press.photos[0]] = hashlib.sha256(press.photos[0].read_bytes()).digest()
    return register


def recorded(ledger):
    return [(copy.recipient, copy.file, copy.sha256) for copy in ledger.copies()]


def test_a_copy_that_was_written_down_is_done(press, answer, ledger):
    with open_manifest(press.out) as manifest:
        opened(press, manifest, ledger=ledger).write(answer)
    with open_manifest(press.out) as manifest:
        register = opened(press, manifest, ledger=ledger)
        for made in answer.made:
            assert register.done(made.copy, check=False) == dataclasses.replace(made, was_there=True)
    assert recorded(ledger) == [(made.copy.recipient, made.copy.file, made.sha256) for made in answer.made]
    assert ledger.verify()


def test_only_a_copy_that_was_read_back_is_done_when_that_is_wanted(press, answer):
    with open_manifest(press.out) as manifest:
        register = opened(press, manifest)
        register.write(answer)
        assert [register.done(made.copy, check=True) is not None for made in answer.made] == [False, True]


@pytest.mark.parametrize("change", ["file", "removed", "photo", "key", "quality", "places", "baseline", "recipient"])
def test_a_copy_is_not_done_when_anything_differs(change, press, answer):
    copy = answer.made[0].copy
    path = press.out / copy.file
    with open_manifest(press.out) as manifest:
        opened(press, manifest).write(answer)
        assert opened(press, manifest).done(copy, check=False)
        others = {"key": ("key_id", "ffff"), "quality": ("quality", 80), "places": ("strip_gps", True)}
        others["baseline"] = ("baseline", True)
        register = opened(press, manifest, **dict([others[change]] if change in others else []))
        if change == "file":
            path.write_bytes(path.read_bytes() + b"\0")
        if change == "removed":
            path.unlink()
        if change == "photo":
            register.photos[press.photos[0]] = bytes(32)
        if change == "recipient":
            copy = dataclasses.replace(copy, recipient=18)
        assert register.done(copy, check=False) is None


def test_a_copy_that_is_listed_and_not_recorded_is_not_done(press, answer, ledger):
    with open_manifest(press.out) as manifest:
        opened(press, manifest).write(answer)
        assert opened(press, manifest, ledger=ledger).done(answer.made[0].copy, check=False) is None


def test_the_ledger_is_asked_for_the_copies_of_the_kit_alone(press, answer, ledger, monkeypatch):
    asked, real = [], tm.Ledger.copies
    monkeypatch.setattr(tm.Ledger, "copies", lambda self, **wanted: asked.append(wanted) or real(self, **wanted))
    hashes = [{"sha256": made.sha256} for made in answer.made]
    for expected in (hashes, [*hashes, *hashes]):  # when they are written; when they are listed, too
        with open_manifest(press.out) as manifest:
            opened(press, manifest, ledger=ledger).write(answer)
        assert asked == expected
        asked.clear()


def test_a_copy_is_recorded_once_however_often_it_is_made(press, answer, ledger):
    for _ in range(2):
        with open_manifest(press.out) as manifest:
            register = opened(press, manifest, ledger=ledger)
            register.write(answer)
            register.write(answer)
            (press.out / "manifest.jsonl").unlink()
    assert len(recorded(ledger)) == 2


def test_what_cannot_be_recorded_is_taken_back_and_what_was_there_stays(press, answer, ledger, monkeypatch):
    def fail(self, **fields):
        if fields["recipient"] == 3:
            raise tm.LedgerError("ledger kit.db cannot be written: no space is left")
        return real(self, **fields)

    real = tm.Ledger.add_copy
    monkeypatch.setattr(tm.Ledger, "add_copy", fail)
    first, second = answer.made
    for state, kept, words in (
        ({"was_there": True}, ["17/photo-0.jpg"], "no space is left; 1 of the copies made last were removed again$"),
        ({"replaced": True}, ["17/photo-0.jpg"], "; 1 that replaced other files were left, and are not recorded$"),
        ({}, [], "no space is left; 2 of the copies made last were removed again$"),
    ):
        told = dataclasses.replace(answer, made=(dataclasses.replace(first, **state), second))
        with open_manifest(press.out) as manifest, pytest.raises(tm.LedgerError, match=words):
            opened(press, manifest, ledger=ledger).write(told)
        assert press.files() == kept
    assert recorded(ledger) == []


def test_what_was_read_back_is_listed(press, answer):
    with open_manifest(press.out) as manifest:
        opened(press, manifest).write(answer)
        plain, checked = (manifest.entries[made.copy.file] for made in answer.made)
    assert plain.checked is None
    assert checked.checked["method"] == "informed"
    assert checked.checked["log10_false_alarm"] < -9
    assert (plain.photo, plain.recipient, plain.key) == ("photo-0.jpg", 17, press.key.id)
