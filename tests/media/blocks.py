"""Metadata as cameras and programs write them, made byte by byte."""

import base64
import io
import struct
import zlib

import numpy as np
from PIL import Image

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
ENTRY = 12
PLACE = "48.137"  # what must be gone when places are


def small_jpeg(side=16, **options) -> bytes:
    """A picture such as thumbnails are."""
    ramp = np.linspace(0, 255, side * side * 3).reshape(side, side, 3).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, format="JPEG", **options)
    return file.getvalue()


def directory(order, at, entries, link=0) -> bytes:
    """A directory that stands at `at`, with long values behind it; entries are (tag, type, count, bytes)."""
    values_at = at + 2 + ENTRY * len(entries) + 4
    lines, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind, count, data in entries:
        lines += struct.pack(order + "HHI", tag, kind, count)
        if len(data) <= 4:
            lines += data.ljust(4, b"\0")
        else:
            lines += struct.pack(order + "I", values_at + len(values))
            values += data + bytes(len(data) % 2)
    return lines + struct.pack(order + "I", link) + values


def text(tag, words):
    data = words.encode() + b"\0"
    return tag, ASCII, len(data), data


def rationals(order, tag, *pairs):
    return tag, RATIONAL, len(pairs), b"".join(struct.pack(order + "II", *pair) for pair in pairs)


def canon_note(order, at) -> bytes:
    """Places in it count from the beginning of the EXIF block: it must never move."""
    words = [text(0x0006, "Canon EOS of this test"), text(0x0007, "Firmware Version 1.2.3"), text(0x0009, "A. Person")]
    return directory(order, at, words)


def olympus_note(order, at) -> bytes:
    """It has a small picture between its words."""
    picture = small_jpeg()
    words = [
        text(0x0104, "body firmware 1234"),
        (0x0100, UNDEFINED, len(picture), picture),
        text(0x0207, "camera type"),
    ]
    return b"OLYMP\0\1\0" + directory(order, at + 8, words)


def exif_block(order="<", *, orientation=6, maker="Canon", note=canon_note, thumbnail=b"", gps=True) -> bytes:
    """A TIFF structure with everything that cameras write; the thumbnail stands in the middle."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)

    def main(link, exif_at, gps_at):
        entries = [
            text(0x010F, maker),
            text(0x0110, maker + " of this test"),
            (0x0112, SHORT, 1, struct.pack(order + "H", orientation)),
            rationals(order, 0x011A, (300, 1)),
            rationals(order, 0x011B, (300, 1)),
            text(0x8298, "(c) the press office"),
            (0x8769, LONG, 1, struct.pack(order + "I", exif_at)),
        ]
        if gps:
            entries.append((0x8825, LONG, 1, struct.pack(order + "I", gps_at)))
        return directory(order, len(head), entries, link)

    def second(at):
        if not thumbnail:
            return b""
        place = at + 2 + 3 * ENTRY + 4
        numbers = {0x0103: 6, 0x0201: place, 0x0202: len(thumbnail)}
        lines = [(tag, LONG, 1, struct.pack(order + "I", value)) for tag, value in numbers.items()]
        return directory(order, at, lines) + thumbnail + bytes(len(thumbnail) % 2)

    def exif(at):
        before = [text(0x9003, "2024:05:06 07:08:09"), (0x9286, UNDEFINED, 16, b"ASCII\0\0\0a remark")]
        note_at = at + 2 + (len(before) + 1) * ENTRY + 4 + sum(len(data) + len(data) % 2 for *_, data in before)
        made = note(order, note_at)
        return directory(order, at, [*before, (0x927C, UNDEFINED, len(made), made)])

    def place(at):
        north = [(48, 1), (8, 1), (1323, 100)]
        east = [(11, 1), (34, 1), (3, 1)]
        lines = [text(1, "N"), rationals(order, 2, *north), text(3, "E"), rationals(order, 4, *east)]
        return directory(order, at, lines)

    second_at = len(head) + len(main(0, 0, 0))
    exif_at = second_at + len(second(second_at))
    gps_at = exif_at + len(exif(exif_at))
    whole = head + main(second_at if thumbnail else 0, exif_at, gps_at) + second(second_at) + exif(exif_at)
    return whole + (place(gps_at) if gps else b"")


def xmp_packet(*, thumbnail=b"", gps=True, more="") -> bytes:
    """A packet with a caption, as Photoshop writes it."""
    picture = base64.b64encode(thumbnail).decode()
    lines = "&#xA;".join(picture[at : at + 76] for at in range(0, len(picture), 76))
    picture = f"<xmpGImg:format>JPEG</xmpGImg:format><xmpGImg:image>{lines}</xmpGImg:image>"
    alt = f"<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'>{picture}</rdf:li></rdf:Alt></xmp:Thumbnails>"
    place = f' exif:GPSLatitude="{PLACE},8N" exif:GPSVersionID="2.3.0.0"'
    element = f"<exif:GPSLongitude>{PLACE}E</exif:GPSLongitude><drone-dji:GpsStatus>{PLACE}</drone-dji:GpsStatus>"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"
 xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"
 photoshop:City="Munich" xmp:Rating="4"{place if gps else ""}{more}>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A car, \u00fcberaus schnell</rdf:li></rdf:Alt></dc:description>
{alt if thumbnail else ""}{element if gps else ""}</rdf:Description></rdf:RDF></x:xmpmeta>
{" " * 200}<?xpacket end="w"?>""".encode()


