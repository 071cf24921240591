import dataclasses
import errno
import hashlib
import io
import math
import pickle
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import tracemark as tm
from tests.kit.conftest import stamp
from tracemark.kit import making, preparing
from tracemark.kit.making import make
from tracemark.kit.preparing import forget, notices_of
from tracemark.plan import Plan

RECIPIENTS = (17, 3, 99)


@pytest.fixture(autouse=True)
def _nothing_prepared():
    forget()
    yield
    forget()


def test_every_copy_of_a_task_is_made_and_told(press):
    answer = make(press.task(RECIPIENTS, describe=True))
    assert [made.copy.recipient for made in answer.made] == list(RECIPIENTS)
    assert answer.failures == answer.left == ()
    for made in answer.made:
        data = (press.out / made.copy.file).read_bytes()
        assert (made.sha256, made.size) == (hashlib.sha256(data).digest(), len(data))
    photo = tm.read_photo(press.photos[0])
    plan = tm.prepare(photo.pixels, key=press.key)
    copy = tm.read_photo(press.out / answer.made[0].copy.file).pixels
    assert np.abs(copy.astype(int) - plan.copy_for(17)).mean() < 1
    assert (answer.digest, answer.record.name) == (plan.digest, "photo-0.jpg")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"format": "PNG"}, True),
        ({"format": "WEBP", "lossless": True}, True),
        ({"format": "WEBP", "quality": 80}, False),
        ({"format": "JPEG"}, False),
    ],
)
def test_a_quality_is_told_to_be_of_no_use_where_nothing_is_lost(options, told):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 120, 200)).save(file, **options)
    photo = tm.read_photo(file.getvalue())
    assert notices_of(Path("car"), photo, quality=None, splice=False) == ()
    notices = notices_of(Path("car"), photo, quality=70, splice=False)
    assert [f"this {photo.format} loses nothing" in notice.words for notice in notices] == [True] * told


def test_splicing_changes_no_byte(press, monkeypatch):
    monkeypatch.setattr(preparing, "SPLICED_SIZE", math.inf)  # photos as small as these are encoded for each guest
    plain = make(press.task(RECIPIENTS))
    spliced = make(press.task(RECIPIENTS, splice=True, out=press.folder / "other"))
    assert [made.sha256 for made in plain.made] == [made.sha256 for made in spliced.made]


def test_one_picture_at_a_time_is_encoded_whatever_is_written_meanwhile(press, monkeypatch):
    real, one = Plan.copy_for, threading.Lock()

    def copy_for(plan, recipient):
        assert one.acquire(blocking=False)
        try:
            return real(plan, recipient)
        finally:
            one.release()

    monkeypatch.setattr(Plan, "copy_for", copy_for)
    assert len(make(press.task(range(8))).made) == 8


def test_a_copy_that_is_not_spliced_has_huffman_tables_of_its_own(press, monkeypatch):
    monkeypatch.setattr(preparing, "SPLICED_SIZE", 0.0)
    (made,) = make(press.task([17])).made
    photo = tm.read_photo(press.photos[0])
    marked = tm.prepare(photo.pixels, key=press.key).copy_for(17)
    alike = tm.encode_photo(marked, like=photo)
    assert not photo.jpeg.optimised
    assert made.size < len(alike)
    copy = tm.read_photo(press.out / made.copy.file)
    assert copy.jpeg == dataclasses.replace(photo.jpeg, optimised=True)
    np.testing.assert_array_equal(copy.pixels, tm.read_photo(alike).pixels)


def test_a_copy_that_is_there_is_recognised_and_not_written_again(press):
    (first,) = make(press.task([17])).made
    before = stamp(press.out / first.copy.file)
    (again,) = make(press.task([17])).made
    assert again == dataclasses.replace(first, was_there=True)
    assert stamp(press.out / first.copy.file) == before


def test_another_file_in_its_place_fails_one_copy_only(press):
    there = press.out / "3" / "photo-0.jpg"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    answer = make(press.task(RECIPIENTS))
    assert [made.copy.recipient for made in answer.made] == [17, 99]
    assert [failure.copy.recipient for failure in answer.failures] == [3]
    assert "exists already and is not this copy; force replaces it" in answer.failures[0].words
    assert there.read_text() == "mine"
    assert len(make(press.task(RECIPIENTS, force=True)).made) == 3
    assert tm.read_photo(there).format == "JPEG"


