"""What cannot be meant is refused in words, by every public function: the README says which error catches all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tracemark as tm

KEY = tm.Key(bytes(range(32)))


@pytest.fixture(scope="module")
def made(tmp_path_factory, demo_photo):
    """A photo, its plan, and a ledger."""
    folder = tmp_path_factory.mktemp("arguments")
    with Image.open(demo_photo) as image:
        image.crop((400, 300, 736, 556)).save(folder / "car.jpg")
    photo = tm.read_photo(folder / "car.jpg")
    with tm.Ledger.open(folder / "kit.db", create=True) as ledger:
        yield photo, tm.prepare(photo.pixels, key=KEY), ledger


PATHS = {
    tm.read_photo: tm.FormatError,
    tm.image_bytes: tm.FormatError,
    tm.Key.load: tm.KeyFileError,
    KEY.save: tm.KeyFileError,
    tm.Ledger.open: tm.LedgerError,
    tm.kit_files: tm.KitError,
    lambda path: tm.write_atomically(path, b""): tm.OutputError,
    lambda path: tm.write_private(path, b""): tm.OutputError,
    lambda path: tm.Plan.load(path, key=KEY): tm.FormatError,
    lambda path: tm.KitCopy(path, 17, "car.jpg"): tm.KitError,
}


@pytest.mark.parametrize(("use", "error"), PATHS.items())
def test_what_is_no_path_and_what_no_file_can_be_called_is_refused(use, error):
    with pytest.raises(error, match="must be a path, not NoneType"):
        use(None)
    with pytest.raises(error, match=r"must be a path, and no file can have the name 'a\\x00b'"):
        use("a\0b")
    with pytest.raises(error, match=r"must be a path, and no file can have the name '\\ud800'"):
        use("\ud800")


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda photo, plan, _: tm.encode_photo(None, like=photo), tm.PhotoError, "pixels must be of type ndarray"),
        (lambda photo, plan, _: tm.encode_photo(photo.pixels, like=photo.pixels), tm.PhotoError, "of type Photo"),
        (lambda photo, plan, _: plan.jpeg_for(17, like=photo.pixels), tm.PhotoError, "like must be of type Photo"),
        (lambda photo, plan, _: plan.spliced_size(like="car.jpg"), tm.PhotoError, "like must be of type Photo"),
        (lambda photo, plan, _: plan.save("plan", like="car.jpg"), tm.PhotoError, "like must be of type Photo"),
        (lambda photo, plan, _: plan.save(None, like=photo), tm.OutputError, "must be a path"),
        (lambda photo, plan, _: tm.without_gps(photo.pixels), tm.PhotoError, "photo must be of type Photo"),
        (lambda photo, plan, _: tm.check_writable("car.jpg"), tm.PhotoError, "photo must be of type Photo"),
        (lambda photo, plan, _: tm.digest_of([1]), tm.PhotoError, "photo must be a NumPy array, not list"),
        (lambda photo, plan, _: tm.write_atomically("x", "text"), tm.OutputError, "data must be bytes, not str"),
        (lambda photo, plan, _: tm.write_private("x", None), tm.OutputError, "data must be bytes, not NoneType"),
        (
            lambda photo, plan, ledger: tm.record_photo("kit.db", photo.pixels, plan, name="car"),
            tm.LedgerError,
            "must be a tracemark Ledger",
        ),
        (
            lambda photo, plan, ledger: tm.record_photo(ledger, photo.pixels, None, name="car"),
            tm.PhotoError,
            "plan must be of type Plan",
        ),
        (
            lambda photo, plan, ledger: tm.record_copy(ledger, plan, "text", recipient=17, file="17/car.jpg"),
            tm.LedgerError,
            "data must be bytes, not str",
        ),
        (
            lambda photo, plan, ledger: tm.record_copy(ledger, plan, b"", recipient=17, file=3),
            tm.LedgerError,
            "file must be of type str, not int",
        ),
        (
            lambda photo, plan, ledger: tm.recorded_luma(None, bytes(32), key_id=KEY.id),
            tm.LedgerError,
            "must be a tracemark Ledger",
        ),
        (lambda photo, plan, ledger: ledger.add_photo(photo), tm.LedgerError, "record must be of type PhotoRecord"),
        (
            lambda photo, plan, ledger: tm.record_photo(ledger, photo.pixels, plan, name=None),
            tm.LedgerError,
            "name must be of type str, not NoneType",
        ),
        (lambda photo, plan, ledger: ledger.photos(key_id=5), tm.LedgerError, "key_id must be of type str, not int"),
        (lambda photo, plan, ledger: ledger.features(key_id=5), tm.LedgerError, "key_id must be of type str, not int"),
        (
            lambda photo, plan, ledger: ledger.photo(plan.digest, key_id=KEY),
            tm.LedgerError,
            "key_id must be of type str, not Key",
        ),
        (
            lambda photo, plan, ledger: ledger.photo(10**5000, key_id=KEY.id),
            tm.LedgerError,
            "must be 32 bytes, not one of 16610 bits",
        ),
        (
            lambda photo, plan, ledger: ledger.recipients_of(plan.digest, key_id=5),
            tm.LedgerError,
            "key_id must be of type str, not int",
        ),
        (
            lambda photo, plan, ledger: ledger.photos(key_id="\ud800"),
            tm.LedgerError,
            r"key_id must be text in UTF-8, not '\\ud800'",
        ),
        (lambda photo, plan, ledger: tm.estimate_kit(None), tm.KitError, "order must be of type KitOrder"),
    ],
)
def test_what_is_of_another_kind_is_refused(use, error, words, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=words):
        use(*made)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seconds", ["1", None, True, -1, float("nan"), float("inf"), 1e9, 10**400])
def test_what_nobody_could_wait_is_refused(seconds, tmp_path):
    with pytest.raises(tm.LedgerError, match=r"timeout_s must be a number of seconds, 0 to 2147483, not"):
        tm.Ledger.open(tmp_path / "kit.db", create=True, timeout_s=seconds)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seconds", [0, 2147483, np.float32(0.5), np.int64(3)])
def test_a_time_to_wait_may_be_any_number(seconds, tmp_path):
    tm.Ledger.open(tmp_path / "kit.db", create=True, timeout_s=seconds).close()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("", "file must be what a file can be called, not ''"),
        ("17/a\0b.jpg", r"file must be what a file can be called, not '17/a\\x00b\.jpg'"),
        ("17/\ud800.jpg", r"file must be what a file can be called, not '17/\\ud800\.jpg'"),
        ("17/" + "a" * 256, "file must have at most 255 characters in each part and 4096 in all, not 256 and 259"),
        ("17/" * 2000, "file must have at most 255 characters in each part and 4096 in all, not 2 and 6000"),
    ],
)
def test_what_no_file_can_be_called_never_gets_into_the_chain(file, words, made):
    photo, plan, ledger = made
    tm.record_photo(ledger, photo.pixels, plan, name=Path("day", "car.jpg"))
    ledger.add_recipients({17: {}})
    before = ledger.head
    with pytest.raises(tm.LedgerError, match=words):
        tm.record_copy(ledger, plan, b"copy", recipient=17, file=file)
    assert ledger.head == before


def test_paths_are_taken_for_names(made):
    photo, plan, ledger = made
    tm.record_photo(ledger, photo.pixels, plan, name=Path("day", "car.jpg"))
    ledger.add_recipients({17: {}})
    assert ledger.photos()[0].name == str(Path("day", "car.jpg"))
    assert tm.record_copy(ledger, plan, b"copy", recipient=17, file=Path("17", "car.jpg")).file == "17/car.jpg"
    assert np.array_equal(ledger.luma(plan.digest), ledger.photo(plan.digest, key_id=KEY.id).luma)