def dataset(record, number, data) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data


def extended_xmp(packet, name=b"0123456789ABCDEF" * 2, room=40_000) -> list[bytes]:
    """Segments of a packet that does not fit one."""
    head = b"http://ns.adobe.com/xmp/extension/\0" + name
    starts = range(0, len(packet), room)
    return [segment(0xE1, head + struct.pack(">II", len(packet), at) + packet[at : at + room]) for at in starts]


def iptc_records(preview=b"") -> bytes:
    words = {5: b"Launch", 90: b"Munich", 101: b"Germany", 120: "A car, \u00fcberaus schnell".encode()}
    records = dataset(1, 90, b"\x1b%G") + b"".join(dataset(2, number, data) for number, data in words.items())
    return records + (dataset(2, 202, preview) if preview else b"")


def resource(number, data, name=b"") -> bytes:
    named = bytes([len(name)]) + name
    named += bytes(len(named) % 2)
    return b"8BIM" + struct.pack(">H", number) + named + struct.pack(">I", len(data)) + data + bytes(len(data) % 2)


def segment(marker, content) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def icc_segments(profile) -> bytes:
    pieces = [profile[at : at + 65000] for at in range(0, len(profile), 65000)]
    return b"".join(
        segment(0xE2, b"ICC_PROFILE\0" + bytes([number + 1, len(pieces)]) + piece)
        for number, piece in enumerate(pieces)
    )


def exif_segment(block) -> bytes:
    return segment(0xE1, b"Exif\0\0" + block)


def xmp_segment(packet) -> bytes:
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def photoshop_segments(resources, room=65_000) -> list[bytes]:
    starts = range(0, len(resources), room)
    return [segment(0xED, b"Photoshop 3.0\0" + resources[at : at + room]) for at in starts]


def with_segments(jpeg, *segments, jfif=True) -> bytes:
    """Put segments at the beginning of a JPEG file, behind its JFIF segment or in place of it."""
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    assert jpeg[2:4] == b"\xff\xe0"
    return jpeg[:2] + (jpeg[2:end] if jfif else b"") + b"".join(segments) + jpeg[end:]


def chunk(name, data) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(png, *chunks, behind=False) -> bytes:
    """Put chunks into a PNG file, behind its header or behind its pixels."""
    at = len(png) - 12 if behind else 33
    return png[:at] + b"".join(chunks) + png[at:]


def riff_chunk(name, data) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def with_riff_chunks(webp, before, behind) -> bytes:
    """Put chunks into a WebP file, before and behind its pixels."""
    with Image.open(io.BytesIO(webp)) as image:
        columns, rows, alpha = *image.size, image.mode == "RGBA"
    pixels = webp[30 if webp[12:16] == b"VP8X" else 12 :]
    names = [part[:4] for part in [*before, *behind]]
    flags = sum(flag * (name in names) for name, flag in [(b"ICCP", 0x20), (b"EXIF", 8), (b"XMP ", 4)]) + 0x10 * alpha
    sides = (columns - 1).to_bytes(3, "little") + (rows - 1).to_bytes(3, "little")
    head = riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)
    body = b"WEBP" + head + b"".join(before) + pixels + b"".join(behind)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind, content) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content
