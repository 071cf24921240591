import json
import os
import stat
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.errors import FormatError, KeyFileError, OutputError
from tracemark.keys import Key
from tracemark.plan_file import PlanFile, read_plan_file, write_plan_file

KEY = Key(bytes(range(32)))
PLAN = PlanFile(bytes(range(100, 132)), 400, 600, 77, [b"first", b"", b"the third\n"])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file that nobody changes."""
    path = tmp_path_factory.mktemp("plans") / "car.plan"
    write_plan_file(path, PLAN, key=KEY)
    return path


def test_what_was_written_is_read_back(path):
    assert read_plan_file(path, key=KEY) == PLAN


def test_the_key_is_not_in_the_file(path):
    data = path.read_bytes()
    assert KEY.secret not in data
    assert KEY.secret.hex().encode() not in data
    assert KEY.id.encode() in data


def test_another_key_is_refused_in_words(path):
    with pytest.raises(KeyFileError, match=f"key must be {KEY.id}, with which .*car.plan was prepared, not"):
        read_plan_file(path, key=Key(bytes(32)))


def test_a_file_that_names_another_key_as_its_own_is_refused(path, tmp_path):
    other = Key(bytes(32))
    (tmp_path / "forged.plan").write_bytes(path.read_bytes().replace(KEY.id.encode(), other.id.encode()))
    with pytest.raises(FormatError, match="damaged"):
        read_plan_file(tmp_path / "forged.plan", key=other)


def test_a_file_that_is_cut_short_anywhere_is_refused_in_words(path, tmp_path):
    data = path.read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut.plan").write_bytes(data[:length])
        with pytest.raises(FormatError, match=r"cut short|must begin with|must be of version"):
            read_plan_file(tmp_path / "cut.plan", key=KEY)


@given(data=st.data())
def test_no_damage_is_overlooked(path, tmp_path_factory, data):
    damaged = bytearray(path.read_bytes())
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    changed = tmp_path_factory.mktemp("damaged") / "car.plan"
    changed.write_bytes(damaged)
    with pytest.raises((FormatError, KeyFileError)):
        read_plan_file(changed, key=KEY)


def test_a_newer_file_is_refused_in_words(path, tmp_path):
    newer = tmp_path / "newer.plan"
    newer.write_bytes(path.read_bytes().replace(b"tracemark-plan 1", b"tracemark-plan 2", 1))
    with pytest.raises(FormatError, match="must be of version 1, not '2'"):
        read_plan_file(newer, key=KEY)


def write_facts(path, **facts):
    """Write a file that nobody has sealed."""
    path.write_bytes(b"tracemark-plan 1\n" + json.dumps(facts).encode() + b"\n" + bytes(32))


@pytest.mark.parametrize("key_id", [None, 5, "", "red", KEY.id.upper(), "\x1b[31m" + "x" * 11, "0" * 50000])
def test_a_key_that_none_can_have_is_damage_and_is_not_shown(key_id, tmp_path):
    write_facts(tmp_path / "odd.plan", key=key_id, sizes=[])
    with pytest.raises(FormatError, match=r"odd\.plan is damaged or cut short$"):
        read_plan_file(tmp_path / "odd.plan", key=KEY)


@pytest.mark.parametrize("sizes", [None, 7, "77", [1.5], [-1, 1], [None], [1], [2**80]])
def test_sizes_that_are_not_those_of_the_file_are_damage(sizes, tmp_path):
    write_facts(tmp_path / "odd.plan", key=KEY.id, sizes=sizes)
    with pytest.raises(FormatError, match=r"odd\.plan is damaged or cut short$"):
        read_plan_file(tmp_path / "odd.plan", key=KEY)


@pytest.mark.parametrize("beginning", ["none", "of a prepared photo"])
def test_no_memory_is_taken_for_what_is_no_prepared_photo(beginning, path, tmp_path):
    huge = tmp_path / "huge"
    huge.write_bytes(b"" if beginning == "none" else path.read_bytes())
    os.truncate(huge, 1 << 28)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=r"must begin with|is damaged"):
            read_plan_file(huge, key=KEY)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(os.name != "posix", reason="pipes have names elsewhere, and others")
def test_a_pipe_is_no_prepared_photo_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="must be a file, and is a device or a pipe"):
        read_plan_file(tmp_path / "pipe", key=KEY)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"tracemark-plans 1\n{}\n", b"tracemark-key 1\nid x\n"])
def test_another_kind_of_file_is_refused_in_words(content, tmp_path):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(FormatError, match="must begin with 'tracemark-plan'"):
        read_plan_file(tmp_path / "other", key=KEY)


@pytest.mark.parametrize(
    "facts", [b"[]", b"{}", b"nonsense", b"[" * 60000, b'{"key":' * 9000, json.dumps({"key": KEY.id}).encode()]
)
def test_facts_that_are_none_are_refused_in_words(facts, tmp_path):
    (tmp_path / "odd.plan").write_bytes(b"tracemark-plan 1\n" + facts + b"\n" + bytes(32))
    with pytest.raises((FormatError, KeyFileError), match=r"damaged|key must be"):
        read_plan_file(tmp_path / "odd.plan", key=KEY)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(FormatError, match="cannot be read: no such file"):
        read_plan_file(tmp_path / "nowhere.plan", key=KEY)


@pytest.mark.skipif(os.name != "posix", reason="files are closed to others in another way elsewhere")
def test_a_file_is_its_owners_alone_as_it_holds_all_variants(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="folders are closed in another way elsewhere")
def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_plan_file(tmp_path / "nowhere" / "car.plan", PLAN, key=KEY)
    assert not list(tmp_path.iterdir())
