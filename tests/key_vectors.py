"""Work out the golden vectors of tests/test_keys.py, without tracemark: ``python tests/key_vectors.py``.

Written from the words in the docstrings alone, bit by bit and without NumPy, so that it shares
no mistake with the code it checks.
"""

from hashlib import blake2b, shake_256

SECRET = bytes(range(32))


def item(value):
    """One item: tag, length, content."""
    if isinstance(value, str):
        content, tag = value.encode(), b"s"
    elif isinstance(value, bytes):
        content, tag = value, b"b"
    else:
        tag, length = b"i", 1
        while not -(2 ** (8 * length - 1)) <= value < 2 ** (8 * length - 1):
            length += 1
        content = (value % 2 ** (8 * length)).to_bytes(length, "little")
    return tag + bytes((len(content) >> 8 * place) & 255 for place in range(8)) + content


def items(*values):
    """Several items."""
    joined = b""
    for value in values:
        joined += item(value)
    return joined


def stream(label, *context, size):
    """SHAKE-256 over domain, secret, label and context."""
    return shake_256(items("tracemark/1", SECRET, label, *context)).digest(size)


def signs(label, *context, size):
    """+ for a clear bit, - for a set one, least significant bit first."""
    drawn = stream(label, *context, size=(size + 7) // 8)
    return "".join("-" if drawn[place // 8] >> (place % 8) & 1 else "+" for place in range(size))


def integers(label, *context, size, below):
    """32-bit words, those beyond the largest multiple passed over."""
    found, place = [], 0
    while len(found) < size:
        drawn = stream(label, *context, size=place + 4)[place:]
        word = drawn[0] + 256 * drawn[1] + 65536 * drawn[2] + 16777216 * drawn[3]
        if word < 2**32 // below * below:
            found.append(word % below)
        place += 4
    return found


def permute(value, *, bits, label):
    """Ten Feistel rounds."""
    half = bits // 2
    left, right = value >> half, value & (2**half - 1)
    for turn in range(10):
        digest = blake2b(items("tracemark/1", label, bits, turn, right), key=SECRET, digest_size=8).digest()
        mixed = left ^ (int.from_bytes(digest, "little") & (2**half - 1))
        left, right = right, mixed
    return (left << half) + right


if __name__ == "__main__":
    print("id", blake2b(items("tracemark/1", "key id", SECRET), digest_size=8).hexdigest())
    print("stream a", stream("vector", size=32).hex())
    print("stream b", stream("vector", 0, 127, 128, -1, -128, -129, 2**32, b"\x00", "\u00e9", size=32).hex())
    print("signs   ", signs("vector", 7, size=61))
    print("integers", integers("vector", size=6, below=3_000_000_000))
    print("integers", integers("vector", "tile", size=8, below=10))
    for bits, value in ((2, 3), (16, 513), (64, 17 << 32), (128, 2**128 - 1)):
        print("permute ", bits, value, hex(permute(value, bits=bits, label="word")))
