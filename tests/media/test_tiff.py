import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.media.blocks import (
    PLACE,
    UNDEFINED,
    canon_note,
    directory,
    iptc_records,
    resource,
    small_jpeg,
    text,
    xmp_packet,
)
from tests.media.test_photo import save
from tracemark.errors import FormatError, PhotoError
from tracemark.media import tiff_frame
from tracemark.media.embedded import holds_picture
from tracemark.media.metadata import Kind
from tracemark.media.photo import Photo, check_writable, encode_photo, read_photo, without_gps

BYTE, SHORT, LONG = 1, 3, 4
PICTURE = small_jpeg(side=40)
KINDS = {"grey": 1, "grey with alpha": 2, "RGB": 3, "RGBA": 4}


def noise(rng, shape, dtype):
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def written_by_tifffile(samples, **options) -> bytes:
    file = io.BytesIO()
    usual = {"photometric": "rgb" if samples.shape[2] > 2 else "minisblack", "planarconfig": "contig"}
    if samples.shape[2] in (2, 4):
        usual["extrasamples"] = ["unassalpha"]
    tifffile.imwrite(file, samples if samples.shape[2] > 1 else samples[..., 0], **{**usual, **options})
    return file.getvalue()


def read_by_tifffile(data) -> np.ndarray:
    return tifffile.imread(io.BytesIO(data))


def pixels_of(samples):
    """What is read when this is stored."""
    channels = samples.shape[2]
    return samples[..., 0] if channels == 1 else samples[..., [0, 0, 0, 1]] if channels == 2 else samples


def made(samples, *lines, order="<", bits=8, gap=b"", links=None, pixels_first=False) -> bytes:
    """A TIFF file of one uncompressed strip, with lines of our own; `links` is what stands behind it, by its place."""
    rows, columns, channels = samples.shape
    raw = samples.astype(f"{order}u{bits // 8}").tobytes()
    numbers = {
        256: (LONG, [columns]),
        257: (LONG, [rows]),
        258: (SHORT, [bits] * channels),
        262: (SHORT, [2 if channels > 2 else 1]),
        273: (LONG, [0]),
        277: (SHORT, [channels]),
        278: (LONG, [rows]),
        279: (LONG, [len(raw)]),
    }
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    start = 8 + len(raw) + len(raw) % 2 if pixels_first else 8

    def main(strip_at, link):
        numbers[273] = (LONG, [strip_at])
        packed = [
            (tag, kind, len(values), struct.pack(f"{order}{len(values)}{'HI'[kind - SHORT]}", *values))
            for tag, (kind, values) in numbers.items()
        ]
        return directory(order, start, sorted([*packed, *lines], key=lambda line: line[0]), link)

    end = start + len(main(0, 0))
    end += end % 2
    behind = links(end) if links else b""
    strip_at = 8 if pixels_first else end + len(behind) + len(gap)
    body = main(strip_at, end if links else 0).ljust(end - start, b"\0") + behind + gap
    pixels = raw + bytes(len(raw) % 2)
    return head + struct.pack(order + "I", start) + (pixels + body if pixels_first else body + raw)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"tile": (16, 32)},
        {"compression": "zlib", "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "tile": (32, 16)},
        {"planarconfig": "separate", "rowsperstrip": 7},
        {"planarconfig": "separate", "compression": "zlib", "tile": (16, 16)},
    ],
)
def test_every_layout_is_read_and_written_as_it_was(options, order, kind, dtype, rng):
    samples = noise(rng, (45, 53, KINDS[kind]), dtype)
    if kind == "grey":
        options = {name: value for name, value in options.items() if name != "planarconfig"}
    separate = "planarconfig" in options
    stored = np.ascontiguousarray(samples.transpose(2, 0, 1)) if separate else samples
    if separate:
        file = io.BytesIO()
        extra = {"extrasamples": ["unassalpha"]} if KINDS[kind] in (2, 4) else {}
        photometric = "rgb" if KINDS[kind] > 2 else "minisblack"
        tifffile.imwrite(file, stored, photometric=photometric, byteorder=order, **extra, **options)
        data = file.getvalue()
    else:
        data = written_by_tifffile(samples, byteorder=order, **options)
    photo = read_photo(data)
    assert photo.format == "TIFF"
    assert photo.warnings == ()
    np.testing.assert_array_equal(photo.pixels, pixels_of(samples))
    changed = noise(rng, samples.shape, dtype)
    copy = encode_photo(pixels_of(changed), like=photo)
    np.testing.assert_array_equal(
        read_by_tifffile(copy).reshape(stored.shape), changed.transpose(2, 0, 1) if separate else changed
    )
    with tifffile.TiffFile(io.BytesIO(data)) as before, tifffile.TiffFile(io.BytesIO(copy)) as after:
        for tag in before.pages[0].tags:
            same = after.pages[0].tags[tag.code]
            assert (same.dtype, same.count) == (tag.dtype, tag.count)
            assert same.value == tag.value or tag.code in (273, 279, 324, 325)
    if "compression" not in options and "tile" not in options:
        assert len(copy) == len(data)
        assert encode_photo(photo.pixels, like=photo) == data


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", None])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("rows_per_strip", [5, 45])
def test_what_pillow_writes_comes_back_the_same_way(rows_per_strip, mode, compression, rng):
    image = Image.fromarray(noise(rng, (45, 53, 4), np.uint8)).convert(mode)
    options = {} if compression is None else {"compression": compression, "tiffinfo": {278: rows_per_strip}}
    data = save(image, format="TIFF", **options)
    photo = read_photo(data)
    np.testing.assert_array_equal(photo.pixels, np.asarray(image.convert("RGBA") if mode == "LA" else image))
    copy = encode_photo(photo.pixels, like=photo)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(copy)) as after:
        assert (after.mode, after.info["compression"]) == (before.mode, before.info["compression"])
        np.testing.assert_array_equal(np.asarray(after), np.asarray(image))


