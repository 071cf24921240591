import dataclasses
import hashlib
import io
import json
import math
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD

import tracemark as tm
from tests.kit.conftest import stamp
from tests.media.blocks import exif_block, exif_segment, segment, with_segments
from tracemark.kit import making, preparing, register

GUESTS = range(100, 120)


def made(press, order=None, **options):
    return list(tm.make_kit(order or press.order(GUESTS, check="none"), jobs=1, **options))


def listed(press):
    return [json.loads(line) for line in (press.out / "manifest.jsonl").read_text().splitlines()]


def test_a_kit_holds_a_readable_copy_of_each_photo_for_each_guest(press):
    order = press.order(GUESTS)
    assert [one.copy for one in made(press, order)] == list(order.copies)
    assert press.files() == sorted([*(copy.file for copy in order.copies), "SHA256SUMS", "manifest.jsonl"])
    for line in listed(press):
        assert hashlib.sha256((press.out / line["file"]).read_bytes()).hexdigest() == line["sha256"]
    copy = tm.read_photo(press.out / "107" / "photo-1.jpg").pixels
    photo = tm.read_photo(press.photos[1]).pixels
    found = tm.detect(copy, key=press.key, original=photo, recipients=GUESTS)
    assert found.recipient == 107
    assert sorted(line["file"] for line in listed(press) if line["checked"]) == ["100/photo-0.jpg", "100/photo-1.jpg"]


def test_a_kit_that_is_done_is_not_made_again(press, monkeypatch):
    first = made(press)
    monkeypatch.setattr(preparing, "prepare", None)
    assert made(press) == [dataclasses.replace(one, was_there=True) for one in first]


def test_a_guest_more_and_a_copy_that_was_lost_are_made(press):
    made(press)
    (press.out / "103" / "photo-0.jpg").unlink()
    again = made(press, press.order([*GUESTS, 200], check="none"))
    new = {one.copy.file for one in again if not one.was_there}
    assert new == {"103/photo-0.jpg", "200/photo-0.jpg", "200/photo-1.jpg"}
    assert len(listed(press)) == 2 * 21


def test_a_copy_that_was_changed_is_told_and_replaced_when_that_is_wanted(press):
    made(press)
    (press.out / "103" / "photo-0.jpg").write_bytes(b"mine")
    failures = [one for one in made(press) if isinstance(one, tm.Failure)]
    assert [failure.copy.recipient for failure in failures] == [103]
    assert (press.out / "103" / "photo-0.jpg").read_bytes() == b"mine"
    order = dataclasses.replace(press.order(GUESTS, check="none"), force=True)
    assert sum(not one.was_there for one in made(press, order)) == 1


def test_another_key_makes_another_kit_and_replaces_none(press):
    made(press)
    press.key_file.unlink()
    tm.Key(bytes(32)).save(press.key_file)
    words = f"exists already and is not this copy; force replaces it; what is there was made with key {press.key.id}"
    assert all(isinstance(one, tm.Failure) and one.words.endswith(words) for one in made(press))


def test_a_file_that_was_made_in_another_way_is_told_with_what_differs(press):
    made(press, press.order([17], check="none", quality=60, strip_gps=True))
    (words, _) = [one.words for one in made(press, press.order([17], check="none"))]
    assert words.endswith("what is there was made with quality 60, the place left out")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_in_the_place_of_a_copy_is_not_waited_for(press):
    made(press, press.order([17], check="none"))
    path = press.out / "17" / "photo-0.jpg"
    path.unlink()
    os.mkfifo(path)
    first, second = made(press, press.order([17], check="none"))
    assert isinstance(second, tm.MadeCopy) != isinstance(first, tm.MadeCopy)
    (failure,) = [one for one in (first, second) if isinstance(one, tm.Failure)]
    assert failure.words.endswith("17/photo-0.jpg exists already and is no file; move it away")


def test_what_was_delivered_stays_and_stays_listed_when_it_cannot_be_read_back(press, monkeypatch):
    def read_back(file, **options):
        raise MemoryError

    made(press)
    before = press.files(), listed(press)
    monkeypatch.setattr(making, "read_back", read_back)
    failures = made(press, press.order(GUESTS, check="all"))
    words = "there is not memory enough to read a copy back"
    assert [(one.photo, one.words) for one in failures] == [(photo, words) for photo in press.photos]
    assert (press.files(), listed(press)) == before