def test_a_task_holds_paths_and_neither_key_nor_pixels(press):
    task = press.task(range(1000))
    sent = pickle.dumps(task)
    assert len(sent) < 100 * 1000
    assert press.key.secret not in sent
    assert press.key.secret.hex().encode() not in sent
    assert press.key_file.name.encode() in sent
    assert pickle.loads(sent) == task  # noqa: S301 - our own
    for words in vars(task).values():
        assert not isinstance(words, (np.ndarray, tm.Key))


def test_an_answer_holds_no_key_and_of_the_photo_what_the_ledger_keeps(press):
    sent = pickle.dumps(make(press.task([17], describe=True)))
    assert press.key.secret not in sent
    assert len(pickle.dumps(make(press.task([17])))) < 2000


def test_a_task_that_takes_long_is_answered_in_parts(press, monkeypatch):
    monkeypatch.setattr(making, "SLICE_S", 0.0)
    task, made = press.task(RECIPIENTS), []
    for _ in RECIPIENTS:
        answer = make(task)
        made += [one.copy.recipient for one in answer.made]
        task = dataclasses.replace(task, copies=answer.left)
    assert made == list(RECIPIENTS)
    assert answer.left == ()


def test_a_photo_is_prepared_once_for_the_tasks_of_a_thread(press, monkeypatch):
    prepared = []
    real = preparing.prepare
    monkeypatch.setattr(preparing, "prepare", lambda pixels, *, key: prepared.append(1) or real(pixels, key=key))
    one, other = press.task([17]), press.task([17], photo=press.photos[1])
    make(one)
    make(dataclasses.replace(one, copies=press.task([18]).copies))
    assert len(prepared) == 1
    beside = threading.Thread(target=make, args=(other,))
    beside.start()
    beside.join()
    make(press.task([19]))
    assert len(prepared) == 2
    make(other)
    make(press.task([20]))
    assert len(prepared) == 4


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"software": "tracemark 0.0.1"}, tm.KitError, "must run tracemark 0.0.1, and one runs tracemark"),
        ({"key_id": "ffff"}, tm.KeyFileError, "must hold key ffff wherever copies are made, not"),
        ({"key_file": "nowhere.key"}, tm.KeyFileError, "nowhere.key"),
    ],
)
def test_a_worker_that_is_not_like_the_others_is_refused(change, error, sentence, press):
    with pytest.raises(error, match=sentence):
        make(press.task([17], **change))
    assert not press.out.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (lambda whole: whole + b"\0", "was changed"),
        (lambda whole: None, "no such file"),
    ],
)
def test_a_photo_that_changes_meanwhile_fails(data, sentence, press):
    task, photo = press.task([17, 18]), press.photos[0]
    changed = data(photo.read_bytes())
    photo.unlink()
    if changed is not None:
        photo.write_bytes(changed)
    answer = make(task)
    assert answer.made == ()
    (failure,) = answer.failures
    assert (failure.photo, failure.copy) == (photo, None)
    assert sentence in failure.words.lower()


def test_a_photo_that_ends_early_fails(press):
    photo = press.photos[0]
    photo.write_bytes(photo.read_bytes()[:-4000])
    (failure,) = make(press.task([17])).failures
    assert "ends early" in failure.words


def test_a_copy_that_does_not_read_is_taken_back_and_all_others_are_read(press, monkeypatch):
    read = []

    def read_back(file, *, recipient, key, original, guests):
        read.append(recipient)
        if recipient == 3:
            raise tm.KitError("copy must be read as recipient 3's, and it names nobody")
        return tm.Check("informed", -12.0)

    monkeypatch.setattr(making, "read_back", read_back)
    answer = make(press.task([17, 3, 99, 5], checked=frozenset({3})))
    assert read == [3, 99, 5]
    assert answer.doubtful
    assert [(failure.photo, failure.copy.recipient) for failure in answer.failures] == [(press.photos[0], 3)]
    assert "recipient 3's, and it names nobody; it was taken back" in answer.failures[0].words
    assert [(made.copy.recipient, made.check is None) for made in answer.made] == [(17, True), (99, False), (5, False)]
    assert press.files() == ["17/photo-0.jpg", "5/photo-0.jpg", "99/photo-0.jpg"]


