import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.media.blocks import box
from tracemark.media.boxes import BoxItem, boxes_of, is_avif, read_boxes, rebuild


def avif(channels=4, **options) -> bytes:
    file = io.BytesIO()
    pixels = np.arange(12 * 20 * channels, dtype=np.uint8).reshape(12, 20, channels)
    Image.fromarray(pixels).save(file, format="AVIF", speed=9, **options)
    return file.getvalue()


WHOLE = avif(
    exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x0f\0\2\0\0\0\4car\0\0\0\0\0", xmp=b"<x/>", icc_profile=bytes(range(200))
)


def test_items_references_and_properties_are_found():
    boxes = read_boxes(WHOLE)
    kinds = {item.kind: item for item in boxes.items.values()}
    assert set(kinds) == {b"av01", b"Exif", b"mime"}
    assert kinds[b"mime"].content == b"application/rdf+xml"
    assert kinds[b"mime"].data(WHOLE) == b"<x/>"
    assert {kind for kind, _, _ in boxes.references} == {b"cdsc", b"auxl"}
    ((start, stop),) = boxes.of_item(boxes.primary, b"ispe")
    assert WHOLE[start:stop] == struct.pack(">III", 0, 20, 12)
    assert boxes.of_item(boxes.primary, b"none") == []


def test_an_item_gets_other_bytes_and_the_others_stay():
    boxes = read_boxes(WHOLE)
    (xmp,) = (item for item in boxes.items.values() if item.kind == b"mime")
    for payload in (b"", b"a little", bytes(9000)):
        data = rebuild(WHOLE, {xmp.number: payload})
        again = read_boxes(data)
        for item in again.items.values():
            expected = payload if item.number == xmp.number else boxes.items[item.number].data(WHOLE)
            assert item.data(data) == expected
        with Image.open(io.BytesIO(data)) as image, Image.open(io.BytesIO(WHOLE)) as before:
            np.testing.assert_array_equal(np.asarray(image), np.asarray(before))
    assert len(rebuild(WHOLE, {})) == len(WHOLE)


def test_boxes_may_have_long_sizes_or_go_to_the_end():
    data = (
        struct.pack(">I4sQ", 1, b"long", 20) + b"four" + box(b"next", b"") + struct.pack(">I4s", 0, b"last") + b"rest"
    )
    assert [(kind, data[start:stop]) for kind, start, stop in boxes_of(data, 0, len(data))] == [
        (b"long", b"four"),
        (b"next", b""),
        (b"last", b"rest"),
    ]
    for bad in (struct.pack(">I4s", 4, b"tiny"), struct.pack(">I4s", 99, b"long"), b"\0\0\0\1long"):
        assert list(boxes_of(bad, 0, len(bad))) == []


def test_items_may_lie_in_a_box_of_their_own_and_in_several_pieces():
    idat = box(b"idat", b"0123456789")
    iloc = struct.pack(">BBHBBH", 1, 0, 0, 0x44, 0x00, 1) + struct.pack(">HHHHIIII", 7, 1, 0, 2, 1, 2, 5, 3)
    infe = box(b"infe", struct.pack(">IHH4s", 2 << 24, 7, 0, b"mime") + b"name\0text/plain\0")
    iprp = box(b"iprp", box(b"ipco", b"") + box(b"ipma", struct.pack(">IIHBB", 0, 1, 7, 1, 0x81)))
    meta = bytes(4) + box(b"pitm", struct.pack(">IH", 0, 7)) + box(b"iinf", struct.pack(">IH", 0, 1) + infe)
    data = box(b"ftyp", b"avif") + box(b"meta", meta + box(b"iloc", iloc) + idat + iprp)
    item = read_boxes(data).items[7]
    assert item.data(data) == b"12567"
    assert (item.kind, item.content) == (b"mime", b"text/plain")


def test_an_item_that_cannot_be_in_its_file_is_refused():
    item = BoxItem(1, b"Exif", 0, b"", ((0, 60), (0, 60)), ())
    with pytest.raises(ValueError, match="must lie inside its file"):
        item.data(bytes(100))


def test_a_property_that_an_item_is_said_to_have_again_and_again_is_found_once():
    boxes = read_boxes(WHOLE)
    owned = {number: indices * 200 for number, indices in boxes.owned.items()}
    assert len(replace(boxes, owned=owned).of_item(boxes.primary, b"colr")) == len(
        boxes.of_item(boxes.primary, b"colr")
    )


def test_more_parts_than_files_have_are_refused(monkeypatch):
    boxes = read_boxes(WHOLE)
    monkeypatch.setattr("tracemark.media.boxes.MOST_PARTS", len(boxes.items))
    assert read_boxes(WHOLE) == boxes
    for most in range(len(boxes.items)):
        monkeypatch.setattr("tracemark.media.boxes.MOST_PARTS", most)
        with pytest.raises(ValueError, match=f"at most {most} parts"):
            read_boxes(WHOLE)


def test_a_file_of_another_kind_is_told():
    assert is_avif(WHOLE)
    assert not is_avif(b"\0\0\0\x20ftypheic")
    for data in (b"", b"no boxes at all", box(b"ftyp", b"avif"), box(b"meta", bytes(4))):
        with pytest.raises(ValueError, match=r"meta box|damaged"):
            read_boxes(data)


@given(at=st.integers(0, 700), junk=st.binary(max_size=20), length=st.integers(0, 900))
def test_no_damage_breaks_the_reader(at, junk, length):
    damaged = (WHOLE[:at] + junk + WHOLE[at + len(junk) :])[:length]
    try:
        boxes = read_boxes(damaged)
        for item in boxes.items.values():
            assert len(item.data(damaged)) <= len(damaged)
    except ValueError:
        return
