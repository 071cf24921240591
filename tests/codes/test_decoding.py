import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codes.words import SIDE, SMALL_BITS, random_word
from tracemark.codes.decoding import CHUNK, decode, decode_best
from tracemark.codes.message import encode, mother_code
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY = Key(bytes(range(32)))
WORDS = st.integers(0, 2**PROFILE.word_bits - 1)


@pytest.fixture
def small(small_code):
    return small_code(memory=3)


def noisy(symbols, rng, sigma):
    return (symbols + sigma * rng.standard_normal(symbols.shape)).astype(np.float32)


@given(word=WORDS, seed=st.integers(0, 2**32))
@settings(max_examples=10)
def test_a_word_is_read_from_any_symbols_if_there_are_enough(word, seed):
    rng = np.random.default_rng(seed)
    flat = mother_code(KEY, SIDE).ravel()
    picked = flat[rng.choice(len(flat.stages), 8 * PROFILE.word_bits, replace=False)]
    decoded = decode(encode(word, picked).astype(np.float32), picked)[0]
    assert decoded.word == word
    assert decoded.score == pytest.approx(np.sqrt(8 * PROFILE.word_bits))


@pytest.mark.parametrize("seed", range(6))
def test_a_word_is_read_through_noise_as_strong_as_the_symbols(seed, code):
    rng = np.random.default_rng(seed)
    word = random_word(rng)
    part = code[10:21, 7:17].ravel()  # 330 symbols at one bit of noise: 160 bits for 64
    soft = noisy(encode(word, part), rng, 1.0)
    decoded = decode(soft, part)[0]
    assert decoded.word == word
    assert decoded.score == pytest.approx(float(encode(word, part) @ soft / np.linalg.norm(soft)), rel=1e-4)


def test_symbols_that_were_lost_count_as_nothing(code, rng):
    word = random_word(rng)
    part = code[:16, :16].ravel()
    soft = encode(word, part).astype(np.float32)
    soft[rng.choice(len(soft), len(soft) // 2, replace=False)] = 0
    assert decode(soft, part)[0].word == word


def test_the_weight_of_a_symbol_counts(code, rng):
    word = random_word(rng)
    part = code[:16, :16].ravel()
    soft = encode(word, part).astype(np.float32)
    wrong = rng.random(len(soft)) < 0.5
    soft[wrong] *= -0.05
    assert decode(soft, part)[0].word == word


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_scale_of_the_symbols_does_not_matter(factor, code, rng):
    part = code[:12, :12].ravel()
    soft = noisy(encode(random_word(rng), part), rng, 1.0)
    one, two = decode(soft, part)[0], decode(soft * np.float32(factor), part)[0]
    assert one.word == two.word
    assert one.score == pytest.approx(two.score, rel=1e-4)


def test_noise_alone_scores_less_than_a_word_could(code, rng):
    part = code[:20, :20].ravel()
    decoded = decode(rng.standard_normal(len(part.stages)).astype(np.float32), part)[0]
    # Of 2**64 words the best fits noise by sqrt(2 ln 2**64) = 9.4 standard deviations; more would be a miscount.
    assert 0 < decoded.score < np.sqrt(2 * np.log(2) * PROFILE.word_bits) + 2


@pytest.mark.parametrize("count", [0, 1, 200])
def test_silence_holds_no_word(count, code):
    part = code.ravel()[:count]
    assert decode(np.zeros(count, dtype=np.float32), part) == []


def test_the_words_of_a_list_differ_and_come_best_first(code, rng):
    word = random_word(rng)
    part = code[:9, :9].ravel()
    soft = noisy(encode(word, part), rng, 1.0)
    listed = decode(soft, part, words=5)
    assert listed[0].word == word
    assert len({decoded.word for decoded in listed}) == len(listed) == 5
    scores = [decoded.score for decoded in listed]
    assert scores == sorted(scores, reverse=True)
    for decoded in listed:
        exact = float(encode(decoded.word, part) @ soft.astype(np.float64) / np.linalg.norm(soft))
        assert decoded.score == pytest.approx(exact, rel=1e-4)
    assert decode(soft, part, words=1) == listed[:1]


def exhaustive(soft, code):
    """The best score among all words, computed one after another."""
    words = np.array([encode(word, code.ravel()) for word in range(1 << SMALL_BITS)])
    scores = words @ soft.astype(np.float64) / np.linalg.norm(soft)
    return int(scores.argmax()), float(scores.max())


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_decoding_agrees_with_trying_every_word(sigma, small, rng):
    for _ in range(20):
        word = int(rng.integers(1 << SMALL_BITS))
        part = small.ravel()[rng.choice(small.stages.size, 48, replace=False)]
        soft = noisy(encode(word, part), rng, sigma)
        decoded = decode(soft, part)[0]
        best, score = exhaustive(soft, part)
        assert decoded.word == best
        assert decoded.score == pytest.approx(score, rel=1e-5)


def test_noise_is_decoded_as_well_as_by_trying_every_word(small, rng):
    for _ in range(60):
        part = small.ravel()[rng.choice(small.stages.size, 48, replace=False)]
        soft = rng.standard_normal(48).astype(np.float32)
        _, score = exhaustive(soft, part)
        assert decode(soft, part)[0].score == pytest.approx(score, abs=1e-5)


def test_a_word_that_noise_overtakes_is_still_in_the_list(code, rng):
    first, listed = 0, 0
    part = code[10:26, 7:23].ravel()
    count = len(part.stages)
    for _ in range(60):
        word = random_word(rng)
        codeword = encode(word, part) / np.sqrt(count)
        noise = rng.standard_normal(count)
        noise -= (noise @ codeword) * codeword
        share = 9.2 / np.sqrt(count)  # a score of 9.2, which the best of 2**64 words of noise have, too
        soft = share * codeword + np.sqrt(1 - share**2) * noise / np.linalg.norm(noise)
        words = [decoded.word for decoded in decode(soft.astype(np.float32), part, words=4)]
        first += words[0] == word
        listed += word in words
    assert first < 51 <= listed  # of 60; it was 47 when paths were merely closed to rings


def test_of_several_sets_the_one_with_a_word_in_it_is_decoded_as_it_would_be_alone(code, rng):
    word = random_word(rng)
    part = code[:12, :12].ravel()
    noises = [rng.standard_normal(len(part.stages)).astype(np.float32) for _ in range(2 * CHUNK + 3)]
    at = CHUNK + 1
    noises[at] += np.float32(0.8) * encode(word, part)
    found = decode_best(noises, [part] * len(noises), words=3, most=2)
    assert len(found) == 2
    assert found[0][0] == at
    assert found[0][1][0].word == word
    for place, decoded in found:
        assert decoded == decode(noises[place], part, words=3)


def test_sets_of_different_sizes_and_silent_ones_may_be_decoded_together(code, rng):
    large, small = code[:12, :12].ravel(), code[20:26, 7:16].ravel()
    word = random_word(rng)
    softs = [np.zeros(len(small.stages), dtype=np.float32), encode(word, small).astype(np.float32)]
    softs.append(rng.standard_normal(len(large.stages)).astype(np.float32))
    found = dict(decode_best(softs, [small, small, large], most=3))
    assert set(found) == {1, 2}
    assert found[1][0].word == word
    assert decode_best([], []) == []
