from itertools import product

import numpy as np
import pytest

from tracemark.codes import accusation
from tracemark.codes.accusation import Evidence, Scores, bound_of, scores_of
from tracemark.codes.message import MotherCode, encode, mother_code
from tracemark.codes.metrics import window_metrics, word_scores
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY = Key(bytes(range(32)))
CODE = mother_code(KEY, PROFILE.tile).ravel()
NO_CODE = MotherCode(np.empty(0, np.intp), np.empty(0, np.intp))
NO_SYMBOLS = np.empty(0, np.float32)


def fingerprint_evidence(soft):
    return Evidence(np.asarray(soft, dtype=np.float32), NO_SYMBOLS, NO_CODE)


@pytest.fixture
def evidence(rng):
    """Soft symbols of a scrap, noise only."""
    cells = len(CODE.stages) // PROFILE.message_slots
    return Evidence(
        rng.standard_normal(cells).astype(np.float32), rng.standard_normal(len(CODE.stages)).astype(np.float32), CODE
    )


def random_words(rng, count):
    return [int.from_bytes(rng.bytes(PROFILE.word_bits // 8), "little") for _ in range(count)]


def test_scores_are_correlations_with_the_candidates_signs(evidence, rng, monkeypatch):
    monkeypatch.setattr(accusation, "AT_ONCE", 3 * len(evidence.fingerprint) + 1)
    words = random_words(rng, 7)
    fingerprints = rng.choice(np.array([-1, 1], dtype=np.int8), (7, len(evidence.fingerprint)))
    scores = scores_of(evidence, fingerprints, words)
    np.testing.assert_allclose(scores.fingerprint, fingerprints @ evidence.fingerprint.astype(float), atol=1e-9)
    np.testing.assert_allclose(
        scores.message, [encode(word, CODE) @ evidence.message.astype(float) for word in words], atol=1e-2
    )


@pytest.mark.parametrize(
    "soft",
    [
        np.ones(12),
        np.arange(12),
        [100, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.1],
        np.r_[1, np.zeros(11)],
        np.linspace(-1, 1, 12) ** 3,
    ],
    ids=["all alike", "ramp", "one that shouts", "only one", "both signs"],
)
def test_no_score_is_more_frequent_among_all_fingerprints_than_its_bound(soft):
    every = np.array(list(product([-1, 1], repeat=12)))
    scores = np.sort(every @ np.asarray(soft, dtype=np.float64))
    frequency = 1 - np.searchsorted(scores, scores - 1e-9, side="left") / len(scores)
    bounds = np.exp(bound_of(fingerprint_evidence(soft)).fingerprint_alone(Scores(scores, scores)))
    assert np.all(frequency <= bounds)


@pytest.mark.parametrize("rate", [1.0, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("weight", [0.3, 1.0, 3.0])
def test_no_sum_is_more_frequent_among_all_fingerprints_and_words_than_its_bound(weight, rate, rng, small_code):
    """Whichever part of the score is the coins'."""
    code = small_code(memory=4).ravel()
    code = code[rng.choice(code.stages.size, 40, replace=False)]
    symbols, soft = (rng.standard_normal(count).astype(np.float32) for count in (40, 10))
    evidence = Evidence(np.float32(weight) * soft, symbols, code)
    coins = np.array(list(product([-1, 1], repeat=10))) @ evidence.fingerprint.astype(np.float64)
    sums = np.add.outer(coins, word_scores(range(1 << 8), window_metrics(symbols, code))).ravel()
    scores = np.sort(sums)
    frequency = 1 - np.searchsorted(scores, scores - 1e-9, side="left") / len(scores)
    bounds = np.exp(bound_of(evidence, joint_rates=(rate,)).together(Scores(scores, 0 * scores)))
    assert np.all(frequency <= bounds)


def test_the_bound_of_the_fingerprint_is_sharper_than_hoeffdings(rng):
    soft = rng.standard_normal(2000)
    z = np.linspace(2.5, 20, 50)
    scores = Scores(z * np.linalg.norm(soft), np.zeros(50))
    bounds = bound_of(fingerprint_evidence(soft)).fingerprint_alone(scores)
    assert np.all(bounds < -(z**2) / 2 * 0.995 + 0.01)
    assert bounds[z > 8].max() < -(z[z > 8].min() ** 2) / 2 - 1.5


def test_the_mean_over_random_words_and_coins_is_that_of_the_factor(evidence, rng):
    bound = bound_of(evidence, joint_rates=(2.0,))
    words = random_words(rng, 20_000)
    fingerprints = rng.choice(np.array([-1, 1], dtype=np.int8), (20_000, len(evidence.fingerprint)))
    scores = scores_of(evidence, fingerprints, words)
    tilted = np.exp((scores.fingerprint + scores.message) * bound.joint_rates[0])
    spread = tilted.std() / np.sqrt(len(tilted))
    assert np.exp(bound.joint_log_factors[0]) == pytest.approx(tilted.mean(), abs=4 * spread)


def test_a_higher_score_has_a_lower_bound(evidence):
    z = np.linspace(-3, 60, 100) * evidence.norm
    bound = bound_of(evidence, joint_rates=(2.0, 8.0))
    for bounds in (bound.fingerprint_alone(Scores(z, 0 * z)), bound.together(Scores(z / 2, z / 2))):
        assert bounds.max() == 0
        assert np.all(np.diff(bounds) <= 0)
        assert bounds[-1] < -100


def test_soft_symbols_that_say_nothing_bound_nothing():
    silent = Evidence(np.zeros(9, np.float32), np.zeros(len(CODE.stages), np.float32), CODE)
    nothing = Scores(np.zeros(3), np.zeros(3))
    bound = bound_of(silent, joint_rates=(8.0,))
    np.testing.assert_array_equal(bound.fingerprint_alone(nothing), 0)
    np.testing.assert_array_equal(bound.together(nothing), 0)
