import numpy as np
import pytest

from tracemark.codes.fingerprint import fingerprint
from tracemark.keys import Key

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
ABOUT = 5  # standard deviations that a sum of fair coins may be off
CELLS = {"rows": 40, "columns": 64}
COINS = CELLS["rows"] * CELLS["columns"]


def draw(key=KEY, digest=b"photo", recipient=17):
    return fingerprint(key, digest, recipient, **CELLS).astype(np.int64)


def test_signs_are_always_the_same():
    np.testing.assert_array_equal(draw(), draw(Key(bytes(range(32)))))
    assert fingerprint(KEY, b"photo", 17, **CELLS).dtype == np.int8
    assert set(np.unique(draw())) == {-1, 1}


@pytest.mark.parametrize(
    ("key", "digest", "recipient"),
    [
        (KEY, b"photo", 16),
        (KEY, b"photo", 18),
        (KEY, b"photo", 0),
        (KEY, b"photo", 2**32 - 1),
        (KEY, b"phot0", 17),
        (OTHER, b"photo", 17),
    ],
)
def test_another_recipient_photo_or_key_has_independent_signs(key, digest, recipient):
    assert abs(int(np.sum(draw() * draw(key, digest, recipient)))) < ABOUT * np.sqrt(COINS)


def test_signs_are_fair_for_each_recipient_and_in_each_cell():
    drawn = np.stack([draw(recipient=recipient) for recipient in range(500)])
    assert np.abs(drawn.sum(axis=(1, 2))).max() < ABOUT * np.sqrt(COINS)
    assert np.abs(drawn.sum(axis=0)).max() < ABOUT * np.sqrt(len(drawn))
    # Neighbours are as independent as any others.
    assert abs(int(np.sum(drawn[:, :, 1:] * drawn[:, :, :-1]))) < ABOUT * np.sqrt(drawn.size)
    assert abs(int(np.sum(drawn[:, 1:] * drawn[:, :-1]))) < ABOUT * np.sqrt(drawn.size)


def test_no_two_of_many_recipients_are_alike():
    drawn = np.stack([draw(recipient=recipient).ravel() for recipient in range(300)])
    products = drawn @ drawn.T
    np.fill_diagonal(products, 0)
    assert np.abs(products).max() < 6 * np.sqrt(COINS)
