import dataclasses
import errno

import pytest
from PIL import Image

import tracemark as tm
from tracemark.kit import estimate, standing
from tracemark.kit.estimate import estimate_kit
from tracemark.kit.specimens import Specimens, hash_of_copy
from tracemark.ledger import schema

GUESTS = range(40)


def test_an_estimate_comes_near_the_kit_and_leaves_nothing(press):
    before = sorted(press.folder.rglob("*"))
    foretold = estimate_kit(press.order(GUESTS, check="none"), jobs=1)
    assert foretold.there == 0
    assert sorted(press.folder.rglob("*")) == before
    assert (foretold.photos, foretold.copies, foretold.failures) == (2, 80, ())
    list(tm.make_kit(press.order(GUESTS, check="none"), jobs=1))
    real = sum(path.stat().st_size for path in press.out.rglob("*.jpg"))
    assert foretold.bytes == pytest.approx(real, rel=0.1)
    assert foretold.free > 0
    assert foretold.seconds > 0


def test_archives_take_the_same_again(press):
    plain = estimate_kit(press.order(GUESTS, check="none"))
    zipped = estimate_kit(press.order(GUESTS, check="none", archives={guest: f"{guest}.zip" for guest in GUESTS}))
    assert zipped.bytes == pytest.approx(2 * plain.bytes, abs=1)  # each is rounded


@pytest.mark.parametrize("where", ["opened", "tried"])
def test_archives_that_would_lack_a_photo_are_not_counted(where, press, monkeypatch):
    if where == "opened":
        press.photos.append(press.folder / "missing.jpg")
    else:
        with Image.open(press.photos[1]) as photo:
            photo.save(press.photos[1].with_suffix(".png"))  # another kind, tried after the first
        press.photos[1] = press.photos[1].with_suffix(".png")
        real = estimate.make_specimens

        def fail(copies, order, pixels, *, key_id):
            failed = tm.Failure(copies[0].photo, "photo must carry a mark")
            return failed if copies[0].photo == press.photos[1] else real(copies, order, pixels, key_id=key_id)

        monkeypatch.setattr(estimate, "make_specimens", fail)
    order = press.order(range(4), check="none")
    lacking = [copy for copy in order.copies if copy.photo != press.photos[-1] or copy.recipient != 3]
    order = dataclasses.replace(order, copies=lacking)  # only guest 3 gets all that was ordered
    zipped = dataclasses.replace(order, archives={guest: f"{guest}.zip" for guest in range(4)})
    plain, more = (estimate_kit(one, jobs=1) for one in (order, zipped))
    assert more.bytes == pytest.approx(plain.bytes * 5 / 4, abs=2)  # each is rounded


def tried_as(monkeypatch, **numbers):
    """Let every photo take the time that is said."""
    fields = {"pixels": 336 * 256, "once_s": 0.0, "copy_s": 0.0, "check_s": 0.0, "growth": 1.0} | numbers
    monkeypatch.setattr(estimate, "make_specimens", lambda copies, order, pixels, *, key_id: Specimens(**fields))


def test_time_is_added_up_and_shared_among_processes(press, monkeypatch):
    order = press.order(range(120))
    for numbers, seconds in (({"once_s": 1.0}, 2), ({"copy_s": 0.1}, 24), ({"check_s": 1.0}, 2 * 3)):
        tried_as(monkeypatch, **numbers)
        assert estimate_kit(order, jobs=1).seconds == pytest.approx(seconds)
        assert estimate_kit(order, jobs=4).seconds == pytest.approx(seconds / 4)
    assert estimate_kit(dataclasses.replace(order, check="all"), jobs=1).seconds == pytest.approx(240)
    assert estimate_kit(dataclasses.replace(order, check="none"), jobs=1).seconds == 0


def test_what_is_there_takes_nothing(press, monkeypatch):
    tried_as(monkeypatch, once_s=1.0, copy_s=0.1, check_s=1.0)
    for copy in press.copies(range(60))[60:]:
        (press.out / copy.file).parent.mkdir(parents=True)
        (press.out / copy.file).touch()
    foretold = estimate_kit(press.order(range(120)), jobs=1)
    assert (foretold.copies, foretold.there) == (240, 60)
    assert foretold.seconds == pytest.approx((1 + 12 + 3) + (1 + 6 + 1))
    assert estimate_kit(press.order(range(60)), jobs=1).seconds == pytest.approx(1 + 6 + 2)


