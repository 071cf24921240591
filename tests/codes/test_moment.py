import numpy as np
import pytest

from tests.codes.words import SMALL_BITS, random_word
from tracemark.codes import moment
from tracemark.codes.message import encode
from tracemark.codes.metrics import window_metrics, word_scores
from tracemark.codes.moment import log_moment
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY = Key(bytes(range(32)))


@pytest.fixture
def small(small_code, rng):
    """Metrics of a code so small that every word can be tried."""
    whole = small_code(memory=4).ravel()
    part = whole[rng.choice(whole.stages.size, 40, replace=False)]
    return window_metrics(rng.standard_normal(40).astype(np.float32), part)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("stages", [1, 3, 4])
@pytest.mark.parametrize("starts", [5, 16])
def test_the_moment_is_that_of_all_words(starts, stages, rate, small, monkeypatch):
    monkeypatch.setattr(moment, "STAGES", stages)
    monkeypatch.setattr(moment, "STARTS", starts)
    scores = word_scores(range(1 << SMALL_BITS), small)
    more = log_moment(small, rate) - np.log(np.mean(np.exp(rate * scores)))
    assert more > -1e-5
    if rate <= 1:  # above, what is set to the least share there is counts too much
        assert more < 1e-5


def test_at_rate_0_the_moment_is_1(code, rng):
    part = code[2:7, 2:7].ravel()
    metrics = window_metrics(rng.standard_normal(len(part.stages)).astype(np.float32), part)
    assert log_moment(metrics, 0.0) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_the_moment_is_that_of_random_words(rate, code, rng):
    part = code[40:46, 20:25].ravel()  # 90 symbols
    soft = rng.standard_normal(len(part.stages)).astype(np.float32)
    metrics = window_metrics(soft / np.linalg.norm(soft), part)
    drawn = np.exp(rate * word_scores([random_word(rng) for _ in range(4000)], metrics))
    error = 4 * np.std(drawn) / np.sqrt(len(drawn)) / np.mean(drawn)
    assert log_moment(metrics, rate) == pytest.approx(np.log(np.mean(drawn)), abs=error)


@pytest.mark.parametrize("rate", [1.0, 30.0, 300.0])  # shares of other paths round to 0
def test_the_moment_of_one_overwhelming_word_is_that_words(rate, code, rng):
    word = random_word(rng)
    part = code[:20, :20].ravel()
    metrics = window_metrics(encode(word, part).astype(np.float32), part)
    alone = rate * len(part.stages) - np.log(2) * PROFILE.word_bits
    assert log_moment(metrics, rate) == pytest.approx(alone, abs=1e-3)