def test_archives_hold_what_each_guest_gets_and_lack_nothing(press):
    names = {guest: f"{guest}.zip" for guest in GUESTS}
    (press.out / "103").mkdir(parents=True)
    (press.out / "103" / "photo-0.jpg").write_bytes(b"mine")
    results = made(press, press.order(GUESTS, check="none", archives=names))
    archives = [one.recipient for one in results if isinstance(one, tm.MadeArchive)]
    assert archives == [guest for guest in GUESTS if guest != 103]
    assert not (press.out / "103.zip").exists()
    assert sum(line["schema"] == "tracemark.kit.archive/1" for line in listed(press)) == 19


def test_archives_that_lack_what_was_made_later_without_them_are_told_of(press):
    archives = {guest: f"{guest}.zip" for guest in GUESTS}
    order = press.order(GUESTS, check="none", archives=archives)
    made(press, dataclasses.replace(order, copies=order.copies[:20]))
    (told,) = [one for one in made(press, dataclasses.replace(order, archives={})) if isinstance(one, tm.Notice)]
    words = "archives must hold what the kit has for their recipients now, and 100.zip and 19 more do not; an order"
    assert (told.photo, told.words) == (press.out, f"{words} with archives (--zip) makes them anew")
    assert not any(isinstance(one, tm.Notice) for one in made(press, order))
    assert not any(isinstance(one, tm.Notice) for one in made(press, dataclasses.replace(order, archives={})))


def test_a_photo_that_fails_leaves_its_guests_without_archives(press):
    press.photos.append(press.folder / "missing.jpg")
    results = made(press, press.order([17], archives={17: "17.zip"}, check="none"))
    assert [one.words for one in results if isinstance(one, tm.Failure)] == [
        "image file cannot be read: no such file or directory",
        "archive must hold all copies of recipient 17, and some failed; it was not made",
    ]
    assert sum(isinstance(one, tm.MadeCopy) for one in results) == 2


def test_the_ledger_has_photos_guests_and_each_copy_once(press):
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        for _ in range(2):
            made(press, ledger=ledger)
        assert [photo.name for photo in ledger.photos()] == ["photo-0.jpg", "photo-1.jpg"]
        assert [recipient.id for recipient in ledger.recipients()] == list(GUESTS)
        copies = list(ledger.copies())
        assert len(copies) == len({copy.file for copy in copies}) == 40
        assert ledger.verify()
        leak = tm.read_photo(press.out / "107" / "photo-1.jpg").pixels
        assert tm.detect(leak, key=press.key, ledger=ledger).recipient == 107


@pytest.mark.parametrize("options", [{}, {"force": True}, {"archives": {17: "17.zip", 18: "18.zip"}}])
def test_a_folder_that_is_closed_costs_its_guest_alone(options, closable):
    made(closable, closable.order([17, 18], check="none"))
    before = listed(closable)
    order = closable.order([17, 18], check="none", **options)
    (closable.out / "17").chmod(0)
    try:
        results = made(closable, order)
        estimate = tm.estimate_kit(order, jobs=1)
    finally:
        (closable.out / "17").chmod(0o755)
    words = [one.words for one in results if isinstance(one, tm.Failure)]
    assert "17/photo-0.jpg cannot be written: permission denied" in words[0]
    assert len(words) == 1 + len(order.archives) // 2
    assert [one.copy.recipient for one in results if isinstance(one, tm.MadeCopy)] == [18]
    assert before == [line for line in listed(closable) if line["schema"] == "tracemark.kit.copy/1"]
    assert estimate.closed == (closable.out / "17",)
    assert estimate.there == 1
    assert tm.estimate_kit(order, jobs=1).closed == ()


def test_guests_are_recorded_when_the_first_copy_is_there(press):
    """A number is bound to a person for ever, and a run that came to nothing binds nobody."""
    guests = {17: {"name": "Zoë"}}
    order = dataclasses.replace(press.order([17], check="none"), guests=guests)
    lost = dataclasses.replace(order, copies=[tm.KitCopy("nowhere.jpg", 17, "17/nowhere.jpg")])
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        assert isinstance(made(press, lost, ledger=ledger)[0], tm.Failure)
        assert ledger.recipients() == ()
        made(press, order, ledger=ledger)
        assert [recipient.columns for recipient in ledger.recipients()] == [guests[17]]
        other = dataclasses.replace(order, guests={17: {"name": "Ann"}})
        with pytest.raises(tm.LedgerError, match="must keep name 'Zoë'"):
            made(press, other, ledger=ledger)
        made(press, dataclasses.replace(other, update=True), ledger=ledger)
        assert [recipient.columns for recipient in ledger.recipients()] == [{"name": "Ann"}]


