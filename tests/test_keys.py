"""The vectors come from key_vectors.py beside this file."""

import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracemark as tm
from tracemark.errors import KeyFileError
from tracemark.keys import Key

CONTEXT = st.one_of(st.integers(-(2**70), 2**70), st.binary(max_size=20), st.text(max_size=20))
KEY = Key(bytes(range(32)))


def test_id_is_the_one_worked_out_elsewhere():
    assert KEY.id == "a1c510f2dbe152db"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ((), "329291556eb497e37b3dfa5d1f0ac6903b40ea7b4779bc2fb74247f7fb77515d"),
        (
            (0, 127, 128, -1, -128, -129, 2**32, b"\x00", "\u00e9"),
            "5b74c9187a6c232c144e0ecae86754c8ba7c0fc33c3a0f8d1bf04636d5ad8a33",
        ),
    ],
)
def test_stream_is_the_one_worked_out_elsewhere(context, expected):
    assert KEY.stream("vector", *context, size=32).tobytes().hex() == expected


def test_signs_are_those_worked_out_elsewhere():
    expected = "--+-+-+--+++-+++--++---+---+++++++-+-+++++-++++---+-+-----+-+"
    assert "".join("-" if sign < 0 else "+" for sign in KEY.signs("vector", 7, size=61)) == expected


@pytest.mark.parametrize(
    ("context", "below", "expected"),
    [
        ((), 3_000_000_000, [1435603506, 1576680827, 2428897823, 2078949435, 800880967, 1565620219]),
        (("tile",), 10, [1, 2, 3, 2, 1, 3, 3, 1]),
    ],
)
def test_integers_are_those_worked_out_elsewhere(context, below, expected):
    assert KEY.integers("vector", *context, size=len(expected), below=below).tolist() == expected


@pytest.mark.parametrize(
    ("bits", "value", "place"),
    [
        (2, 3, 0x1),
        (16, 513, 0x41BB),
        (64, 17 << 32, 0xFEE1759A5D6B159E),
        (128, 2**128 - 1, 0xA1DF21D12E7CA6ED1A069052EA042B91),
    ],
)
def test_places_are_those_worked_out_elsewhere(bits, value, place):
    assert KEY.permute(value, bits=bits, label="word") == place
    assert KEY.unpermute(place, bits=bits, label="word") == value


@given(data=st.data(), bits=st.integers(1, 64).map(lambda half: 2 * half), secret=st.binary(min_size=32, max_size=32))
def test_unpermute_leads_back(data, bits, secret):
    value = data.draw(st.integers(0, 2**bits - 1))
    place = Key(secret).permute(value, bits=bits, label="word")
    assert 0 <= place < 2**bits
    assert Key(secret).unpermute(place, bits=bits, label="word") == value


@pytest.mark.parametrize("bits", [2, 4, 10])
def test_every_integer_has_a_place_of_its_own(bits):
    assert sorted(KEY.permute(value, bits=bits, label="word") for value in range(2**bits)) == list(range(2**bits))


@pytest.mark.parametrize(("value", "bits"), [(-1, 8), (256, 8), (0, 7), (0, 0), (0, 130)])
def test_permute_refuses_what_it_cannot_place(value, bits):
    with pytest.raises(ValueError, match="must be"):
        KEY.permute(value, bits=bits, label="word")


@given(short=st.integers(0, 200), more=st.integers(0, 200))
def test_a_shorter_stream_begins_a_longer_one(short, more):
    for draw in (KEY.stream, KEY.signs, lambda label, size: KEY.integers(label, size=size, below=7)):
        np.testing.assert_array_equal(draw("begin", size=short), draw("begin", size=short + more)[:short])


@given(first=st.lists(CONTEXT, max_size=4), second=st.lists(CONTEXT, max_size=4))
def test_different_contexts_give_different_streams(first, second):
    same = np.array_equal(KEY.stream("label", *first, size=16), KEY.stream("label", *second, size=16))
    assert same == (first == second)


def test_joined_words_differ_from_separate_ones():
    assert not np.array_equal(KEY.stream("ab", "c", size=16), KEY.stream("a", "bc", size=16))


def test_numpy_integers_count_as_integers():
    np.testing.assert_array_equal(KEY.stream("label", np.int64(7), size=16), KEY.stream("label", 7, size=16))


def test_signs_are_signs_and_fair():
    signs = KEY.signs("fair", size=100_000)
    assert signs.dtype == np.int8
    assert set(signs.tolist()) == {-1, 1}
    assert abs(int(signs.sum(dtype=np.int64))) < 5 * 100_000**0.5


@pytest.mark.parametrize("below", [1, 2, 3, 1000, 2**31 + 1, 2**32])
def test_integers_stay_below_and_are_even(below):
    integers = KEY.integers("even", below, size=20_000, below=below)
    assert integers.dtype == np.int64
    assert integers.min() >= 0
    assert integers.max() < below
    # The mean of n even draws strays by below / sqrt(12 n).
    assert abs(integers.mean() - (below - 1) / 2) <= 5 * below / (12 * 20_000) ** 0.5


@pytest.mark.parametrize("below", [0, -1, 2**32 + 1])
def test_integers_refuse_a_range_they_cannot_fill(below):
    with pytest.raises(ValueError, match="below must be"):
        KEY.integers("range", size=1, below=below)


def test_keys_differ_in_every_stream():
    other = Key(bytes(32))
    assert other.id != KEY.id
    assert not np.array_equal(other.stream("label", size=16), KEY.stream("label", size=16))
    assert other.permute(5, bits=64, label="word") != KEY.permute(5, bits=64, label="word")


