"""Files that say they hold far more than they do: reading them takes little memory."""

import base64
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.media.blocks import box, chunk, directory, segment
from tracemark.media.boxes import boxes_of, read_boxes

STATUS = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the most memory that a program took")

MOST_MB = 150  # each of these files took several times that, most of them gigabytes
# The limit is there for the machine that runs the tests.
READ = """
import base64, re, resource, sys
from pathlib import Path
import tracemark as tm

def most_kb():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

data, smallest = (base64.b64decode(word) for word in sys.stdin.read().split())
tm.read_photo(smallest)
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, resource.RLIM_INFINITY))
before = most_kb()
try:
    answer = tm.read_photo(data).pixels.shape
except tm.PhotoError as error:
    answer = error
print((most_kb() - before) / 1000, answer)
"""


def png(columns, rows, bits, colour, *chunks) -> bytes:
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def tiff(columns, rows, compression, *, pieces, size, **tags) -> bytes:
    """A grey TIFF file; each of its pieces is said to have so many bytes from its beginning on."""
    numbers = {256: [columns], 257: [rows], 258: [8], 259: [compression], 262: [1], 277: [1]}
    numbers |= {int(tag.removeprefix("tag_")): [value] for tag, value in tags.items()}
    numbers |= (
        {324: [8] * pieces, 325: [size] * pieces} if "tag_322" in tags else {273: [8] * pieces, 279: [size] * pieces}
    )
    lines = [(tag, 4, len(values), struct.pack(f"<{len(values)}I", *values)) for tag, values in sorted(numbers.items())]
    return b"II*\0\x08\0\0\0" + directory("<", 8, lines)


def jpeg2000(side, tile, components, precincts=b"") -> bytes:
    """A file that has a picture's beginning and no more."""
    size = struct.pack(">H8IH", 0, side, side, 0, 0, tile, tile, 0, 0, components) + b"\7\1\1" * components
    style = bytes([bool(precincts), 0, 0, 1, 0, 0, 4, 4, 0, 1]) + precincts
    boxes = box(b"ihdr", struct.pack(">IIHBBBB", side, side, 3, 7, 7, 0, 0)) + box(b"colr", b"\1\0\0\0\0\0\x10")
    parts = [(0x51, size), (0x52, style), (0x5C, b"\x40\x40"), (0x90, struct.pack(">HIBB", 0, 0, 0, 1))]
    stream = b"\xff\x4f" + b"".join(segment(marker, content) for marker, content in parts) + b"\xff\x93\0\0\xff\xd9"
    head = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", boxes)
    return head + box(b"free", b"") + box(b"jp2c", stream)


def tiff_of_directories(entries) -> bytes:
    """A TIFF file whose two pointers lead to 64 directories, each with a pointer to all of them."""
    places_at, size = 8 + 2 + 12 * 11 + 4 + 256, 2 + 12 * entries + 4
    places = [places_at + 64 * 4 + size * number for number in range(64)]
    inner = struct.pack("<HHHII", entries, 40965, 4, 64, places_at)
    inner += struct.pack("<HHII", 1, 1, 1, 0) * (entries - 1) + bytes(4)
    numbers = {256: 16, 257: 16, 258: 8, 259: 1, 262: 1, 273: places_at - 256, 277: 1, 278: 16, 279: 256}
    lines = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in numbers.items()]
    lines += [struct.pack("<HHII", tag, 4, 64, places_at) for tag in (34665, 34853)]
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(lines)) + b"".join(lines) + bytes(4)
    return head + bytes(range(256)) + struct.pack("<64I", *places) + inner * 64


def exif_of_strips(strips) -> bytes:
    """An EXIF block with 64 directories of three pictures each, all of the same strips."""
    tables, tags = bytes(4 * strips), (0x0111, 0x0117, 0x0144, 0x0145, 0x0201, 0x0202)
    lines = b"".join(struct.pack("<HHII", tag, 4, strips, 8) for tag in tags)
    first, size = 8 + len(tables), 2 + len(lines) + 4
    links = [first + size * number for number in range(1, 64)] + [0]
    directories = b"".join(struct.pack("<H", len(tags)) + lines + struct.pack("<I", link) for link in links)
    return b"II*\0" + struct.pack("<I", first) + tables + directories


EMPTY_EXIF = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
PIXEL = chunk(b"IDAT", zlib.compress(bytes(3)))