def test_what_force_would_replace_is_not_there(press, monkeypatch):
    order = press.order(range(10), check="none", force=True)
    list(tm.make_kit(order, jobs=1))
    assert estimate_kit(order, jobs=1).there == 20
    (press.out / "3" / "photo-1.jpg").write_bytes(b"mine")
    assert estimate_kit(order, jobs=1).there == 19
    Image.open(press.photos[0]).rotate(180).save(press.photos[0], quality=90)
    foretold = estimate_kit(order, jobs=1)
    assert (foretold.there, foretold.bytes > 0) == (9, True)
    without = estimate_kit(dataclasses.replace(order, force=False), jobs=1)
    assert (without.there, len(without.taken)) == (9, 11)


@pytest.mark.parametrize("changed", ["quality", "key", "recipient"])
def test_what_was_made_in_another_way_is_not_there_and_its_copies_cannot_be_made(changed, press):
    archives = {guest: f"{guest}.zip" for guest in (17, 18)}
    list(tm.make_kit(press.order([17, 18], check="none", archives=archives), jobs=1))
    order = press.order([17, 18, 19], check="none", archives={**archives, 19: "19.zip"})
    if changed == "quality":
        order = dataclasses.replace(order, quality=60)
    elif changed == "key":
        press.key_file.unlink()
        tm.Key(bytes(32)).save(press.key_file)
    else:
        swapped = {17: 18, 18: 17, 19: 19}
        copies = [dataclasses.replace(copy, recipient=swapped[copy.recipient]) for copy in order.copies]
        order = dataclasses.replace(order, copies=copies)
    foretold = estimate_kit(order, jobs=1)
    failures = [one for one in tm.make_kit(order, jobs=1) if isinstance(one, tm.Failure) and one.copy is not None]
    assert {(one.copy, one.words) for one in foretold.taken} == {(one.copy, one.words) for one in failures}
    assert (foretold.there, len(foretold.taken), foretold.failures) == (0, 4, ())


def test_what_was_made_in_another_way_and_comes_to_the_same_is_there(press, monkeypatch):
    list(tm.make_kit(press.order([17, 18], check="none"), jobs=1))
    order = press.order([17, 18], check="none", strip_gps=True, baseline=True)
    tried = []
    monkeypatch.setattr(standing, "hash_of_copy", lambda *one, **id: tried.append(one) or hash_of_copy(*one, **id))
    foretold = estimate_kit(order, jobs=1)
    assert (foretold.there, foretold.taken) == (4, ())
    assert len(tried) == 2
    assert all(isinstance(one, tm.MadeCopy) and one.was_there for one in tm.make_kit(order, jobs=1))


@pytest.mark.parametrize(
    ("place", "data"), [("manifest.jsonl", '{"mine": 1}'), ("manifest.jsonl", "{}\n"), ("SHA256SUMS", "mine\n")]
)
def test_a_folder_with_lists_that_are_no_kits_is_refused_as_it_will_be(place, data, press):
    press.out.mkdir()
    (press.out / place).write_text(data)
    told = []
    for use in (tm.make_kit, tm.estimate_kit):
        with pytest.raises(tm.KitError) as refused:
            list(use(press.order([17]), jobs=1) or ())
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert [(path.name, path.read_text()) for path in press.out.iterdir()] == [(place, data)]


