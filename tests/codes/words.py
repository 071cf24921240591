"""What tests of the words' code share."""

from tracemark.profile import PROFILE

SIDE = PROFILE.grid * PROFILE.tile  # cells on a side of the code
SMALL_BITS = 8  # of the words of a small code


def random_word(rng):
    return int.from_bytes(rng.bytes(PROFILE.word_bits // 8), "little")
