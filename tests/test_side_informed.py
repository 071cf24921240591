"""Naming with the codes of others as side information, from cells that were made here without a picture."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from tracemark import side_informed
from tracemark.accusing import WAYS, accuse_listed
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import word_of
from tracemark.geometry.registration import Registration
from tracemark.informed import Cells, Residue
from tracemark.keys import Key
from tracemark.listed import draw
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.side_informed import SIZES, SUSPICIOUS, accuse_among
from tracemark.signal.collusion import MIXES
from tracemark.signal.layout import lay_out
from tracemark.signal.modulation import correlate_slots

KEY = Key(bytes(range(32)))
ROWS, COLUMNS = 20, 30
CODE = mother_code(KEY, PROFILE.grid * PROFILE.tile)[:ROWS, :COLUMNS]
SHARES = np.sqrt([*[PROFILE.message_share / PROFILE.message_slots] * PROFILE.message_slots, PROFILE.fingerprint_share])
LISTED = range(100, 300)
GUILTY = [110, 111, 112, 113, 114]
SLIM = 1e-4  # a count is evidence against a bound when the bound makes it this unlikely


def modified_negative(copies):
    return copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0)


@pytest.fixture
def made(rng):
    """Make what is left of a mix of copies, in noise."""

    def made(guilty, mix, *, sigma, photo=b"photo"):
        digest = photo.ljust(32)
        drawn = rng.standard_normal((ROWS * COLUMNS, len(SHARES), PROFILE.cell**2)) * SHARES[:, None]
        scrambling = rng.choice([-1.0, 1.0], (ROWS * COLUMNS, PROFILE.message_slots))
        marks = []
        for recipient in guilty:
            message = encode(word_of(KEY, recipient), CODE).reshape(scrambling.shape) * scrambling
            own = fingerprint(KEY, digest, recipient, rows=ROWS, columns=COLUMNS).reshape(-1, 1)
            marks.append(np.einsum("ns,nsp->np", np.concatenate([message, own], axis=1), drawn))
        left = mix(np.array(marks)) + sigma * rng.standard_normal((ROWS * COLUMNS, PROFILE.cell**2))
        arrays = (left * PROFILE.cell / sigma**2, drawn, scrambling)
        cells = Cells(*(np.asarray(array, dtype=np.float32) for array in arrays))
        return Residue(
            Original(digest, lay_out(ROWS * PROFILE.cell, COLUMNS * PROFILE.cell), 0, np.empty((0, 0), np.float32)),
            Registration(np.eye(3), np.empty((0, 0, 2), np.float32), np.empty((0, 0), np.float32)),
            *cells.soft(correlate_slots(cells.values, cells.drawn)),
            np.ones((ROWS, COLUMNS), dtype=bool),
            cells,
        )

    return made


def accuse(leaks, recipients=LISTED, **options):
    """Accuse without the codes of others, and then with them."""
    listed = draw(recipients, leaks, key=KEY)
    before = accuse_listed(leaks, listed, key=KEY)
    return before, accuse_among(leaks, listed, [before], key=KEY, **options)


def names(accusation):
    return sorted(one.recipient for one in accusation.named)


def test_all_who_mixed_are_named_where_none_is_alone(made):
    before, found = accuse([made(GUILTY, modified_negative, sigma=7.0)])
    assert names(before) == []
    assert max(one.score for one in before.others) > SUSPICIOUS
    assert names(found) == GUILTY
    assert {one.recipient for one in found.others} == set(LISTED) - set(GUILTY)
    assert max(one.score for one in found.others) < 5
    assert found.trials == len(LISTED)


def test_those_named_before_stay_and_help_with_the_rest(made):
    leak = made(GUILTY, modified_negative, sigma=7.0)
    listed = draw(LISTED, [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    named = next(one for one in before.others if one.recipient == 113)
    others = tuple(one for one in before.others if one != named)
    known = side_informed.Accusation((named,), others)
    found = accuse_among([leak], listed, [known], key=KEY)
    assert found.named[0] == named
    assert names(found) == GUILTY


def test_leaks_of_several_photos_are_weighed_together(made):
    leaks = [made(GUILTY, modified_negative, sigma=13.0, photo=name) for name in (b"one", b"two", b"three", b"four")]
    alone = [accuse([leak])[1] for leak in leaks]
    assert not any(found and found.named for found in alone)
    assert names(accuse(leaks)[1]) == GUILTY


def test_nothing_is_done_where_nobody_stands_out(made):
    assert accuse([made([], lambda marks: 0, sigma=1.0)])[1] is None
    assert accuse([made([117], lambda copies: copies[0], sigma=7.0)])[1] is None


def test_nothing_is_done_where_the_cells_are_not_known(made):
    leak = made(GUILTY, modified_negative, sigma=7.0)
    bare = Residue(leak.original, leak.registration, leak.fingerprint, leak.message, leak.seen)
    assert accuse([bare])[1] is None


@pytest.mark.parametrize("listed", [1, 2, 3])
def test_a_list_may_be_shorter_than_the_coalition(listed, made):
    found = accuse([made(GUILTY, modified_negative, sigma=5.0)], GUILTY[:listed])[1]
    if listed < min(SIZES):
        assert found is None
    else:
        assert names(found) == GUILTY[:listed]


@pytest.mark.parametrize("attempts", [1, 4])
def test_every_hypothesis_and_attempt_counts(attempts, made):
    # so little noise that the fingerprint alone gives the name
    best = accuse([made(GUILTY, modified_negative, sigma=3.0)], attempts=attempts)[1].named[0]
    counted = len(LISTED) * WAYS * attempts * len(SIZES) * len(MIXES)
    assert best.log10_false_alarm - best.log10_fingerprint == pytest.approx(math.log10(counted))


@pytest.mark.parametrize("at", [GUILTY[0], GUILTY[-1], 200])
def test_a_candidates_own_code_has_no_part_in_his_soft_symbols(at, made, monkeypatch):
    """The condition of the bound: had his fingerprint been another one, he would be judged with the same."""
    leak = made(GUILTY, modified_negative, sigma=7.0)
    given = {}
    judge = side_informed._Scene.judge

    def watch(scene, evidence, chosen, spent):
        given.update(dict.fromkeys((scene.listed.recipients[one] for one in chosen), evidence))
        return judge(scene, evidence, chosen, spent)

    monkeypatch.setattr(side_informed._Scene, "judge", watch)
    soft = []
    for turn in (1, -1):
        listed = draw(LISTED, [leak], key=KEY)
        listed.fingerprints[leak.original.digest][LISTED.index(at)] *= turn
        accuse_among([leak], listed, [accuse_listed([leak], listed, key=KEY)], key=KEY)
        soft.append(given[at])
    np.testing.assert_array_equal(soft[0].fingerprint, soft[1].fingerprint)
    np.testing.assert_array_equal(soft[0].message, soft[1].message)


def test_innocents_given_the_guilty_score_no_more_often_than_the_bound_says(made):
    """Also where the hypothesis is the right one, and all of the company are guilty."""
    leak = made(GUILTY, modified_negative, sigma=3.0)
    listed = draw([*GUILTY, *range(1000, 5000)], [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    found = accuse_among([leak], listed, [before], key=KEY)
    assert names(found) == GUILTY
    alone = np.array([one.log10_fingerprint for one in found.others])
    scores = np.array([one.score for one in found.others])
    assert len(alone) == 4000
    assert scores.std() == pytest.approx(1, abs=0.1)
    for rate in (1e-1, 1e-2, 1e-3):
        hits = int(np.sum(alone <= math.log10(rate)))
        assert binomtest(hits, len(alone), rate, alternative="greater").pvalue > SLIM