@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
@pytest.mark.parametrize("predictor", [1, 2])
def test_sixteen_bits_of_opencv_come_back_the_same_way(predictor, compression, rng):
    pixels = noise(rng, (45, 53, 3), np.uint16)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 10]
    if compression in (5, 8):
        options += [cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    data = cv2.imencode(".tif", pixels[..., ::-1], options)[1].tobytes()
    photo = read_photo(data)
    np.testing.assert_array_equal(photo.pixels, pixels)
    copy = encode_photo(pixels[::-1].copy(), like=photo)
    again = cv2.imdecode(np.frombuffer(copy, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(again[..., ::-1], pixels[::-1])


def test_white_may_be_zero(rng):
    samples = noise(rng, (9, 13, 1), np.uint16)
    data = written_by_tifffile(samples, photometric="miniswhite")
    photo = read_photo(data)
    np.testing.assert_array_equal(photo.pixels, 65535 - samples[..., 0])
    assert encode_photo(photo.pixels, like=photo) == data


def test_colours_that_were_multiplied_by_alpha_are_left_so(rng):
    samples = noise(rng, (9, 13, 4), np.uint16)
    data = written_by_tifffile(samples, extrasamples=["assocalpha"])
    photo = read_photo(data)
    np.testing.assert_array_equal(photo.pixels, samples)
    assert encode_photo(photo.pixels, like=photo) == data


SAID = [
    text(270, "A car"),
    text(315, "A. Person"),
    (282, 5, 1, struct.pack("<II", 300, 1)),
    (700, BYTE, len(xmp_packet()), xmp_packet()),
    (33723, UNDEFINED, len(iptc_records()), iptc_records()),
    (34377, BYTE, len(resource(1028, iptc_records())), resource(1028, iptc_records())),
    (34675, UNDEFINED, 9001, bytes(range(256)) * 35 + bytes(41)),
]


@pytest.mark.parametrize("pixels_first", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_everything_but_pixels_stays_byte_for_byte(orientation, pixels_first, rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    turned = (274, SHORT, 1, struct.pack("<H", orientation))
    data = made(samples, *SAID, turned, pixels_first=pixels_first)
    photo = read_photo(data)
    assert photo.orientation == orientation
    assert photo.pixels.shape == samples.shape
    assert photo.warnings == ()
    assert encode_photo(photo.pixels, like=photo) == data
    other = made(samples[::-1], *SAID, turned, pixels_first=pixels_first)
    assert encode_photo(photo.pixels[::-1].copy(), like=photo) == other


def test_other_kinds_of_files_can_have_profile_and_packet(rng):
    photo = read_photo(made(noise(rng, (9, 13, 3), np.uint8), *SAID))
    assert photo.metadata.payload(Kind.XMP) == xmp_packet()
    assert photo.metadata.payload(Kind.ICC) == SAID[-1][3]


def exif_of(order, at):
    """A directory of EXIF with a maker note whose offsets count from the beginning of the file."""
    note = canon_note(order, at + 2 + 2 * 12 + 4 + 20)
    return directory(order, at, [text(0x9003, "2024:05:06 07:08:09"), (0x927C, UNDEFINED, len(note), note)])


@pytest.mark.parametrize("order", "<>")
def test_maker_notes_stay_where_they_are(order, rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    plain = made(samples, (34665, LONG, 1, bytes(4)), order=order)
    at = len(plain) + len(plain) % 2
    data = made(samples, (34665, LONG, 1, struct.pack(order + "I", at)), order=order).ljust(at, b"\0") + exif_of(
        order, at
    )
    photo = read_photo(data)
    assert encode_photo(photo.pixels, like=photo) == data


def thumbnail_directory(order, at):
    numbers = {254: 1, 256: 16, 257: 16, 273: at + 2 + 5 * 12 + 4, 279: len(PICTURE)}
    return (
        directory(order, at, [(tag, LONG, 1, struct.pack(order + "I", value)) for tag, value in numbers.items()])
        + PICTURE
    )


@pytest.mark.parametrize("pixels_first", [False, True])
def test_thumbnails_behind_the_picture_go_and_all_else_stays_in_its_place(pixels_first, rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    data = made(samples, *SAID, links=lambda at: thumbnail_directory("<", at), pixels_first=pixels_first)
    photo = read_photo(data)
    copy = encode_photo(photo.pixels, like=photo)
    assert holds_picture(data)
    assert not holds_picture(copy)
    assert len(tifffile.TiffFile(io.BytesIO(copy)).pages) == 1
    np.testing.assert_array_equal(read_by_tifffile(copy), samples)
    for *_, value in SAID:
        assert len(value) <= 4 or copy.index(value) == data.index(value)


DROPPED = {
    "a picture below": ((330, LONG, 1, struct.pack("<I", 8)), b"", ""),
    "layers": ((37724, UNDEFINED, 30, b"8BIMLayr".ljust(30)), b"8BIMLayr", "layers were dropped"),
    "a manifest": ((52545, UNDEFINED, 30, b"jumb".ljust(30)), b"jumb", "C2PA manifest was dropped"),
    "a large unknown": ((65000, UNDEFINED, 5000, b"unknown" * 715), b"unknown", "tag 65000 of an unknown kind"),
    "a small picture": ((65000, UNDEFINED, len(PICTURE), PICTURE), PICTURE[:40], ""),
    "Photoshop's thumbnail": (
        (34377, BYTE, len(resource(1036, PICTURE)), resource(1036, PICTURE)),
        PICTURE[:40],
        "",
    ),
    "a thumbnail in XMP": ((700, BYTE, len(xmp_packet(thumbnail=PICTURE)), xmp_packet(thumbnail=PICTURE)), b"/9j/", ""),
    "XMP of wide characters": ((700, BYTE, 10, "<x/>".encode("utf-16")), b"<\0x\0", "XMP is damaged"),
    "a preview among the records": (
        (33723, LONG, len(iptc_records(PICTURE)) // 4, iptc_records(PICTURE)[: len(iptc_records(PICTURE)) // 4 * 4]),
        PICTURE[:40],
        "",
    ),
}


@pytest.mark.parametrize("name", DROPPED)
@pytest.mark.parametrize("pixels_first", [False, True])
def test_what_is_a_picture_or_damaged_goes(pixels_first, name, rng):
    line, seen, sentence = DROPPED[name]
    samples = noise(rng, (9, 13, 3), np.uint8)
    data = made(samples, *[kept for kept in SAID if kept[0] != line[0]], line, pixels_first=pixels_first)
    photo = read_photo(data)
    copy = encode_photo(photo.pixels, like=photo)
    assert len(photo.warnings) == bool(sentence)
    assert not sentence or photo.warnings[0].startswith(sentence)
    assert not seen or (data.count(seen) and not copy.count(seen))
    np.testing.assert_array_equal(read_by_tifffile(copy), samples)
    with Image.open(io.BytesIO(copy)) as image:
        assert image.tag_v2[270] == "A car"
        assert 330 not in image.tag_v2


def test_bytes_that_nothing_points_to_go_when_a_picture_may_be_in_them(rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    few, many = b"a few words of a program", rng.bytes(5000)
    photo = read_photo(made(samples, *SAID, gap=few))
    assert few in encode_photo(photo.pixels, like=photo)
    photo = read_photo(made(samples, *SAID, gap=many))
    copy = encode_photo(photo.pixels, like=photo)
    assert many[:50] not in copy
    np.testing.assert_array_equal(read_by_tifffile(copy), samples)


def test_places_are_taken_out_when_asked_for(rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    gps = directory("<", 0, [text(1, "N"), (2, 5, 3, struct.pack("<6I", 48, 1, 8, 1, 1323, 100))])
    plain = made(samples, *SAID, (34853, LONG, 1, bytes(4)))
    at = len(plain) + len(plain) % 2
    gps = directory("<", at, [text(1, "N"), (2, 5, 3, struct.pack("<6I", 48, 1, 8, 1, 1323, 100))])
    data = made(samples, *SAID, (34853, LONG, 1, struct.pack("<I", at))).ljust(at, b"\0") + gps
    photo = read_photo(data)
    assert encode_photo(photo.pixels, like=photo) == data
    copy = encode_photo(photo.pixels, like=without_gps(photo))
    assert PLACE.encode() not in copy
    assert struct.pack("<II", 1323, 100) not in copy
    with Image.open(io.BytesIO(copy)) as image:
        assert 34853 not in image.tag_v2
        assert image.tag_v2[700].strip(b"\0") == xmp_packet(gps=False)
        assert image.tag_v2[34377] == SAID[-2][3]
    np.testing.assert_array_equal(read_by_tifffile(copy), samples)


@pytest.mark.parametrize("sizes", [SHORT, LONG])
@pytest.mark.parametrize("strips", [1, 3])
def test_pieces_may_become_larger_than_they_were(strips, sizes, rng):
    flat = np.zeros((300, 400, 3), np.uint8)
    data = bytearray(written_by_tifffile(flat, compression="zlib", rowsperstrip=300 // strips))
    page = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0]
    if sizes == SHORT:
        tag = page.tags[279]
        _, count = struct.unpack_from("<HI", data, tag.offset + 2)
        values = page.databytecounts
        struct.pack_into(f"<{count}H", data, tag.valueoffset, *values)
        struct.pack_into("<H", data, tag.offset + 2, SHORT)
        if count == 1:
            struct.pack_into("<HH", data, tag.offset + 8, values[0], 0)
        elif count == 2:
            struct.pack_into("<HH", data, tag.offset + 8, *values)
    photo = read_photo(bytes(data))
    np.testing.assert_array_equal(photo.pixels, flat)
    pixels = noise(rng, flat.shape, np.uint8)
    copy = encode_photo(pixels, like=photo)
    np.testing.assert_array_equal(read_by_tifffile(copy), pixels)
    # And once more from the copy, into which little has to be added.
    again = read_photo(copy)
    assert encode_photo(pixels, like=again) == copy


def test_a_file_too_large_for_its_offsets_is_refused(monkeypatch, rng):
    photo = read_photo(made(noise(rng, (9, 13, 3), np.uint8)))
    monkeypatch.setattr(tiff_frame, "LONG_LIMIT", 300)
    with pytest.raises(PhotoError, match="less than 4 GiB"):
        encode_photo(photo.pixels, like=photo)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (300, 200), (300, 200, 3), (300, 200, 4), (7, 9000, 3)])
def test_a_photo_that_comes_from_no_file_is_written_too(shape, dtype, rng):
    pixels = noise(rng, shape, dtype)
    data = encode_photo(pixels, like=Photo(pixels, "TIFF"))
    np.testing.assert_array_equal(read_by_tifffile(data), pixels)
    np.testing.assert_array_equal(read_photo(data).pixels, pixels)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"compression": "jpeg"}, (64, 96, 3)),
        ({"mode": "P"}, (64, 96, 3)),
        ({"mode": "1"}, (64, 96)),
    ],
)
def test_other_layouts_are_read_and_not_copied(options, shape, photos):
    image = Image.fromarray(photos["coffee"][:64, :96]).convert(options.pop("mode", "RGB"))
    photo = read_photo(save(image, format="TIFF", **options))
    assert photo.pixels.shape == shape
    for refuse in (check_writable, lambda photo: encode_photo(photo.pixels, like=photo)):
        with pytest.raises(FormatError, match=r"TIFF must be .* to be copied; save it so"):
            refuse(photo)


def test_a_file_with_long_offsets_is_read_and_not_copied(rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    photo = read_photo(written_by_tifffile(samples, bigtiff=True))
    np.testing.assert_array_equal(photo.pixels, samples)
    with pytest.raises(FormatError, match="this one is BigTIFF, with 64; save it as plain TIFF"):
        check_writable(photo)


def test_a_thumbnail_does_not_hide_a_picture_of_another_layout(photos):
    image = Image.fromarray(photos["coffee"][:64, :96])
    data = bytearray(save(image, format="TIFF", compression="jpeg"))
    data += bytes(len(data) % 2)
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    struct.pack_into("<I", data, first + 2 + 12 * count, len(data))
    assert read_photo(bytes(data + thumbnail_directory("<", len(data)))).pixels.shape == (64, 96, 3)


def page(order, at, **numbers):
    known = {"kind": 254, "photometric": 262, "strips": 273}
    lines = [(known[name], LONG, 1, struct.pack(order + "I", value)) for name, value in numbers.items()]
    return directory(order, at, lines)


def test_several_pages_are_refused_and_masks_are_none(rng):
    samples = noise(rng, (9, 13, 3), np.uint8)
    for kind in (0, 2):
        with pytest.raises(FormatError, match="not an animation or several pages"):
            read_photo(made(samples, links=lambda at, kind=kind: page("<", at, kind=kind, strips=8)))
    assert read_photo(made(samples, links=lambda at: page("<", at, kind=4, strips=8))).pixels.shape == (9, 13, 3)


RAW = {
    "DNG": lambda samples: made(samples, (0xC612, BYTE, 4, b"\1\4\0\0")),
    "a mosaic": lambda samples: made(samples, (330, LONG, 1, b"\x08\0\0\0")).replace(
        struct.pack("<HHIH", 262, 3, 1, 2), struct.pack("<HHIH", 262, 3, 1, 32803)
    ),
    "a thumbnail before it": lambda samples: made(
        samples, (254, LONG, 1, b"\1\0\0\0"), (330, LONG, 1, b"\x80\0\0\0")
    ).ljust(2000, b"\0"),
    "CR2": lambda samples: b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + page("<", 16, photometric=2),
}


@pytest.mark.parametrize("name", RAW)
def test_raw_files_are_refused_in_words(name, rng):
    with pytest.raises(FormatError, match="must be developed, not a camera's raw file"):
        read_photo(RAW[name](noise(rng, (9, 13, 3), np.uint8)))


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"compression": "lzw"}])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_file_cut_short_gives_what_there_is(kept, dtype, options, demo_photo):
    whole = read_photo(demo_photo).pixels[:400, :600].astype(dtype)
    packed = {"zlib": 8, "lzw": 5}.get(options.get("compression"), 1)
    data = cv2.imencode(".tif", whole[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, packed])[1].tobytes()
    first = int.from_bytes(data[4:8], "little")
    # OpenCV writes the directory last: put it first, as Photoshop does.
    moved = bytearray(read_by_moving(data, first))
    photo = read_photo(bytes(moved[: int(len(moved) * kept)]))
    assert photo.truncated
    assert photo.pixels.shape == whole.shape
    there = int(len(whole) * kept * 0.4)
    np.testing.assert_array_equal(photo.pixels[:there], whole[:there])
    assert not photo.pixels[-1].any()
    with pytest.raises(FormatError, match="must be a whole file"):
        check_writable(photo)


@pytest.mark.parametrize("kept", [4, 7, 0.3, 0.9, -9])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"byteorder": ">"}, {"bigtiff": True}])
def test_a_file_cut_before_its_directory_is_refused_in_words(options, kept, rng):
    samples = noise(rng, (45, 53, 3), np.uint8)
    data = bytearray(written_by_tifffile(samples, **options))
    wide, order = "bigtiff" in options, options.get("byteorder", "<")
    # Directories come first here: an empty one takes the place of one that comes last.
    struct.pack_into(order + ("Q" if wide else "I"), data, 8 if wide else 4, len(data))
    data += struct.pack(order + ("Q" if wide else "H"), 1) + bytes(28 if wide else 16)
    end = len(data) + kept if kept < 0 else kept if kept > 1 else int(len(data) * kept)
    with pytest.raises(FormatError, match="it must reach to the end of its directory"):
        read_photo(bytes(data[:end]))


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_a_file_cut_in_its_last_list_is_refused_in_words(compression, rng):
    data = save(Image.fromarray(noise(rng, (450, 530, 3), np.uint8)), format="TIFF", compression=compression)
    assert read_photo(data).pixels.shape == (450, 530, 3)
    with pytest.raises(FormatError, match="it must reach to the end of its lists of where its pixels are"):
        read_photo(data[:-1])