def test_photos_of_one_name_keep_the_folders_that_tell_them_apart(press):
    for photo, name in zip(press.photos, ("day", "night"), strict=True):
        (press.folder / name).mkdir()
        photo.rename(press.folder / name / "car.jpg")
    paths = [press.folder / name / "car.jpg" for name in ("day", "night")]
    copies = [tm.KitCopy(path, 17, f"17/{path.parent.name}.jpg") for path in paths]
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        made(press, dataclasses.replace(press.order([17], check="none"), copies=copies), ledger=ledger)
        assert sorted(photo.name for photo in ledger.photos()) == ["day/car.jpg", "night/car.jpg"]
    assert sorted(entry["photo"] for entry in listed(press)) == ["day/car.jpg", "night/car.jpg"]


def test_a_ledger_that_fails_costs_no_copy_that_was_there(press, monkeypatch):
    made(press)
    before = press.files()

    def fail(self, **fields):
        raise tm.LedgerError("ledger kit.db cannot be written")

    for photo in press.photos:
        with Image.open(photo) as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(photo, quality=90)
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        monkeypatch.setattr(tm.Ledger, "add_copy", fail)
        with pytest.raises(tm.LedgerError, match="that replaced other files were left, and are not recorded"):
            made(press, press.order(GUESTS, check="none", force=True), ledger=ledger)
        assert press.files() == before
        monkeypatch.undo()
        again = made(press, press.order(GUESTS, check="none", force=True), ledger=ledger)
        assert any(one.was_there for one in again)
        assert len(list(ledger.copies())) == len(again) == 40


def test_a_kit_that_was_made_without_a_ledger_is_recorded_later_without_being_written(press):
    made(press)
    before = {path: stamp(path) for path in press.out.rglob("*.jpg")}
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        made(press, ledger=ledger)
        assert len(list(ledger.copies())) == 40
    assert {path: stamp(path) for path in press.out.rglob("*.jpg")} == before


def test_whoever_stops_asking_leaves_a_kit_that_can_be_gone_on_with(press, monkeypatch):
    monkeypatch.setattr(making, "SLICE_S", 0.0)
    making_kit = tm.make_kit(press.order(GUESTS, check="none"), jobs=1)
    first = [next(making_kit) for _ in range(5)]
    making_kit.close()
    assert [line["file"] for line in listed(press)] == sorted(one.copy.file for one in first)
    again = made(press)
    assert len(again) == 40
    assert not any(isinstance(one, tm.Failure) for one in again)


def test_an_event_ends_a_kit_and_the_next_goes_on(press, monkeypatch):
    monkeypatch.setattr(making, "SLICE_S", 0.0)
    stop, told = threading.Event(), []
    order = press.order(GUESTS, check="none", archives={100: "100.zip"})
    for one in tm.make_kit(order, jobs=1, stop=stop):
        told.append(one)
        stop.set()
    assert 1 <= len(told) < 40
    assert not (press.out / "100.zip").exists()
    assert len(made(press, order)) == 41


def test_an_event_ends_the_look_at_what_is_there(press, monkeypatch):
    made(press)
    stop, hashed, real = threading.Event(), [], register.hash_file
    monkeypatch.setattr(register, "hash_file", lambda path: (hashed.append(path), stop.wait(0.05), real(path))[-1])
    told = []
    for one in tm.make_kit(press.order(GUESTS, check="none"), jobs=1, stop=stop):
        told.append(one)
        stop.set()
    assert len(told) == 1
    assert len(hashed) < 40


@pytest.mark.parametrize("folder", ["100", "zips"])
def test_what_a_killed_program_left_is_cleared_away(folder, press):
    left = press.out / folder / ".tracemark-0123456789abcdef"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a copy")
    made(press, press.order([100], check="none", archives={100: "zips/100.zip"}))
    assert not left.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\0b", "", "17/../../x"])
def test_a_name_that_leads_out_of_the_kit_is_refused_before_anything_is_made(name, press):
    order = press.order([17])
    wrong = dataclasses.replace(order, copies=[dataclasses.replace(order.copies[0], file=name)])
    with pytest.raises(tm.KitError, match="must lie inside the kit's folder"):
        made(press, wrong)
    with pytest.raises(tm.KitError, match="must lie inside the kit's folder"):
        made(press, dataclasses.replace(order, archives={17: name}))
    assert not press.out.exists()


