"""Naming with the codes of others as side information, from cells that were made here without a picture."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from tracemark import judging, side_informed
from tracemark.accusing import accuse_listed
from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import word_of
from tracemark.geometry.registration import Registration
from tracemark.informed import Cells, Residue, soft_symbols
from tracemark.joining import join_evidence
from tracemark.judging import WAYS
from tracemark.keys import Key
from tracemark.listed import draw
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.side_informed import HYPOTHESES, ORDERS, SIZES, SUSPICIOUS, accuse_among
from tracemark.signal.collusion import MIXES, Mixture
from tracemark.signal.layout import lay_out
from tracemark.signal.modulation import correlate_slots
from tracemark.verdict import IDENTIFIED_LOG10

KEY = Key(bytes(range(32)))
ROWS, COLUMNS = 20, 30
CODE = mother_code(KEY, PROFILE.grid * PROFILE.tile)[:ROWS, :COLUMNS]
SHARES = np.sqrt([*[PROFILE.message_share / PROFILE.message_slots] * PROFILE.message_slots, PROFILE.fingerprint_share])
LISTED = range(100, 300)
GUILTY = [110, 111, 112, 113, 114]
SLIM = 1e-4  # a count is evidence against a bound when the bound makes it this unlikely


def modified_negative(copies):
    return copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0)


@dataclasses.dataclass(frozen=True)
class Noisy:
    """Cells in white noise, which say exactly what a Gaussian's likelihood has."""

    left: np.ndarray
    sigma: float

    def values(self, known, unknown):
        return np.asarray((self.left - known) * PROFILE.cell / self.sigma**2, dtype=np.float32)

    def log_likelihood(self, known, unknown):
        return -float(np.square(self.left - known).sum()) / 2 / self.sigma**2


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
        source = Noisy(left, sigma)
        cells = Cells(drawn.astype(np.float32), scrambling.astype(np.float32), source)
        return Residue(
            Original(digest, lay_out(ROWS * PROFILE.cell, COLUMNS * PROFILE.cell), 0, np.empty((0, 0), np.float32)),
            Registration(np.eye(3), np.empty((0, 0, 2), np.float32), np.empty((0, 0), np.float32)),
            *soft_symbols(correlate_slots(source.values(0, 1), cells.drawn), cells.scrambling),
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
    before, found = accuse([made(GUILTY, modified_negative, sigma=5.5)])
    assert names(before) == []
    assert max(one.score for one in before.others) > SUSPICIOUS
    assert names(found) == GUILTY
    assert {one.recipient for one in found.others} == set(LISTED) - set(GUILTY)
    assert max(one.score for one in found.others) < 5
    assert found.trials == len(LISTED)


def test_those_named_before_stay_and_help_with_the_rest(made, monkeypatch):
    monkeypatch.setattr(side_informed, "BESIDE", SUSPICIOUS)
    leak = made(GUILTY, modified_negative, sigma=5.5)
    listed = draw(LISTED, [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    named = next(one for one in before.others if one.recipient == 113)
    others = tuple(one for one in before.others if one != named)
    known = side_informed.Accusation((named,), others)
    found = accuse_among([leak], listed, [known], key=KEY)
    assert named in found.named
    assert names(found) == GUILTY


def test_who_is_named_in_one_reading_is_not_ranked_by_another(made, monkeypatch):
    """Else he would be in his own company."""
    monkeypatch.setattr(side_informed, "BESIDE", 0.0)
    leak = made(GUILTY, modified_negative, sigma=5.5)
    plain = accuse_listed([leak], draw(LISTED, [leak], key=KEY), key=KEY)
    best = plain.others[0]
    again = side_informed.Accusation((type(best)(best.recipient, 7.9, -9.5, -3.0),), plain.others[1:])
    shown = type(best)(best.recipient, 99.0, 0.0, 0.0)  # so that candidates are ranked by this reading
    ranked = side_informed.Accusation((), (shown, *plain.others[1:]))
    found = accuse_among([leak], draw(LISTED, [leak], key=KEY), [ranked, again], key=KEY)
    assert names(found) == GUILTY
    assert len(found.named) + len(found.others) == found.trials == len(LISTED)


@pytest.mark.parametrize("log10", [-13.0, -0.1], ids=["by the fingerprint", "by both scores"])
def test_who_shows_by_the_fingerprint_alone_is_sought_further_beside_one_who_does(log10, made):
    """In a modified negative of many, message and fingerprint may have opposite signs."""
    leak = made(GUILTY, modified_negative, sigma=5.5)
    listed = draw(LISTED, [leak], key=KEY)
    plain = accuse_listed([leak], listed, key=KEY)
    candidate = type(plain.others[0])
    others = [
        candidate(one.recipient, 0.5, 0.0, -7.0) if one.recipient in GUILTY else one for one in reversed(plain.others)
    ]
    named = candidate(GUILTY[0], 3.4, -9.5, log10)
    known = side_informed.Accusation((named,), tuple(one for one in others if one.recipient != GUILTY[0]))
    found = accuse_among([leak], listed, [known], key=KEY)
    if log10 < -9:
        assert names(found) == GUILTY
    else:
        assert found is None


def test_whose_message_lacked_its_fingerprint_before_is_named_by_the_fingerprint_alone(made):
    """Each turn would be one more chance for whoever put a message there, and his own copy beside it."""
    leak = made(GUILTY, modified_negative, sigma=5.5)  # where all are named without that
    listed = draw(LISTED, [leak], key=KEY)
    before = dataclasses.replace(accuse_listed([leak], listed, key=KEY), pasted=(112,))
    found = accuse_among([leak], listed, [before], key=KEY)
    assert set(names(found)) == set(GUILTY) - {112}
    assert found.pasted == (112,)
    (suspected,) = (one for one in found.others if one.recipient == 112)
    assert suspected.log10_fingerprint > IDENTIFIED_LOG10


def test_names_are_given_best_first(made, monkeypatch):
    monkeypatch.setattr(side_informed, "BESIDE", SUSPICIOUS)
    leak = made(GUILTY, modified_negative, sigma=5.5)
    listed = draw(LISTED, [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    named = type(before.others[0])(111, 3.4, -9.1, -0.1)
    others = tuple(one for one in before.others if one.recipient != 111)
    found = accuse_among([leak], listed, [side_informed.Accusation((named,), others)], key=KEY)
    bounds = [one.log10_false_alarm for one in found.named]
    assert bounds == sorted(bounds)
    assert found.named[-1] == named


def test_leaks_of_several_photos_are_weighed_together(made):
    leaks = [made(GUILTY, modified_negative, sigma=13.0, photo=name) for name in (b"one", b"two", b"three", b"four")]
    alone = [accuse([leak])[1] for leak in leaks]
    assert not any(found and found.named for found in alone)
    assert names(accuse(leaks)[1]) == GUILTY


def test_nothing_is_done_where_nobody_stands_out(made):
    assert accuse([made([], lambda marks: 0, sigma=1.0)])[1] is None
    assert accuse([made([117], lambda copies: copies[0], sigma=5.5)])[1] is None


@pytest.mark.parametrize(("beside", "sought"), [(False, True), (True, False)])
def test_beside_a_name_an_innocent_who_fits_by_chance_is_no_reason_to_look_further(beside, sought, made):
    leak = made([117], lambda copies: copies[0], sigma=5.5)
    listed = draw(LISTED, [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    chance = dataclasses.replace(before.others[0], score=4.4)
    others = (chance, *before.others[1:])
    assert before.named
    known = side_informed.Accusation(before.named, others) if beside else side_informed.Accusation((), others)
    assert (accuse_among([leak], listed, [known], key=KEY) is not None) == sought


def test_nothing_is_done_where_the_cells_are_not_known(made):
    leak = made(GUILTY, modified_negative, sigma=5.5)
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
def test_every_hypothesis_and_attempt_counts(attempts, made, monkeypatch):
    monkeypatch.setattr(side_informed, "TURNS", 1)  # so that the company is that which was expected
    monkeypatch.setattr(judging, "WORTH", math.inf)  # so that the fingerprint alone gives the name
    best = accuse([made(GUILTY, modified_negative, sigma=3.0)], attempts=attempts)[1].named[0]
    assert ORDERS * len(SIZES) * len(MIXES) == HYPOTHESES
    expected_company = 2
    counted = len(LISTED) * WAYS * attempts * HYPOTHESES * expected_company
    assert best.log10_false_alarm - best.log10_fingerprint == pytest.approx(math.log10(counted))


@pytest.mark.parametrize("at", [GUILTY[0], GUILTY[-1], 200])
def test_a_candidates_own_code_has_no_part_in_his_soft_symbols(at, made, monkeypatch):
    """The condition of the bound: had his fingerprint been another one, he would be judged with the same.

    That is, with the company that was expected, and one hypothesis.  Any other is paid for.
    """
    monkeypatch.setattr(side_informed, "TURNS", 1)

    def five(scene, order, ways):
        return side_informed._Hypothesis(0.0, Mixture(scene.cells.drawn, scene._signs(order[:5])), 4)

    monkeypatch.setattr(side_informed._Scene, "_hypothesis", five)
    leak = made(GUILTY, modified_negative, sigma=5.5)
    given = {}
    scores = side_informed._Scene._scores

    def watch(scene, evidence, chosen):
        given.update(dict.fromkeys((scene.listed.recipients[one] for one in chosen), evidence))
        return scores(scene, evidence, chosen)

    monkeypatch.setattr(side_informed._Scene, "_scores", watch)
    soft = []
    for turn in (1, -1):
        listed = draw(LISTED, [leak], key=KEY)
        listed.fingerprints[leak.original.digest][LISTED.index(at)] *= turn
        accuse_among([leak], listed, [accuse_listed([leak], listed, key=KEY)], key=KEY)
        soft.append(given[at])
    np.testing.assert_array_equal(soft[0].fingerprint, soft[1].fingerprint)
    np.testing.assert_array_equal(soft[0].message, soft[1].message)


@pytest.mark.parametrize("mix", range(len(MIXES)))
def test_how_a_company_ranks_has_no_part_in_the_soft_symbols(mix, made, rng):
    """After the first turn the ranks follow from fits that a candidate's own code has a part in."""
    leak = made(GUILTY, modified_negative, sigma=3.0)
    listed = draw(LISTED, [leak], key=KEY)
    scene = side_informed._Scene(leak.cells, join_evidence([leak], key=KEY), listed, listed.signs_in([leak]), 0)
    given = []
    for _ in range(4):
        mixed = rng.permutation(range(8, 17)).tolist()  # five who are guilty, and four who are not
        member = mixed.index(10)
        given.append(scene._given(Mixture(scene.cells.drawn, scene._signs(mixed)), mixed, member, mix))
    for other in given[1:]:
        np.testing.assert_array_equal(other.fingerprint, given[0].fingerprint)
        np.testing.assert_array_equal(other.message, given[0].message)


@pytest.mark.parametrize(("members", "others"), [(1, 6), (3, 7), (4, 8)])
def test_the_chances_of_all_companies_sum_up_to_one_at_most(members, others):
    order = list(range(100, 100 + others))
    companies = [set(company) for company in itertools.combinations(order, members)]
    costs = {frozenset(company): side_informed._log_companies(company, order) for company in companies}
    assert costs[frozenset(order[:members])] == math.log(2)
    assert 0.5 < sum(math.exp(-cost) for cost in costs.values()) <= 1


def test_without_a_candidate_a_company_costs_no_more():
    """So those who share a company may all pay what it costs in the order that has all of them."""
    order = list(range(9))
    for company in itertools.combinations(order, 3):
        for one in set(order) - set(company):
            left = [other for other in order if other != one]
            assert side_informed._log_companies(set(company), left) <= side_informed._log_companies(set(company), order)


def test_who_is_found_given_some_helps_to_find_the_rest(made, monkeypatch):
    leak = made(GUILTY, modified_negative, sigma=6.5)
    listed = draw(LISTED, [leak], key=KEY)
    before = accuse_listed([leak], listed, key=KEY)
    # of five, one fits so badly that an innocent is expected in the company instead
    fits = {one.recipient: one for one in before.others}
    first, last = [fits[one] for one in GUILTY if one != GUILTY[2]], fits[GUILTY[2]]
    others = first + [one for one in before.others if one.recipient not in GUILTY]
    known = side_informed.Accusation((), (*others[:30], last, *others[30:]))
    faint = [type(one)(one.recipient, 9.0 - at / 10, 0.0, 0.0) for at, one in enumerate(known.others)]
    known = side_informed.Accusation((), tuple(faint))
    assert names(accuse_among([leak], listed, [known], key=KEY)) == GUILTY
    monkeypatch.setattr(side_informed, "TURNS", 1)
    assert names(accuse_among([leak], listed, [known], key=KEY)) != GUILTY


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


def test_innocents_in_a_company_of_innocents_are_bounded_with_all_that_was_chosen(made, monkeypatch):
    """Nobody on the lists mixed: hypothesis, company and turns are chosen by what the innocents' own codes show."""
    monkeypatch.setattr(side_informed, "SUSPICIOUS", -math.inf)
    leak = made(GUILTY, modified_negative, sigma=3.0)
    lists = [range(first, first + 40) for first in range(1000, 1160, 40)]
    found = [accuse([leak], recipients)[1] for recipients in lists]
    assert all(len(one.others) == 40 for one in found)
    scores = np.array([one.score for accusation in found for one in accusation.others])
    assert scores.std() == pytest.approx(1, abs=0.2)
    assert scores.max() < SUSPICIOUS + 1
    assert min(one.log10_false_alarm for accusation in found for one in accusation.others) > -1