def test_a_folder_that_cannot_be_is_refused_as_it_will_be(press):
    order = dataclasses.replace(press.order([17]), out=press.photos[0] / "kit")
    for use in (tm.make_kit, tm.estimate_kit):
        with pytest.raises(tm.OutputError, match=r"photo-0\.jpg must be a folder, and is something else"):
            list(use(order, jobs=1) or ())


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_file_in_the_place_of_a_copy_or_no_folder_in_that_of_its_folder_is_told_as_it_will_be(force, press):
    (press.out / "17" / "photo-0.jpg").mkdir(parents=True)
    (press.out / "18").touch()
    order = press.order([17, 18, 19], check="none", force=force)
    foretold = estimate_kit(order, jobs=1)
    failures = [one for one in tm.make_kit(order, jobs=1) if isinstance(one, tm.Failure)]
    assert {(one.copy, one.words) for one in foretold.taken} == {(one.copy, one.words) for one in failures}
    assert (foretold.there, len(foretold.taken), foretold.closed, foretold.failures) == (0, 3, (), ())


def test_what_is_no_file_in_the_place_of_an_archive_is_told_as_it_will_be(press):
    (press.out / "17.zip").mkdir(parents=True)
    (press.out / "zip").touch()
    order = press.order(range(16, 20), check="none", archives={17: "17.zip", 18: "zip/18.zip", 19: "19.zip"})
    foretold = estimate_kit(order, jobs=1)
    assert foretold.taken == tuple(one for one in tm.make_kit(order, jobs=1) if isinstance(one, tm.Failure))
    assert len(foretold.taken) == 2
    none = dataclasses.replace(order, archives={17: "17.zip", 18: "zip/18.zip"})
    assert estimate_kit(none, jobs=1).bytes == 0


def test_archives_that_are_there_take_nothing(press):
    order = press.order(range(4), check="none", archives={guest: f"{guest}.zip" for guest in range(4)})
    list(tm.make_kit(order, jobs=1))
    assert estimate_kit(order, jobs=1).bytes == 0
    (press.out / "3.zip").unlink()
    one = estimate_kit(order, jobs=1).bytes
    assert one == pytest.approx(sum(copy.stat().st_size for copy in (press.out / "3").iterdir()), rel=0.1)
    (press.out / "2" / "photo-0.jpg").unlink()
    more = estimate_kit(order, jobs=1)
    assert more.there == 7
    assert more.bytes > 2 * one
    fewer = dataclasses.replace(order, copies=order.copies[:4])
    assert estimate_kit(fewer, jobs=1).bytes > 0  # an archive holds what is ordered


def test_a_list_that_the_ledger_would_not_take_is_told_and_the_ledger_stays_as_it_is(press):
    path = press.folder / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        ledger.add_recipients({17: {"name": "Zo\u00eb"}})
    before = path.read_bytes()
    order = dataclasses.replace(press.order([17]), guests={17: {"name": "Jo"}, 18: {"name": "Ann"}})
    with tm.Ledger.open(path) as ledger:
        with pytest.raises(tm.LedgerError, match="recipient 17 must keep name 'Zo\u00eb'"):
            estimate_kit(order, jobs=1, ledger=ledger)
        estimate_kit(dataclasses.replace(order, update=True), jobs=1, ledger=ledger)
        assert [one.columns for one in ledger.recipients()] == [{"name": "Zo\u00eb"}]
    assert path.read_bytes() == before


def test_a_ledger_of_an_older_version_stays_as_it_is(press, monkeypatch):
    path = press.folder / "kit.db"
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        with tm.Ledger.open(path, create=True) as ledger:
            ledger.add_recipients({17: {"name": "Zo\u00eb"}})
    whole = path.read_bytes()
    with tm.Ledger.open(path, migrate=False) as ledger:
        assert estimate_kit(press.order([17], check="none"), jobs=1, ledger=ledger).failures == ()
    assert path.read_bytes() == whole


def test_progressive_photos_are_tried_by_themselves(press, monkeypatch):
    with Image.open(press.photos[1]) as photo:
        photo.save(press.photos[1], progressive=True, quality=90)
    tried = []
    real = estimate.make_specimens
    monkeypatch.setattr(
        estimate,
        "make_specimens",
        lambda copies, *others, **id: tried.append(copies[0].photo) or real(copies, *others, **id),
    )
    estimate_kit(press.order([17], check="none"))
    assert tried == press.photos


def test_a_larger_photo_takes_time_in_proportion(press, monkeypatch):
    tried_as(monkeypatch, once_s=1.0, pixels=336 * 256 / 2)
    assert estimate_kit(press.order([17]), jobs=1).seconds == pytest.approx(4)