def read_by_moving(data, first):
    """Put a file's directory before its pixels."""
    page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    tail = data[first:]
    lines = [
        (
            tag.code,
            int(tag.dtype),
            tag.count,
            struct.pack(f"<{tag.count}{'HI'[int(tag.dtype) - 3]}", *np.atleast_1d(tag.value)),
        )
        for tag in page.tags
        if tag.code not in (273, 279) and int(tag.dtype) in (3, 4)
    ]
    strips = [data[start : start + size] for start, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    assert tail

    def main(starts):
        counts = struct.pack(f"<{len(strips)}I", *map(len, strips))
        places = struct.pack(f"<{len(strips)}I", *starts)
        both = [(273, LONG, len(strips), places), (279, LONG, len(strips), counts)]
        return directory("<", 8, sorted([*lines, *both], key=lambda line: line[0]))

    start = 8 + len(main([0] * len(strips)))
    starts = [start + sum(map(len, strips[:number])) for number in range(len(strips))]
    return b"II*\0\x08\0\0\0" + main(starts) + b"".join(strips)


def test_a_tag_that_lies_over_pixels_goes_with_them(rng):
    samples = noise(rng, (60, 80, 3), np.uint8)
    raw = samples.tobytes()
    at = 8 + len(made(samples, *SAID)) - len(raw)
    data = made(samples, *SAID, (65000, UNDEFINED, 2000, bytes(2000)))
    line = data.index(struct.pack("<HHI", 65000, UNDEFINED, 2000))
    data = data[: line + 8] + struct.pack("<I", at + 4000) + data[line + 12 :]
    photo = read_photo(data)
    assert photo.warnings == ("tag 65000 of an unknown kind was dropped: it may hold a picture",)
    assert raw[5000:5050] not in encode_photo(255 - photo.pixels, like=photo)


def test_a_list_of_pieces_that_is_too_long_becomes_shorter(rng):
    samples = noise(rng, (40, 30, 3), np.uint8)
    data = bytearray(written_by_tifffile(samples, compression="zlib", rowsperstrip=8))
    rows = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0].tags[257]
    struct.pack_into("<I", data, rows.offset + 8, 5)
    photo = read_photo(bytes(data))
    np.testing.assert_array_equal(photo.pixels, samples[:5])
    copy = encode_photo(photo.pixels[::-1].copy(), like=photo)
    np.testing.assert_array_equal(read_by_tifffile(copy), samples[:5][::-1])


