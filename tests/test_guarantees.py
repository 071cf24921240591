"""The promises, counted: an innocent's fingerprint, a wrong word, a wrong key and an unmarked photo name nobody.

A bound that is far below what can be counted is counted at looser thresholds, where it must hold as well.
"""

import numpy as np
import pytest
from scipy.stats import binomtest

import tracemark as tm
from tracemark.codes.decoding import decode
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import LABEL, recipient_of, word_of
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
RATES = (1e-2, 1e-3)
TRIALS = 120_000  # innocents, each against every hostile y
CHUNK = 4_000
CELLS = 1_000  # of a photo: 40 x 25
SLIM = 1e-4  # a count is evidence against a bound when the bound makes it this unlikely


def exceeds(count, trials, rate):
    """Whether a count proves that the rate is above what was promised."""
    return binomtest(count, trials, rate, alternative="greater").pvalue < SLIM


def hostile(colluders, rng):
    """Soft symbols as bad as they come; none was made with an innocent's signs in sight."""
    cells = colluders.shape[1]
    few = np.zeros(cells)
    few[rng.choice(cells, 12, replace=False)] = rng.standard_normal(12)
    spike = np.ones(cells)
    spike[0] = 1e4
    return {
        "noise": rng.standard_normal(cells),
        "heavy tails": rng.standard_cauchy(cells),
        "one colluder": colluders[0] + 0.5 * rng.standard_normal(cells),
        "average of five": colluders.mean(axis=0),
        "majority": np.sign(colluders.sum(axis=0)),
        "minority": -np.sign(colluders.sum(axis=0)),
        "least": colluders.min(axis=0),
        "only where they differ": colluders[0] * (np.ptp(colluders, axis=0) > 0),
        "all ones": np.ones(cells),
        "steps": np.repeat(rng.choice([-1.0, 1.0], cells // 50), 50),
        "ramp": np.arange(cells, dtype=np.float64),
        "few symbols": few,
        "one symbol that shouts": spike,
    }


@pytest.fixture(scope="module")
def correlations():
    """z of every innocent against every hostile y; shape (trials,) by name."""
    rng = np.random.default_rng(20240601)
    digest = b"a photo"
    colluders = np.stack(
        [fingerprint(KEY, digest, 10**9 + guest, rows=40, columns=25).ravel() for guest in range(5)]
    ).astype(np.float64)
    attacks = hostile(colluders, rng)
    y = np.stack([attack / np.linalg.norm(attack) for attack in attacks.values()])
    z = []
    for start in range(0, TRIALS, CHUNK):
        innocents = np.stack(
            [fingerprint(KEY, digest, guest, rows=40, columns=25).ravel() for guest in range(start, start + CHUNK)]
        )
        z.append(innocents.astype(np.float32) @ y.T.astype(np.float32))
    return dict(zip(attacks, np.concatenate(z).T, strict=True))


@pytest.mark.parametrize("rate", RATES)
def test_an_innocents_fingerprint_exceeds_the_bound_no_more_often_than_stated(rate, correlations):
    threshold = np.sqrt(-2 * np.log(rate))  # exp(-t**2 / 2) = rate
    for attack, z in correlations.items():
        assert len(z) >= 100_000
        assert not exceeds(int(np.sum(z >= threshold)), len(z), rate), attack


def test_innocents_are_spread_as_fair_coins_are(correlations):
    for attack, z in correlations.items():
        assert abs(z.mean()) < 5 / np.sqrt(len(z)), attack
        assert np.mean(z**2) == pytest.approx(1, abs=0.03), attack


def test_a_contributor_is_far_above_what_innocents_reach(correlations):
    digest = b"a photo"
    colluders = np.stack(
        [fingerprint(KEY, digest, 10**9 + guest, rows=40, columns=25).ravel() for guest in range(5)]
    ).astype(np.float64)
    average = colluders.mean(axis=0)
    guilty = colluders @ average / np.linalg.norm(average)
    assert guilty.min() > 1.5 * correlations["average of five"].max()


def first_check_bits(word, count):
    """Whether a word passes the first of its check bits, looked at as the detector looks at all of them."""
    value = KEY.unpermute(word, bits=PROFILE.word_bits, label=f"{LABEL} {PROFILE.version}")
    return value >> PROFILE.check_bits - count & (1 << count) - 1 == 0


def random_words(rng, size):
    return [int.from_bytes(rng.bytes(PROFILE.word_bits // 8), "little") for _ in range(size)]


def near_words(rng, size):
    """Issued words with one to six bits wrong: what a decoder that nearly made it gives."""
    words = []
    for recipient in rng.integers(0, 2**PROFILE.recipient_bits, size).tolist():
        flipped = rng.choice(PROFILE.word_bits, int(rng.integers(1, 7)), replace=False).tolist()
        words.append(word_of(KEY, recipient) ^ sum(1 << bit for bit in flipped))
    return words


def counted_words(rng, size):
    """Words in a row, as a clumsy decoder might give them."""
    start = int(rng.integers(2**31))
    return list(range(start, start + size))


def recipients_in_clear(rng, size):
    """Recipients that somebody wrote into a word without knowing the key."""
    return [recipient << PROFILE.check_bits for recipient in range(size)]


@pytest.mark.parametrize("draw", [random_words, near_words, counted_words, recipients_in_clear])
def test_a_wrong_word_passes_its_check_bits_no_more_often_than_stated(draw, rng):
    words = draw(rng, 20_000)
    for count in (7, 10):  # 0.8e-2 and 1e-3
        passed = sum(first_check_bits(word, count) for word in words)
        assert not exceeds(passed, len(words), 2.0**-count)
        # Nor is the test one that nothing passes.
        assert binomtest(passed, len(words), 2.0**-count, alternative="less").pvalue > SLIM
    assert not any(recipient_of(KEY, word) is not None for word in words)


def test_issued_words_pass_all_their_check_bits(rng):
    for recipient in rng.integers(0, 2**PROFILE.recipient_bits, 200).tolist():
        assert first_check_bits(word_of(KEY, recipient), PROFILE.check_bits)


def test_what_decodes_from_noise_or_from_an_unknown_code_is_nobodys(rng):
    side = PROFILE.tile * 2
    code, foreign = mother_code(KEY, side).ravel(), mother_code(OTHER, side).ravel()
    passed, trials = 0, 0
    for turn in range(120):
        symbols = encode(word_of(OTHER, turn), foreign) if turn % 2 else np.zeros(len(code.stages))
        soft = (symbols + rng.standard_normal(len(symbols))).astype(np.float32)
        for decoded in decode(soft, code, words=2):
            assert recipient_of(KEY, decoded.word) is None
            passed += first_check_bits(decoded.word, 4)
            trials += 1
    assert trials > 200
    assert not exceeds(passed, trials, 2.0**-4)


def test_what_decodes_from_too_noisy_a_word_is_its_own_or_nobodys(rng):
    code = mother_code(KEY, PROFILE.tile).ravel()
    right = 0
    for recipient in range(100):
        symbols = encode(word_of(KEY, recipient), code)
        soft = (symbols + rng.uniform(1.0, 2.5) * rng.standard_normal(len(symbols))).astype(np.float32)
        named = recipient_of(KEY, decode(soft, code)[0].word)
        assert named in {None, recipient}
        right += named is not None
    assert 0 < right < 100


def forced_stages(one, two):
    """Where all symbols of two words agree, or all differ: their windows are the same, or all but the newest bit is."""
    bits = np.array([(one ^ two) >> place & 1 for place in range(PROFILE.word_bits)])
    return sum(np.roll(bits, age) for age in range(1, PROFILE.memory + 1)) == 0


def test_words_of_different_recipients_agree_in_half_of_their_symbols():
    code = mother_code(KEY, PROFILE.grid * PROFILE.tile).ravel()
    recipients = [*range(60), *(1 << bit for bit in range(6, PROFILE.recipient_bits)), 2**PROFILE.recipient_bits - 1]
    words = [word_of(KEY, recipient) for recipient in recipients]
    symbols = np.stack([encode(word, code) for word in words]).astype(np.float32)
    upper = np.triu_indices(len(words), 1)
    counts = np.bincount(code.stages, minlength=PROFILE.word_bits)
    parts = [symbols[:, code.stages == stage] for stage in range(PROFILE.word_bits)]
    sums = np.stack([(part @ part.T)[upper] for part in parts], axis=1)
    forced = np.array([forced_stages(words[one], words[two]) for one, two in zip(*upper, strict=True)])
    np.testing.assert_array_equal(np.abs(sums)[forced], np.broadcast_to(counts, sums.shape)[forced])
    # What two random words share by accident: 12 equal bits before a stage, seldom, and never in many stages.
    assert np.mean(forced) == pytest.approx(2.0**-PROFILE.memory, rel=0.5)
    assert forced.sum(axis=1).max() <= PROFILE.word_bits // 8
    z = np.where(forced, 0, sums).sum(axis=1) / np.sqrt(np.where(forced, 0, counts).sum(axis=1))
    assert np.abs(z).max() < 6
    assert np.std(z) == pytest.approx(1, abs=0.1)


@pytest.fixture(scope="module")
def scraps(photos):
    """Parts of real photos, just large enough to carry a mark, so that a search that finds nothing is short."""
    return {name: np.ascontiguousarray(photos[name][:288, :352]) for name in ("astronaut", "coffee", "rocket")}


@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_an_unmarked_photo_names_nobody(name, scraps):
    verdict = tm.detect(scraps[name], key=KEY)
    assert verdict.verdict == "none"
    assert verdict.recipients == ()


@pytest.mark.parametrize("name", ["astronaut"])
def test_a_copy_names_nobody_to_the_wrong_key(name, scraps):
    copy = tm.embed(scraps[name], recipient=17, key=KEY)
    assert tm.detect(copy, key=KEY).recipients == (17,)
    verdict = tm.detect(copy, key=OTHER)
    assert verdict.verdict == "none"
    assert verdict.recipients == ()