@pytest.mark.parametrize("name", ["..\\..\\car.jpg", "17\\car.jpg", "C:car.jpg", "17/.tracemark-0123456789abcdef"])
def test_a_name_that_leads_elsewhere_where_a_guest_unpacks_it_or_would_not_stay_is_refused(name, press):
    with pytest.raises(tm.KitError, match="must lie inside the kit's folder"):
        made(press, press.order([17], archives={17: name}))
    order = dataclasses.replace(press.order([]), copies=[tm.KitCopy(press.photos[0], 17, name)])
    with pytest.raises(tm.KitError, match="must lie inside the kit's folder"):
        made(press, order)
    assert not press.out.exists()


@pytest.mark.parametrize("other", ["car.jpg", "CAR.jpg", "./car.jpg"])
def test_two_guests_never_get_one_file(other, press):
    copies = [tm.KitCopy(press.photos[0], 17, "car.jpg"), tm.KitCopy(press.photos[0], 3, other)]
    for force in (False, True):
        order = dataclasses.replace(press.order([17, 3], check="none", force=force), copies=copies)
        for told in (tm.make_kit, tm.estimate_kit):
            with pytest.raises(
                tm.KitError, match=r"(?i)car\.jpg would be written over recipient 17's copy of .*photo-0"
            ):
                list(told(order, jobs=1) or ())
    assert not press.out.exists()


def test_nothing_is_written_over_what_the_kit_is_made_from(press):
    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        for name in ("manifest.jsonl", "sha256sums", "photo-0.jpg", "press.key", "kit.db"):
            out = press.folder if (press.folder / name).exists() else press.out
            order = dataclasses.replace(press.order([17], force=True), out=out)
            with pytest.raises(tm.KitError, match=f"(?i)would be written over .*{name}"):
                made(press, dataclasses.replace(order, archives={17: name}), ledger=ledger)
            copies = [tm.KitCopy(press.photos[0], 17, name)]
            with pytest.raises(tm.KitError, match=f"(?i)would be written over .*{name}"):
                made(press, dataclasses.replace(order, copies=copies), ledger=ledger)
    assert not press.out.exists()


@pytest.mark.parametrize("name", ["manifest.jsonl", "SHA256SUMS"])
def test_a_ledger_in_the_place_of_a_kits_list_is_refused(name, press):
    press.out.mkdir()
    with tm.Ledger.open(press.out / name, create=True) as ledger:
        with pytest.raises(tm.KitError, match=f"{name} must be a file of its own, and is the list of the kit"):
            made(press, press.order([17]), ledger=ledger)
        assert ledger.recipients() == ()


def test_paths_may_be_text_and_recipients_numbers_of_a_table(press):
    copies = [tm.KitCopy(str(press.photos[0]), np.int64(17), Path("17", "car.jpg"))]
    # one by one, and a quality that JSON would not take
    order = tm.KitOrder(iter(copies), str(press.out), str(press.key_file), {17: {}}, quality=np.int64(80), check="none")
    assert [one.copy for one in made(press, order)] == [tm.KitCopy(press.photos[0], 17, "17/car.jpg")]
    assert [(entry["recipient"], entry["quality"]) for entry in listed(press)] == [(17, 80)]
    with pytest.raises(tm.RecipientError, match="0 to 4294967295, not -1"):
        tm.KitCopy(press.photos[0], -1, "car.jpg")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quality": 0}, "quality must be a whole number, 1 to 100, not 0"),
        ({"quality": True}, "quality must be a whole number, 1 to 100, not True"),
        ({"quality": "80"}, "quality must be a whole number, 1 to 100, not of type str"),
        ({"copies": 17}, "copies must be a list of KitCopy"),
        ({"copies": ["17/car.jpg"]}, "copies must be a list of KitCopy, and holds '17/car.jpg'"),
        ({"guests": [17]}, "guests must be a mapping of recipients, not list"),
        ({"archives": {17: 17}}, "archive must be a path, not int"),
        ({"archives": None}, "archives must be a mapping of recipients, not NoneType"),
        ({"out": None}, "out must be a path, not None"),
        ({"key_file": "a\0b"}, "key_file must be a path, and no file can have the name"),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused(changed, words, press):
    with pytest.raises(tm.KitError, match=words):
        made(press, dataclasses.replace(press.order([17]), **changed))
    assert not press.out.exists()


