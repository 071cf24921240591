import numpy as np
import pytest

from tests.codes.words import SMALL_BITS, random_word
from tracemark.codes.message import encode
from tracemark.codes.metrics import window_metrics, word_scores
from tracemark.profile import PROFILE

MEMORY = 3


@pytest.fixture
def small(small_code):
    return small_code(MEMORY)


def test_the_metric_of_a_window_is_how_well_its_parities_fit(small, rng):
    part = small.ravel()[rng.choice(small.stages.size, 40, replace=False)]
    soft = rng.standard_normal(40).astype(np.float32)
    metrics = window_metrics(soft, part)
    assert metrics.shape == (SMALL_BITS, 2 << MEMORY)
    for stage, window in np.ndindex(metrics.shape):
        here = part.stages == stage
        parity = np.bitwise_count(window & part.generators[here]) % 2
        assert metrics[stage, window] == pytest.approx(float(np.sum(soft[here] * (1 - 2.0 * parity))), abs=1e-5)


def test_words_score_what_their_codewords_correlate(code, rng):
    part = code[4:15, 9:20].ravel()
    soft = rng.standard_normal(len(part.stages)).astype(np.float32)
    words = [0, 2**PROFILE.word_bits - 1, *(random_word(rng) for _ in range(20))]
    scores = word_scores(words, window_metrics(soft, part))
    expected = [float(encode(word, part) @ soft.astype(np.float64)) for word in words]
    np.testing.assert_allclose(scores, expected, atol=1e-3)


def test_no_words_have_no_scores(code):
    part = code[:3, :3].ravel()
    assert word_scores([], window_metrics(np.ones(27, dtype=np.float32), part)).shape == (0,)
