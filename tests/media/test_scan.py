import pytest

from tests.media.pictures import encode, picture
from tracemark.errors import FormatError
from tracemark.media.scan import read_scan


@pytest.fixture
def whole(rng) -> bytes:
    """A file that can be spliced: 40 x 72 pixels, 4:2:0, a marker behind each MCU."""
    return encode(picture(rng, 40, 72, 2))


@pytest.mark.parametrize(("subsampling", "mcu"), [(0, (8, 8)), (1, (8, 16)), (2, (16, 16)), (None, (8, 8))])
def test_a_scan_knows_its_smallest_units(subsampling, mcu, rng):
    data = encode(picture(rng, 41, 73, subsampling), subsampling=subsampling, interval=1)
    scan = read_scan(data)
    assert scan.mcu == mcu
    assert scan.mcus == (-(-41 // mcu[0]), -(-73 // mcu[1]))
    assert len(scan.cuts) == scan.mcus[0] * scan.mcus[1] + 1
    assert data[scan.cuts[-1] :] == b"\xff\xd9"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: b"", "must be a JPEG"),
        (lambda data: b"\x89PNG\r\n\x1a\n" + data, "must be a JPEG"),
        (lambda data: data[:2], "before its pixels"),
        (lambda data: data[:200], "before its pixels"),
        (lambda data: data[:-2], "cut short"),
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data[: len(data) * 3 // 4] + b"\xff\xd9", "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xd3", b"\xff\xd4"), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xd3", b""), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xdd\0\4\0\1", b"\xff\xdd\0\4\0\0"), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xdd\0\4\0\1", b""), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xc9"), "must be baseline"),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xfe"), "in one scan"),
        (lambda data: data.replace(b"\0\x3f\0", b"\0\x05\0"), "in one scan"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words(damage, sentence, whole):
    with pytest.raises(FormatError, match=sentence):
        read_scan(damage(whole))


def test_fill_bytes_before_a_marker_are_no_damage(whole):
    at = whole.index(b"\xff\xc0")
    scan, filled = read_scan(whole), read_scan(whole[:at] + b"\xff\xff" + whole[at:])
    assert filled.head == scan.head[:at] + b"\xff\xff" + scan.head[at:]
    assert filled.rows_at == scan.rows_at + 2
    assert (filled.cuts == scan.cuts + 2).all()


def test_a_progressive_file_is_refused_in_words(rng):
    data = encode(picture(rng, 40, 72, 2), progressive=True, interval=0)
    with pytest.raises(FormatError, match="must be baseline to be spliced, not progressive"):
        read_scan(data)