def test_a_copy_of_no_photo_is_refused():
    with pytest.raises(tm.KitError, match="photo must be a path, not None"):
        tm.KitCopy(None, 17, "car.jpg")
    with pytest.raises(tm.KitError, match="file must be a path, not int"):
        tm.KitCopy("car.jpg", 17, 3)


def test_a_ledger_by_its_name_is_refused(press):
    for use in (tm.make_kit, tm.estimate_kit):
        with pytest.raises(tm.LedgerError, match=r"ledger must be a tracemark Ledger, .* not str"):
            list(use(press.order([17]), ledger="kit.db") or ())
    assert not press.out.exists()


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", True])
def test_a_number_of_processes_that_cannot_be_is_refused(jobs, press):
    for told in (tm.make_kit, tm.estimate_kit):
        with pytest.raises(tm.KitError, match="jobs must be a whole number, at least 1, not "):
            list(told(press.order([17]), jobs=jobs) or ())
    assert not press.out.exists()


def test_processes_and_a_scheduler_are_not_ordered_together(press):
    with pytest.raises(tm.KitError, match="either jobs or a scheduler"):
        list(tm.make_kit(press.order([17]), jobs=1, scheduler="tcp://127.0.0.1:1"))


def test_a_copy_for_nobody_of_the_guests_is_refused(press):
    whole = press.order((17, 18))
    archived = dataclasses.replace(press.order((17,)), archives={17: "17.zip", 18: "18.zip"})
    for order in (dataclasses.replace(whole, guests={17: {}}), archived):
        for use in (tm.make_kit, tm.estimate_kit):
            with pytest.raises(
                tm.KitError, match="guests must hold every recipient of a copy, and 18 is not among them"
            ):
                list(use(order) or ())
    assert not press.out.exists()


def test_a_word_that_says_not_what_to_check_is_refused(press):
    with pytest.raises(tm.KitError, match="check must be all, sample or none, not 'every'"):
        made(press, press.order([17], check="every"))


def test_a_disk_that_fills_up_is_told_and_what_was_made_is_listed(press, monkeypatch):
    real, room = making.write_atomically, threading.Semaphore(7)

    def write(path, data):
        if not room.acquire(blocking=False):
            raise tm.OutputError(f"{path} cannot be written: no space left on device") from OSError(28, "no")
        real(path, data)

    with tm.Ledger.open(press.folder / "kit.db", create=True) as ledger:
        monkeypatch.setattr(making, "write_atomically", write)
        with pytest.raises(tm.OutputError, match="no space left on device"):
            made(press, ledger=ledger)
        assert len(listed(press)) == len(list(ledger.copies())) == 7
        monkeypatch.undo()
        assert sum(one.was_there for one in made(press, ledger=ledger)) == 7
        assert len(list(ledger.copies())) == 40