def avif_described_by(items, *, times) -> bytes:
    """An AVIF file with XMP and so many items of the same bytes, each said so many times to describe the picture."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, format="AVIF", xmp=b" " * 1_000_000)
    data = file.getvalue()
    boxes = read_boxes(data)
    spans = {item.number: item.spans[0] for item in boxes.items.values()}
    xmp = next(item.number for item in boxes.items.values() if item.kind == b"mime")
    others = range(1000, 1000 + items)
    spans |= dict.fromkeys(others, spans[xmp])
    (meta,) = ((at, end) for kind, at, end in boxes_of(data, 0, len(data)) if kind == b"meta")
    inner = {kind: data[at:end] for kind, at, end in boxes_of(data, meta[0] + 4, meta[1])}
    for number in others:
        inner[b"iinf"] += box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, b"mime") + b"\0application/rdf+xml\0")
    for number in (xmp, *others):
        inner[b"iref"] += box(b"cdsc", struct.pack(f">{2 + times}H", number, times, *[boxes.primary] * times))
    inner[b"iinf"] = bytes(4) + struct.pack(">H", len(spans)) + inner[b"iinf"][6:]

    def joined(shift) -> bytes:
        lines = (struct.pack(">HHHII", number, 0, 1, at + shift, end - at) for number, (at, end) in spans.items())
        inner[b"iloc"] = struct.pack(">IBBH", 0, 0x44, 0, len(spans)) + b"".join(lines)
        return data[: meta[0] - 8] + box(b"meta", bytes(4) + b"".join(box(*one) for one in inner.items()))

    return joined(len(joined(0)) - meta[1]) + data[meta[1] :]


SMALLEST = png(1, 1, 16, 0, PIXEL)
FILES = {
    "a PNG chunk of 4 GB": png(8, 8, 16, 2, b"\xff\0\0\0IDAT" + bytes(20)),
    "a PNG of 255 bits a sample": png(6000, 6000, 255, 6, chunk(b"IDAT", zlib.compress(bytes(80_000_000), 1))),
    "TIFF tiles that are all of the file": tiff(4096, 4096, 8, pieces=1 << 16, size=1 << 19, tag_322=16, tag_323=16),
    "TIFF strips that are all of the file": tiff(64, 4096, 1, pieces=4096, size=1 << 20, tag_278=1).ljust(1 << 20),
    "a TIFF tile of 25,000 million pixels": tiff(160_000, 8, 8, pieces=1, size=99, tag_322=160_000, tag_323=160_000),
    "a TIFF tile that libtiff takes 2 GB for": tiff(64, 64, 7, pieces=1, size=99, tag_322=40_000, tag_323=40_000),
    "JPEG 2000 tiles of one pixel": jpeg2000(250, 1, 3),
    "JPEG 2000 of many components": jpeg2000(250, 1, 100),
    "JPEG 2000 precincts of one pixel": jpeg2000(1000, 1000, 3, b"\0"),
    "EXIF pictures of the same 100,000 strips": png(1, 1, 16, 0, chunk(b"eXIf", exif_of_strips(100_000)), PIXEL),
    "an AVIF item that is said 1000 times to describe its picture": avif_described_by(0, times=1000),
    "300 AVIF items that are the same bytes": avif_described_by(300, times=1),
    "10 million fill bytes in EXIF": png(
        1, 1, 16, 0, chunk(b"eXIf", EMPTY_EXIF + b"\0\xff\xd8" + b"\xff" * 10_000_000 + b"\xe0"), PIXEL
    ),
    "segments of two bytes in EXIF": png(
        1, 1, 16, 0, chunk(b"eXIf", EMPTY_EXIF + b"\0\xff\xd8" + b"\xff\xe0\0\2" * 2_500_000), PIXEL
    ),
    "XMP of very many lines": png(
        1, 1, 16, 0, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0/9j/" + b"&#9;A" * 1_000_000), PIXEL
    ),
    "directories that point to each other": tiff_of_directories(1000),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_takes_no_more_memory_than_its_pixels_need(name):
    files = b" ".join(base64.b64encode(data) for data in (FILES[name], SMALLEST))
    done = subprocess.run([sys.executable, "-c", READ], input=files, capture_output=True, check=True)  # noqa: S603 - our own program
    taken, answer = done.stdout.decode().split(maxsplit=1)
    assert float(taken) < MOST_MB, answer
