"""Naming from soft symbols that were made here, without a picture: much noise, exact shares, any number of copies."""

import math

import numpy as np
import pytest

from tracemark import accusing
from tracemark.accusing import LOOKUPS, accuse_anyone, accuse_listed
from tracemark.codes.accusation import Scores
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import word_of
from tracemark.geometry.registration import Registration
from tracemark.informed import Residue
from tracemark.judging import FINGERPRINT_SHARE, is_framed
from tracemark.keys import Key
from tracemark.listed import draw
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.signal.layout import lay_out
from tracemark.verdict import IDENTIFIED_LOG10

KEY = Key(bytes(range(32)))
ROWS, COLUMNS = 30, 40
CODE = mother_code(KEY, PROFILE.grid * PROFILE.tile)[:ROWS, :COLUMNS]
SINGLE = math.sqrt(PROFILE.fingerprint_share)
SLOT = math.sqrt(PROFILE.message_share / PROFILE.message_slots)
LISTED = range(100, 160)


@pytest.fixture
def made(rng):
    """Make what reading leaves of an average of copies, in noise."""

    def made(copies, *, sigma=3.0, pasted=(), photo=b"photo"):
        """Soft symbols of copies mixed, and of marks that were put there from elsewhere; sigma in chips."""
        digest = photo.ljust(32)
        single, message = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS, PROFILE.message_slots))
        for recipient in copies:
            single += SINGLE * fingerprint(KEY, digest, recipient, rows=ROWS, columns=COLUMNS) / len(copies)
        for recipient in (*copies, *pasted):
            message += SLOT * encode(word_of(KEY, recipient), CODE) / max(len(copies), 1)
        single += sigma * SLOT * rng.standard_normal(single.shape)
        message += sigma * SLOT * rng.standard_normal(message.shape)
        layout = lay_out(ROWS * PROFILE.cell, COLUMNS * PROFILE.cell)
        return Residue(
            Original(digest, layout, 0, np.empty((0, 0), np.float32)),
            Registration(np.eye(3), np.empty((0, 0, 2), np.float32), np.empty((0, 0), np.float32)),
            (single * SINGLE).ravel().astype(np.float32),
            (message * SLOT).reshape(-1, PROFILE.message_slots).astype(np.float32),
            np.ones((ROWS, COLUMNS), dtype=bool),
        )

    return made


def accuse(leaks, recipients=LISTED, **options):
    return accuse_listed(leaks, draw(recipients, leaks, key=KEY), key=KEY, **options)


def names(accusation):
    return [one.recipient for one in accusation.named]


def test_the_recipient_is_named_and_nobody_else(made):
    found = accuse([made([117])])
    assert names(found) == [117]
    assert found.named[0].log10_false_alarm < IDENTIFIED_LOG10
    assert found.trials == len(LISTED)
    assert {one.recipient for one in found.others} == set(LISTED) - {117}
    assert found.pasted == ()


def test_candidates_are_told_best_first(made):
    found = accuse([made([117], sigma=12.0)])
    bounds = [one.log10_false_alarm for one in found.others]
    assert bounds == sorted(bounds)
    silent = [one.score for one in found.others if one.log10_false_alarm == 0]
    assert silent == sorted(silent, reverse=True)


def test_a_list_without_the_recipient_names_nobody(made):
    found = accuse([made([17])])
    assert found.named == ()
    assert max(one.score for one in found.others) < 5


@pytest.mark.parametrize("count", [2, 3, 5])
def test_all_whose_copies_were_averaged_are_named(count, made):
    guilty = list(range(110, 110 + count))
    found = accuse([made(guilty, sigma=1.0)])
    assert sorted(names(found)) == guilty


def test_taking_out_the_strong_ones_uncovers_the_weak(made, monkeypatch):
    mixed = made([110] * 8 + [111], sigma=0.1)
    assert sorted(names(accuse([mixed]))) == [110, 111]
    monkeypatch.setattr(accusing, "without", lambda evidence, fingerprints, words: evidence)
    assert names(accuse([mixed])) == [110]


def test_photos_together_tell_what_one_does_not(made):
    leaks = [made([117], sigma=14.0, photo=name) for name in (b"one", b"two", b"three", b"four", b"five", b"six")]
    assert not any(accuse([leak]).named for leak in leaks)
    assert names(accuse(leaks)) == [117]


