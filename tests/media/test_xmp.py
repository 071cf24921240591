import base64

import pytest

from tests.media.blocks import PLACE, small_jpeg, xmp_packet
from tracemark.media.xmp import holds_picture, without_gps, without_previews


def test_a_packet_without_pictures_or_places_stays_byte_for_byte():
    packet = xmp_packet(gps=False)
    assert without_previews(packet) == packet
    assert without_gps(packet) == packet


def test_a_thumbnail_goes_and_nothing_else():
    picture = small_jpeg(side=60)
    after = without_previews(xmp_packet(thumbnail=picture))
    assert b"<xmpGImg:image></xmpGImg:image>" in after
    before, behind = xmp_packet(thumbnail=b"x").split(b"<xmpGImg:image>eA==</xmpGImg:image>")
    assert after == before + b"<xmpGImg:image></xmpGImg:image>" + behind


@pytest.mark.parametrize(
    "picture",
    [
        small_jpeg(),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF" + bytes(100),
        b"GIF89a" + bytes(100),
        b"II*\0" + bytes(100),
        b"MM\0*" + bytes(100),
        b"\0\0\0\x20ftypavif" + bytes(100),
    ],
)
@pytest.mark.parametrize("line", ["", "\n", "&#10;", "&#xA;", "\r\n  "])
def test_pictures_of_every_kind_go_from_attributes(picture, line):
    letters = base64.b64encode(picture).decode()
    wrapped = line.join(letters[at : at + 64] for at in range(0, len(letters), 64))
    packet = xmp_packet(more=f' GImage:Mime="image/jpeg" GImage:Data="{wrapped}"')
    assert holds_picture(packet)
    after = without_previews(packet)
    assert b'GImage:Mime="image/jpeg" GImage:Data=""' in after
    assert len(after) < len(packet) - len(picture)


def test_words_that_begin_like_a_picture_stay():
    packet = xmp_packet(more=' dc:title="/9j/ is how they begin; UklGR too"')
    assert without_previews(packet) == packet


def test_places_go_and_the_names_of_places_stay():
    after = without_gps(xmp_packet())
    assert PLACE.encode() not in after
    assert b"GPS" not in after
    assert b"GpsStatus" not in after
    assert after == xmp_packet(gps=False)


@pytest.mark.parametrize(
    "element",
    [
        "<exif:GPSAreaInformation><rdf:Alt><rdf:li xml:lang='en'>Here</rdf:li></rdf:Alt></exif:GPSAreaInformation>",
        "<a:GPSDest rdf:parseType='Resource'><exif:GPSBearing>3</exif:GPSBearing><a:b>Here</a:b></a:GPSDest >",
        "<a:GPSPlace>Here<a:GPSPlace>Here</a:GPSPlace>Here</a:GPSPlace>",
        "<exif:GPSLatitude rdf:resource='Here'/>",
        "<exif:GPSLatitude/>",
        "<exif:GPSLatitude>Here</exif:GPSLatitude>",
    ],
)
def test_elements_go_with_all_that_is_inside_of_them(element):
    before, behind = xmp_packet(gps=False).split(b"<dc:description>")
    there = element.encode() + b"<dc:description>"
    assert without_gps(before + there + there + behind) == before + b"<dc:description>" * 2 + behind


@pytest.mark.parametrize("text", [b"<exif:GPSLatitude>48", b"48</exif:GPSLatitude>"])
def test_an_element_without_beginning_or_end_stays(text):
    assert without_gps(text) == text


def test_wide_characters_are_refused():
    for edit in (without_previews, without_gps):
        with pytest.raises(ValueError, match="UTF-8"):
            edit("<x:xmpmeta/>".encode("utf-16"))
        assert edit(xmp_packet(gps=False) + b"\0\0") == xmp_packet(gps=False) + b"\0\0"


@pytest.mark.parametrize(
    "piece", [" ", "<a:GPS ", "a:GPSx='", "&#xA;", "/9j/", "<exif:GPSLatitude>", "<a:GPS></a:GPS>", "A"]
)
def test_no_packet_takes_long(piece):
    packet = piece.encode() * 300_000
    without_previews(packet)
    without_gps(packet)