def test_generated_keys_differ():
    assert Key.generate() != Key.generate()


def test_the_secret_is_never_shown():
    shown = f"{KEY!r} {KEY} {KEY.id}"
    assert KEY.secret.hex() not in shown
    assert repr(KEY.secret) not in shown


def test_a_key_is_frozen_and_travels_between_processes():
    with pytest.raises(AttributeError):
        KEY.secret = bytes(32)
    assert pickle.loads(pickle.dumps(KEY)) == KEY  # noqa: S301 - our own bytes


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33), "a" * 32, None])
def test_a_secret_has_32_bytes(secret):
    with pytest.raises(KeyFileError, match="32 bytes"):
        Key(secret)


@given(secret=st.binary(min_size=32, max_size=32))
def test_a_saved_key_is_loaded_back(secret, tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "schl\u00fcssel \u9375.key"
    Key(secret).save(path)
    assert Key.load(path) == Key(secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_saving_never_overwrites(tmp_path):
    path = tmp_path / "press.key"
    KEY.save(path)
    with pytest.raises(KeyFileError, match="exists already"):
        Key.generate().save(path)
    assert Key.load(path) == KEY
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "keys", "keys/."])
def test_saving_over_a_folder_says_what_the_path_must_be(name, tmp_path, monkeypatch):
    (tmp_path / "keys").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyFileError, match=r"must be a new file, and is a folder; put a name after it"):
        KEY.save(name)
    assert [file.name for file in tmp_path.rglob("*")] == ["keys"]


def test_saving_needs_no_hard_links(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")  # as Linux says on FAT

    monkeypatch.setattr("os.link", refuse)
    path = tmp_path / "press.key"
    KEY.save(path)
    with pytest.raises(KeyFileError, match="exists already"):
        Key.generate().save(path)
    assert Key.load(path) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_saved_key_lasts_through_a_power_cut(tmp_path, monkeypatch):
    """The file's bytes are on the disk before its name, and then the name, too."""
    waited = []
    sync = os.fsync

    def note(opened):
        waited.append((stat.S_ISDIR(os.fstat(opened).st_mode), (tmp_path / "press.key").exists()))
        sync(opened)

    monkeypatch.setattr("os.fsync", note)
    KEY.save(tmp_path / "press.key")
    assert waited == [(False, False), (True, True)]


def test_saving_where_there_is_no_folder_says_so(tmp_path):
    with pytest.raises(KeyFileError, match="cannot be written: no such file"):
        KEY.save(tmp_path / "nowhere" / "press.key")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_open_is_refused_with_the_remedy(mode, tmp_path):
    path = tmp_path / "it's mine.key"
    KEY.save(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=r"chmod 600 '.*it.*s mine\.key'"):
        Key.load(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0 a photo", "is not a tracemark key file"),
        (b"dear diary", "is not a tracemark key file"),
        (b"tracemark-key 1\n" + b"x" * 5000, "is not a tracemark key file"),
        (b"tracemark-key 2\n", "must be of version 1, not '2'"),
        (b"tracemark-key\n", "must be of version 1, not ''"),
        (b"tracemark-key 1\n", "is damaged"),
        (b"tracemark-key 1\nid 00\nsecret zz\n", "is damaged"),
        (b"tracemark-key 1\nid 00\nsecret 00\n", "is damaged"),
        (b"tracemark-key 1\nid \xff\xfe\nsecret \x00\n", "is damaged"),
    ],
)
def test_a_file_that_is_no_key_is_refused_in_words(content, sentence, tmp_path):
    path = tmp_path / "wrong.key"
    path.write_bytes(content)
    path.chmod(0o600 if content.startswith(b"tracemark") else 0o644)  # of what is no key the mode is not complained of
    with pytest.raises(KeyFileError, match=sentence):
        Key.load(path)


@given(data=st.data())
def test_one_changed_letter_is_noticed(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "press.key"
    KEY.save(path)
    text = path.read_text()
    at = data.draw(st.integers(text.index("secret ") + len("secret "), len(text) - 2))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789abcdef" if digit != text[at]]))
    path.write_text(text[:at] + digit + text[at + 1 :])
    with pytest.raises(KeyFileError, match="damaged"):
        Key.load(path)


@pytest.mark.parametrize("name", ["nothing.key", "."])
def test_what_is_not_a_file_is_refused_in_words(name, tmp_path):
    with pytest.raises(KeyFileError, match="cannot be read"):
        Key.load(Path(tmp_path, name))


@pytest.mark.parametrize("wrong", ["press.key", bytes(32), None, Path("press.key")])
def test_what_is_no_key_is_refused_by_all_who_ask_for_one(wrong, tmp_path):
    pixels = np.zeros((300, 300), np.uint8)
    asked = (
        lambda: tm.prepare(pixels, key=wrong),
        lambda: tm.embed(pixels, recipient=17, key=wrong),
        lambda: tm.detect(pixels, key=wrong),
        lambda: tm.Plan.load(tmp_path / "car.plan", key=wrong),
    )
    for ask in asked:
        with pytest.raises(tm.KeyFileError, match=rf"must be a tracemark Key, .* not {type(wrong).__name__}"):
            ask()


@pytest.mark.skipif(os.name != "posix", reason="pipes have names elsewhere, and others")
def test_a_pipe_is_no_key_file_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(tm.KeyFileError, match="must be a file, and is a device or a pipe"):
        tm.Key.load(tmp_path / "pipe")