def test_every_further_attempt_and_candidate_weakens_the_bound(made):
    leak = made([117])
    one, four = (accuse([leak], attempts=attempts).named[0] for attempts in (1, 4))
    assert four.log10_false_alarm - one.log10_false_alarm == pytest.approx(math.log10(4))
    twice = accuse([leak], range(100, 220)).named[0]
    assert twice.log10_false_alarm - one.log10_false_alarm == pytest.approx(math.log10(2))
    assert twice.log10_fingerprint == four.log10_fingerprint == one.log10_fingerprint < one.log10_false_alarm


def test_those_named_later_pay_for_the_rounds_before(made):
    # the second round may spend a quarter, and not the half that the first one may
    alone = accuse([made([111], sigma=1e-3)]).named[0]
    both = accuse([made([110] * 8 + [111], sigma=1e-3)]).named
    (later,) = (one for one in both if one.recipient == 111)
    assert alone.log10_fingerprint - alone.log10_false_alarm == pytest.approx(
        -math.log10(2 * 2 * len(LISTED)), abs=1e-6
    )
    assert later.log10_fingerprint - later.log10_false_alarm == pytest.approx(
        -math.log10(4 * 2 * len(LISTED)), abs=1e-6
    )


@pytest.mark.parametrize("listed", [True, False])
def test_a_message_without_its_fingerprint_names_nobody(listed, made):
    leak = made([], pasted=[117])
    found = accuse([leak]) if listed else accuse_anyone([leak], key=KEY)
    assert found.named == ()
    assert found.pasted == (117,)


@pytest.mark.parametrize("listed", [True, False])
def test_a_message_that_was_put_there_does_not_hide_whose_copy_it_is(listed, made):
    leak = made([120], sigma=1.0, pasted=[117])
    found = accuse([leak]) if listed else accuse_anyone([leak], key=KEY)
    assert names(found) == [120]
    assert found.pasted == (117,)


@pytest.mark.parametrize("suspected", [False, True])
def test_a_message_that_lacked_its_fingerprint_once_names_nobody_in_later_rounds(suspected, made, monkeypatch):
    """Each round would be one more chance for whoever put a message there beside his own."""
    mixed = made([110, 111], sigma=2.5)
    rounds = []

    def framed(scores):
        rounds.append(len(scores.message))
        return np.array([suspected and len(rounds) == 1 and one == 111 for one in LISTED][: rounds[-1]])

    monkeypatch.setattr("tracemark.judging.is_framed", framed)
    found = accuse([mixed])
    assert sorted(names(found)) == ([110] if suspected else [110, 111])
    assert found.pasted == ((111,) if suspected else ())
    assert rounds == [len(LISTED), len(LISTED) - len(found.named)]


@pytest.mark.parametrize("z", [1.0, 2.0, 4.0, 6.0])
def test_a_message_that_was_put_there_passes_no_more_often_than_stated(z, rng):
    """z is the score that the fingerprint would have, were it there."""
    cells, trials = 500, 100_000
    soft = rng.standard_normal(cells) * rng.uniform(0, 2, cells)
    soft /= np.linalg.norm(soft)
    coins = rng.choice(np.array([-1, 1], dtype=np.int8), (trials, cells))
    message = np.full(trials, z * PROFILE.message_share / PROFILE.fingerprint_share)
    passed = 1 - np.mean(is_framed(Scores(coins @ soft, message)))
    assert passed <= math.exp(-((FINGERPRINT_SHARE * z) ** 2) / 2)


def test_where_there_is_no_list_anybody_may_be_named(made):
    found = accuse_anyone([made([4_000_000_000], sigma=1.0)], key=KEY)
    assert names(found) == [4_000_000_000]
    assert IDENTIFIED_LOG10 > found.named[0].log10_false_alarm > found.named[0].log10_fingerprint
    assert found.others == ()


def test_where_there_is_no_list_two_whose_copies_were_averaged_are_named(made):
    assert sorted(names(accuse_anyone([made([5, 4_000_000_000], sigma=1.0)], key=KEY))) == [5, 4_000_000_000]


@pytest.mark.parametrize("attempts", [1, 2, LOOKUPS])
def test_attempts_share_the_lookups(attempts, made, monkeypatch):
    asked = []
    monkeypatch.setattr(accusing, "recipient_of", lambda key, word: asked.append(word))
    found = accuse_anyone([made([])], key=KEY, attempts=attempts)
    assert found.named == ()
    assert found.trials == len(set(asked)) == len(asked) == LOOKUPS // attempts


def test_soft_symbols_that_say_nothing_name_nobody(made):
    leak = made([], sigma=0.0)
    assert accuse([leak]).named == ()
    assert accuse_anyone([leak], key=KEY).named == ()