def test_photos_that_cannot_be_marked_are_named_and_not_counted(press, demo_photo):
    cut, missing, small = press.folder / "cut.jpg", press.folder / "missing.jpg", press.folder / "a.jpg"
    cut.write_bytes(demo_photo.read_bytes()[:200_000])
    Image.new("RGB", (64, 64)).save(small)
    press.photos += [cut, missing, small]
    foretold = estimate_kit(press.order([17, 18]), jobs=1)
    words = {failure.photo: failure.words for failure in foretold.failures}
    assert set(words) == {cut, missing, small}
    assert (foretold.photos, foretold.copies) == (2, 4)
    assert "must be at least 192 px" in words[small]
    assert "ends early" in words[cut]
    assert "no such file" in words[missing]


def test_a_photo_that_cannot_be_tried_is_not_taken_for_the_others(press, monkeypatch):
    bad = press.photos[1]
    real = estimate.make_specimens

    def fail(copies, order, pixels, *, key_id):
        if copies[0].photo == bad:
            return tm.Failure(bad, "photo must carry a mark")
        return real(copies, order, pixels, key_id=key_id)

    monkeypatch.setattr(estimate, "make_specimens", fail)
    foretold = estimate_kit(press.order([17, 18], check="none"), jobs=1)
    assert [failure.photo for failure in foretold.failures] == [bad]
    assert (foretold.photos, foretold.copies) == (1, 2)
    assert foretold.bytes > 0
    bad = press.photos[0]  # which is not of middle size: nobody knows yet
    foretold = estimate_kit(press.order([17, 18], check="none"), jobs=1)
    assert (foretold.photos, foretold.copies, foretold.failures) == (2, 4, ())


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_for_temporary_files_that_is_full_or_not_there_is_told(there, press, monkeypatch, tmp_path):
    def full(path, data):
        raise tm.OutputError(f"{path} cannot be written: no space left on device") from OSError(errno.ENOSPC, "full")

    order = press.order([17], check="none")
    list(tm.make_kit(order, jobs=1))
    other = dataclasses.replace(order, strip_gps=True)  # one copy of which tells whether that comes to the same
    monkeypatch.setattr("tracemark.kit.making.write_atomically", full)
    if not there:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    for asked in (order, other):
        with pytest.raises(tm.OutputError, match="TMPDIR may name" if there else "must be a folder for temporary"):
            estimate_kit(asked, jobs=1)


def test_nothing_at_all_can_be_marked(press):
    press.photos = [press.folder / "missing.jpg"]
    foretold = estimate_kit(press.order([17]))
    assert (foretold.photos, foretold.copies, foretold.bytes, foretold.seconds) == (0, 0, 0, 0)


def test_a_key_that_cannot_be_used_is_told(press):
    with pytest.raises(tm.KeyFileError):
        estimate_kit(dataclasses.replace(press.order([17]), key_file=press.folder / "nowhere.key"))


def test_archives_of_earlier_orders_that_will_be_outdated_are_told_of_as_they_will_be(press):
    archives = {guest: f"{guest}.zip" for guest in range(4)}
    order = press.order(range(4), check="none", archives=archives)
    first = dataclasses.replace(order, copies=[copy for copy in order.copies if copy.photo == press.photos[0]])
    list(tm.make_kit(first, jobs=1))
    for later in (dataclasses.replace(first, archives={}), order):
        assert estimate_kit(later).notices == ()
    for recipients in ([3], range(4)):
        copies = [copy for copy in order.copies if copy.recipient in recipients]
        later = dataclasses.replace(order, copies=copies, archives={})
        foretold = estimate_kit(later).notices
        assert foretold == tuple(one for one in tm.make_kit(later, jobs=1) if isinstance(one, tm.Notice))
        assert len(foretold) == 1
    (press.out / order.copies[0].file).unlink()
    same = dataclasses.replace(first, archives={})
    assert estimate_kit(same).notices == tuple(one for one in tm.make_kit(same, jobs=1) if isinstance(one, tm.Notice))
