"""Make colour profiles of displays that show more than sRGB.

ICC.1:2001-04, matrix and tone curves.
"""

import numpy as np

ADOBE_RGB, DISPLAY_P3 = "Adobe RGB (1998)", "Display P3"
# X, Y and Z of red, green and blue, seen in the light of D50 as profiles have it
PRIMARIES = {
    ADOBE_RGB: ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
    DISPLAY_P3: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
WHITE = (0.95045, 1.0, 1.08905)  # D65
ADOBE_GAMMA = 563 / 256
HEADER = 128  # bytes


def wide_profile(name: str) -> bytes:
    """Make the profile of a colour space by its name."""
    word = name.encode()
    tags = {b"desc": b"desc\0\0\0\0" + _number(len(word) + 1) + word + bytes(1 + 4 + 4 + 2 + 1 + 67)}
    tags |= {b"cprt": b"text\0\0\0\0nobody's\0", b"wtpt": _xyz(WHITE)}
    tags |= {colour + b"XYZ": _xyz(place) for colour, place in zip((b"r", b"g", b"b"), PRIMARIES[name], strict=True)}
    tags |= {colour + b"TRC": _curve(name) for colour in (b"r", b"g", b"b")}
    entries, content = b"", b""
    start = HEADER + 4 + 12 * len(tags)
    for signature, data in tags.items():
        entries += signature + _number(start + len(content)) + _number(len(data))
        content += data + bytes(-len(data) % 4)
    head = bytearray(HEADER)
    head[:4] = _number(start + len(content))
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    head[68:80] = _xyz((0.9642, 1.0, 0.8249))[8:]
    return bytes(head) + _number(len(tags)) + entries + content


def _curve(name: str) -> bytes:
    """Say how bright each value is: a gamma, or the curve of sRGB as a table."""
    if name == ADOBE_RGB:
        return b"curv\0\0\0\0" + _number(1) + round(ADOBE_GAMMA * 256).to_bytes(2, "big")
    value = np.linspace(0, 1, 1024)
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return b"curv\0\0\0\0" + _number(len(light)) + np.rint(light * 65535).astype(">u2").tobytes()


def _xyz(values: tuple[float, ...]) -> bytes:
    """Write a colour."""
    return b"XYZ \0\0\0\0" + np.rint(np.array(values) * 65536).astype(">i4").tobytes()


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