def test_a_copy_whose_reading_breaks_off_is_not_left_behind(press, monkeypatch):
    def read_back(file, **options):
        raise MemoryError

    monkeypatch.setattr(making, "read_back", read_back)
    answer = make(press.task([17, 3], checked=frozenset({3})))
    assert [made.copy.recipient for made in answer.made] == [17]
    assert answer.failures[0].words == "there is not memory enough to read a copy back"
    assert press.files() == ["17/photo-0.jpg"]


def test_copies_under_way_when_one_breaks_off_are_told_of_and_no_more_are_begun(press, monkeypatch):
    real = Plan.copy_for

    def copy_for(plan, recipient):
        if recipient == 0:
            raise MemoryError
        return real(plan, recipient)

    monkeypatch.setattr(Plan, "copy_for", copy_for)
    answer = make(press.task(range(30)))
    assert [(one.words, one.copy) for one in answer.failures] == [("there is not memory enough to mark it", None)]
    assert answer.left == ()
    assert sorted(made.copy.file for made in answer.made) == press.files()
    assert 0 < len(answer.made) < 20


def test_what_opencv_raises_without_memory_fails_the_photo_and_not_the_program(press, monkeypatch):
    def copy_for(plan, recipient):
        raise cv2.error(
            "OpenCV(5.0.0) a.cpp:7: error: (-4:Insufficient memory) Failed to allocate 9 bytes in function 'f'"
        )

    monkeypatch.setattr(Plan, "copy_for", copy_for)
    answer = make(press.task(range(3)))
    words = "there is not memory enough to mark it (Failed to allocate 9 bytes)"
    assert [(one.words, one.copy) for one in answer.failures] == [(words, None)]
    forget()
    monkeypatch.setattr(preparing, "prepare", lambda pixels, *, key: copy_for(None, 0))
    assert [one.words for one in make(press.task(range(3))).failures] == [words]


@pytest.mark.parametrize("error", [tm.KitError("copy must be read as recipient 17's"), tm.FormatError("no image")])
def test_a_copy_of_an_earlier_command_is_never_taken_back(error, press, monkeypatch):
    def read_back(file, **options):
        raise error

    (first,) = make(press.task([17])).made
    before = stamp(press.out / first.copy.file)
    monkeypatch.setattr(making, "read_back", read_back)
    answer = make(press.task([17], checked=frozenset({17})))
    assert answer.made == ()
    assert answer.failures[0].words == f"{error}; it was there before, and was left"
    assert answer.doubtful
    assert stamp(press.out / first.copy.file) == before


@pytest.mark.parametrize(("there", "left"), [(b"", False), (b"mine", True), (None, True)])
def test_a_copy_whose_reading_breaks_off_is_removed_only_if_nothing_is_lost_with_it(there, left, press, monkeypatch):
    def read_back(file, **options):
        raise MemoryError

    path = press.out / "17" / "photo-0.jpg"
    if there is None:
        make(press.task([17]))
    elif there:
        path.parent.mkdir(parents=True)
        path.write_bytes(there)
    monkeypatch.setattr(making, "read_back", read_back)
    answer = make(press.task([17], checked=frozenset({17}), force=True))
    assert answer.failures[0].words == "there is not memory enough to read a copy back"
    assert path.exists() is left


def test_a_copy_that_does_not_read_is_taken_back_although_it_replaced_another(press, monkeypatch):
    def read_back(file, **options):
        raise tm.KitError("copy must be read as recipient 17's, and it names nobody")

    path = press.out / "17" / "photo-0.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    monkeypatch.setattr(making, "read_back", read_back)
    answer = make(press.task([17], checked=frozenset({17}), force=True))
    assert answer.failures[0].words.endswith("; it was taken back")
    assert not path.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_closed_disk_ends_the_task_after_telling_what_is_there(number, press, monkeypatch):
    real, room = making.write_atomically, threading.Semaphore(1)

    def write(path, data):
        if not room.acquire(blocking=False):
            error = tm.OutputError(f"{path} cannot be written")
            raise error from OSError(number, "no")
        real(path, data)

    monkeypatch.setattr(making, "write_atomically", write)
    answer = make(press.task(RECIPIENTS))
    (made,) = answer.made  # any: some are written at the same time
    assert press.files() == [made.copy.file]
    assert [copy.recipient for copy in answer.left] == [one for one in RECIPIENTS if one != made.copy.recipient]
    with pytest.raises(tm.OutputError):
        make(press.task([copy.recipient for copy in answer.left]))