@pytest.mark.parametrize("side", [0, 8, 1 << 20, (1 << 32) - 16])
def test_tiles_that_cannot_be_are_refused(side, rng):
    data = bytearray(written_by_tifffile(noise(rng, (40, 30, 3), np.uint8), tile=(16, 16)))
    tag = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0].tags[323]
    struct.pack_into("<HII", data, tag.offset + 2, LONG, 1, side)
    with pytest.raises(FormatError):
        encode_photo(read_photo(bytes(data)).pixels, like=read_photo(bytes(data)))


@given(data=st.data())
def test_no_damage_ends_in_anything_but_a_copy_or_a_sentence(data):
    rng = np.random.default_rng(0)
    kind = data.draw(st.sampled_from(["plain", "packed", "lzw"]))
    samples = rng.integers(0, 255, (16, 24, 3), np.uint8)
    if kind == "plain":
        whole = bytearray(made(samples, *SAID[:5], links=lambda at: thumbnail_directory("<", at)))
    elif kind == "packed":
        whole = bytearray(written_by_tifffile(samples, compression="zlib", rowsperstrip=4, predictor=True))
    else:
        whole = bytearray(save(samples, format="TIFF", compression="tiff_lzw"))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, min(len(whole), 400) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(8, len(whole)))])
    try:
        photo = read_photo(damaged)
        copy = encode_photo(photo.pixels, like=photo)
    except PhotoError:
        return
    np.testing.assert_array_equal(read_photo(copy).pixels, photo.pixels)
