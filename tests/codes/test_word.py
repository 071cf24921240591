import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.codes.word import log10_accident, recipient_of, word_of
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
RECIPIENTS = st.integers(0, 2**PROFILE.recipient_bits - 1)
WORDS = st.integers(0, 2**PROFILE.word_bits - 1)


@given(recipient=RECIPIENTS)
def test_a_word_leads_back_to_its_recipient(recipient):
    word = word_of(KEY, recipient)
    assert 0 <= word < 2**PROFILE.word_bits
    assert recipient_of(KEY, word) == recipient


@pytest.mark.parametrize("recipient", [0, 1, 2 ** (PROFILE.recipient_bits - 1), 2**PROFILE.recipient_bits - 1])
def test_the_first_and_the_last_recipient_are_as_good_as_any(recipient):
    assert recipient_of(KEY, word_of(KEY, recipient)) == recipient


@given(word=WORDS)
def test_a_word_out_of_the_air_is_nobodys(word):
    recipient = recipient_of(KEY, word)
    assert recipient is None or word_of(KEY, recipient) == word


@given(recipient=RECIPIENTS)
def test_a_word_says_nothing_under_another_key(recipient):
    assert recipient_of(OTHER, word_of(KEY, recipient)) is None


@given(recipient=RECIPIENTS, flipped=st.sets(st.integers(0, PROFILE.word_bits - 1), min_size=1, max_size=8))
def test_a_word_with_some_bits_wrong_is_nobodys(recipient, flipped):
    assert recipient_of(KEY, word_of(KEY, recipient) ^ sum(1 << bit for bit in flipped)) is None


def test_words_of_neighbours_have_nothing_in_common():
    words = [word_of(KEY, recipient) for recipient in range(1000)]
    assert len(set(words)) == len(words)
    bits = np.array([[word >> place & 1 for place in range(PROFILE.word_bits)] for word in words])
    assert bits.mean(axis=0) == pytest.approx(0.5, abs=0.1)
    assert np.mean(bits[1:] != bits[:-1]) == pytest.approx(0.5, abs=0.01)


@given(words=st.integers(1, 10**6))
def test_the_bound_is_never_below_the_share_of_issued_words(words):
    share = words * 2.0 ** (PROFILE.recipient_bits - PROFILE.word_bits)
    assert 10 ** log10_accident(words) == pytest.approx(share, rel=1e-9)


def test_one_word_looked_up_can_be_proof():
    assert log10_accident(1) < -9
