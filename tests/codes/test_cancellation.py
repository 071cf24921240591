import numpy as np
import pytest

from tracemark.codes.accusation import Evidence
from tracemark.codes.cancellation import without
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.keys import Key

KEY = Key(bytes(range(32)))
ROWS, COLUMNS = 8, 12
WORDS = (3, 1_000_003, 77)


@pytest.fixture
def mixed(rng):
    """Soft symbols of three copies, as strong as is told, in noise; and their fingerprint signs."""

    def mixed(strengths):
        code = mother_code(KEY, 16)[:ROWS, :COLUMNS].ravel()
        signs = np.array([fingerprint(KEY, bytes(32), one, rows=ROWS, columns=COLUMNS).ravel() for one in (1, 2, 3)])
        symbols = np.array([encode(word, code) for word in WORDS])
        soft = [
            np.tensordot(strengths, codes, axes=1) + rng.standard_normal(codes.shape[1]) for codes in (signs, symbols)
        ]
        return Evidence(*(one.astype(np.float32) for one in soft), code), signs

    return mixed


def test_nothing_shows_of_copies_that_were_taken_out(mixed):
    evidence, signs = mixed([5.0, 0.1, -2.0])
    left = without(evidence, signs[:2], WORDS[:2])
    np.testing.assert_allclose(signs[:2] @ left.fingerprint, 0, atol=1e-4)
    symbols = np.array([encode(word, evidence.code) for word in WORDS])
    np.testing.assert_allclose(symbols[:2] @ left.message, 0, atol=1e-4)
    assert abs(signs[2] @ left.fingerprint) > 50  # who was not taken out still shows


def test_taking_copies_out_a_second_time_changes_nothing(mixed):
    evidence, signs = mixed([5.0, 3.0, 1.0])
    once = without(evidence, signs, WORDS)
    again = without(once, signs, WORDS)
    np.testing.assert_allclose(again.fingerprint, once.fingerprint, atol=1e-5)
    np.testing.assert_allclose(again.message, once.message, atol=1e-5)


def test_the_order_of_copies_has_no_part_but_for_rounding(mixed):
    evidence, signs = mixed([5.0, 3.0, 1.0])
    one, other = without(evidence, signs, WORDS), without(evidence, signs[::-1], WORDS[::-1])
    np.testing.assert_allclose(one.fingerprint, other.fingerprint, atol=1e-5)
    np.testing.assert_allclose(one.message, other.message, atol=1e-5)


def test_copies_that_a_few_cells_do_not_tell_apart_share_what_shows_of_them(mixed):
    evidence, signs = mixed([5.0, 0.0, 0.0])
    left = without(evidence, signs[[0, 0]], (WORDS[0], WORDS[0]))
    np.testing.assert_allclose(left.fingerprint, without(evidence, signs[:1], WORDS[:1]).fingerprint, atol=1e-5)


def test_without_copies_nothing_is_computed_again(mixed):
    evidence, signs = mixed([5.0, 3.0, 1.0])
    assert without(evidence, signs[:0], ()) is evidence
