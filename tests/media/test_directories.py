import struct

import pytest

from tracemark.media.directories import Directory, chain, numbers, open_tiff, read_directory

LINE = struct.pack("<HHII", 1, 1, 1, 0)


def structure(*directories) -> tuple[bytes, list[int]]:
    """A TIFF structure of directories with so many entries, none of which leads to the next; and where they stand."""
    data, places = b"II*\0\x08\0\0\0", []
    for entries in directories:
        places.append(len(data))
        data += struct.pack("<H", entries) + LINE * entries + bytes(4)
    return data, places


def starts(directories) -> list[int]:
    return [directory.start for directory in directories]


def test_directories_come_once_each_and_then_those_that_are_asked_for_on_the_way():
    data, places = structure(1, 2, 3)
    asked = [places[1], 0, places[1]]
    found = []
    for directory in chain(data, "<", asked):
        assert isinstance(directory, Directory)
        found.append(directory.start)
        asked += [places[2], places[1]]
    assert found == places[1:]


@pytest.mark.parametrize(("entries", "read"), [(1, 64), (100, 41), (4096, 1)])
def test_a_chain_ends_after_so_many_directories_or_entries(entries, read):
    data, places = structure(*[entries] * 100)
    assert starts(chain(data, "<", places)) == places[:read]


def test_only_as_many_numbers_are_read_as_are_asked_for():
    data = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 273, 4, 3, 26) + bytes(4) + struct.pack("<III", 7, 8, 9)
    order, first = open_tiff(data)
    entry = read_directory(data, order, first).entry(273)
    assert numbers(data, order, entry) == (7, 8, 9)
    assert numbers(data, order, entry, most=2) == (7, 8)
    assert numbers(data, order, entry, most=4) == (7, 8, 9)