@pytest.mark.skipif(sys.platform != "linux", reason="nobody tells which folder was synced")
def test_what_is_listed_lasts_through_a_power_cut_with_the_folders_it_is_in(press, monkeypatch):
    synced, real = [], os.fsync

    def fsync(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - it may be of a file that is renamed
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    out = press.folder / "new" / "kit"
    order = dataclasses.replace(press.order((17, 18), check="none", archives={17: "zip/17.zip"}), out=out)
    list(tm.make_kit(order, jobs=1))
    for folder in (press.folder, out.parent, out, out / "17", out / "18", out / "zip"):
        assert str(folder) in synced
    before = set(synced[: synced.index(str(out / "manifest.jsonl"))])
    assert {str(press.folder), str(out.parent), str(out), str(out / "17")} <= before


def test_many_processes_make_the_same_kit(press):
    one = {copy.copy.file: copy.sha256 for copy in made(press)}
    other = dataclasses.replace(press.order(GUESTS, check="none"), out=press.folder / "other")
    assert {copy.copy.file: copy.sha256 for copy in tm.make_kit(other, jobs=2)} == one


def test_copies_differ(press):
    made(press)
    copies = [tm.read_photo(press.out / f"{guest}" / "photo-0.jpg").pixels.astype(int) for guest in GUESTS]
    assert all(np.abs(copies[0] - copy).mean() > 0.1 for copy in copies[1:])


def say_more(photo):
    """Give a JPEG file a position and a C2PA manifest."""
    manifest = segment(0xEB, b"JP\0\1\0\0\0\1....jumbc2pa")
    photo.write_bytes(with_segments(photo.read_bytes(), exif_segment(exif_block()), manifest))


def test_what_copies_do_not_have_is_told_once_for_a_photo(press):
    say_more(press.photos[0])
    told = [one for one in tm.make_kit(press.order((17, 3)), jobs=1) if isinstance(one, tm.Notice)]
    assert [(one.photo, one.words.partition(":")[0]) for one in told] == [
        (press.photos[0], "C2PA manifest was dropped")
    ]


def test_copies_tell_where_a_photo_was_taken_unless_that_is_not_wanted(press):
    say_more(press.photos[0])
    made(press, press.order((17,), check="none"))
    telling = (press.out / "17" / "photo-0.jpg").read_bytes()
    made(press, press.order((17,), check="none", strip_gps=True, force=True))
    silent = (press.out / "17" / "photo-0.jpg").read_bytes()
    positions = [exif_position(data) for data in (telling, silent)]
    assert positions == [True, False]
    np.testing.assert_array_equal(tm.read_photo(telling).pixels, tm.read_photo(silent).pixels)


def exif_position(data):
    """Tell whether a file says where it was taken."""
    with Image.open(io.BytesIO(data)) as image:
        return bool(image.getexif().get_ifd(IFD.GPSInfo))


def make_progressive(photo):
    """Save a JPEG file again, progressive, with metadata."""
    with Image.open(photo) as image:
        image.save(photo, quality=85, subsampling=1, progressive=True)
    say_more(photo)


def test_a_progressive_photo_is_written_as_baseline_and_spliced_where_that_is_wanted(press, monkeypatch):
    monkeypatch.setattr(preparing, "SPLICED_SIZE", math.inf)  # photos as small as these are encoded for each guest
    make_progressive(press.photos[0])
    order = press.order(GUESTS, check="none", baseline=True)
    assert all(isinstance(one, tm.MadeCopy) or "C2PA" in one.words for one in tm.make_kit(order, jobs=1))
    photo, data = tm.read_photo(press.photos[0]), (press.out / "103" / "photo-0.jpg").read_bytes()
    copy = tm.read_photo(data)
    plan = tm.prepare(photo.pixels, key=press.key)
    assert data == plan.jpeg_for(103, like=photo, splice=False)
    assert photo.jpeg.progressive
    assert photo.jpeg.optimised  # a progressive file always has tables of its own, and spliced ones must share theirs
    assert copy.jpeg == dataclasses.replace(photo.jpeg, progressive=False, optimised=False)
    assert exif_position(data)
    assert copy.metadata.items == photo.metadata.items


def test_a_photo_that_is_not_progressive_is_the_same_as_baseline(press):
    plain = {one.copy.file: one.sha256 for one in made(press)}
    again = made(press, press.order(GUESTS, check="none", baseline=True))
    assert {one.copy.file: one.sha256 for one in again} == plain
    assert all(one.was_there for one in again)


def test_a_kit_as_baseline_is_gone_on_with_and_is_another_one_than_without(press):
    make_progressive(press.photos[0])
    order = press.order((17, 3), check="none", baseline=True)
    first = {one.copy: one.sha256 for one in made(press, order) if isinstance(one, tm.MadeCopy)}
    assert all(entry["baseline"] for entry in listed(press))
    (press.out / "3" / "photo-0.jpg").unlink()
    again = [one for one in made(press, order) if isinstance(one, tm.MadeCopy)]
    assert {one.copy: one.sha256 for one in again} == first
    assert [one.copy.file for one in again if not one.was_there] == ["3/photo-0.jpg"]
    failures = [one for one in made(press, press.order((17, 3), check="none")) if isinstance(one, tm.Failure)]
    assert [one.copy.file for one in failures] == ["17/photo-0.jpg", "3/photo-0.jpg"]  # the other photo's are the same


def test_who_makes_many_copies_of_a_progressive_photo_is_told_how_they_are_made_sooner(press):
    make_progressive(press.photos[0])
    for guests, baseline, told in ((16, False, 1), (15, False, 0), (16, True, 0)):
        out = press.folder / f"{guests}{baseline}"
        order = dataclasses.replace(press.order(range(guests), check="none", baseline=baseline), out=out)
        foretold = tm.estimate_kit(order, jobs=1).notices
        assert foretold == tuple(one for one in tm.make_kit(order, jobs=1) if isinstance(one, tm.Notice))
        assert [one.photo for one in foretold if "baseline" in one.words] == press.photos[:told]
