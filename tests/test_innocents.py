"""A million innocents against real leaks, read with the original: how often they score, and that nobody is named.

The bound that names is far below what can be counted, so it is counted where it can be: at 1e-2 to 1e-5.
"""

import math

import cv2
import numpy as np
import pytest
from scipy.stats import binomtest

import tracemark as tm
from benchmarks.innocents.drawing import LOW_RATES, NAMING_RATE, innocents
from tests.damage import jpeg
from tracemark.accusing import accuse_listed
from tracemark.codes.accusation import Scores, bound_of
from tracemark.finding import lay_on_best
from tracemark.informed import read_residue
from tracemark.joining import join_evidence
from tracemark.judging import WAYS
from tracemark.listed import draw
from tracemark.original import original_of
from tracemark.signal.luma import luma_of
from tracemark.verdict import IDENTIFIED_LOG10

KEY = tm.Key(bytes(range(32)))
RATES = (1e-2, 1e-3, 1e-4, 1e-5)
INNOCENTS = 270_000  # against each of four leaks
KEYED = 1_500  # innocents whose signs and words are drawn from the key, as the detector draws them
SLIM = 1e-4  # a count is evidence against a bound when the bound makes it this unlikely
GUILTY = (10**9, 10**9 + 1, 10**9 + 2, 10**9 + 3, 10**9 + 4)


def half(pixels):
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def average(plan, guilty):
    return np.rint(np.mean([plan.copy_for(one).astype(np.float32) for one in guilty], axis=0)).astype(np.uint8)


LEAKS = {
    # name: the photo, and what became of it or of its copies
    "a copy, jpeg 20": ("astronaut", lambda plan, photo: jpeg(plan.copy_for(GUILTY[0]), 20)),
    "half of two averaged": ("coffee", lambda plan, photo: jpeg(half(average(plan, GUILTY[:2])), 75)),
    "five averaged": ("rocket", lambda plan, photo: average(plan, GUILTY)),
    "unmarked": ("astronaut", lambda plan, photo: jpeg(photo, 75)),
}


@pytest.fixture(scope="module")
def residues(photos):
    """What is left of each leak when its original is taken away."""
    plans, left = {}, {}
    for name, (which, make) in LEAKS.items():
        photo = np.ascontiguousarray(photos[which][:400, :400])
        if which not in plans:
            plans[which] = tm.prepare(photo, key=KEY)
        luma = luma_of(make(plans[which], photo))
        (laid,) = lay_on_best(luma, [original_of(photo, key=KEY)])
        left[name] = read_residue(luma, laid.original, laid.registration, key=KEY)
        assert left[name]
    return left


def scored(evidence, seed):
    """Innocents whose fingerprints and words are drawn at random."""
    parts = list(innocents(evidence, INNOCENTS, np.random.default_rng(seed)))
    return Scores(*(np.concatenate([getattr(part, own) for part in parts]) for own in ("fingerprint", "message")))


@pytest.fixture(scope="module")
def counted(residues):
    """Log-bounds of every innocent against every leak, by which bound it is."""
    bounds = {"fingerprint alone": {}, "together": {}, "to name": {}}
    for seed, (name, residue) in enumerate(residues.items()):
        evidence = join_evidence([residue], key=KEY)
        scores = scored(evidence, seed)
        named_by = bound_of(evidence, joint_rates=(NAMING_RATE,))
        low = bound_of(evidence, joint_rates=LOW_RATES)
        bounds["fingerprint alone"][name] = low.fingerprint_alone(scores)
        bounds["together"][name] = low.together(scores)
        bounds["to name"][name] = np.minimum(named_by.fingerprint_alone(scores), named_by.together(scores))
    return bounds


@pytest.mark.parametrize("which", ["fingerprint alone", "together"])
@pytest.mark.parametrize("rate", RATES)
def test_innocents_score_no_more_often_than_the_bound_says(which, rate, counted):
    every = np.concatenate(list(counted[which].values()))
    assert len(every) >= 1_000_000
    for log_chance in (every, *counted[which].values()):
        hits = int(np.sum(log_chance <= math.log(rate)))
        assert binomtest(hits, len(log_chance), rate, alternative="greater").pvalue > SLIM


def test_the_count_is_not_one_that_nothing_reaches(counted):
    for which in ("fingerprint alone", "together"):
        every = np.concatenate(list(counted[which].values()))
        assert np.sum(every <= math.log(1e-2)) > len(every) * 5e-6


def test_of_a_million_innocents_none_is_named(counted):
    every = np.concatenate(list(counted["to name"].values()))
    assert len(every) >= 1_000_000
    # even if this were a list of one candidate
    assert every.min() + math.log(2 * WAYS) > IDENTIFIED_LOG10 * math.log(10)


def accuse(residue):
    listed = draw([*GUILTY, *range(KEYED)], [residue], key=KEY)
    return accuse_listed([residue], listed, key=KEY)


@pytest.mark.parametrize("name", LEAKS)
def test_innocents_of_the_key_are_compared_and_only_the_guilty_are_named(name, residues):
    found = accuse(residues[name])
    assert {one.recipient for one in found.named} <= set(GUILTY)
    assert bool(found.named) == (name != "unmarked")
    innocent = [one for one in found.others if one.recipient < KEYED]
    assert len(innocent) == KEYED
    assert min(one.log10_false_alarm for one in innocent) == 0
    alone = np.array([one.log10_fingerprint for one in innocent])
    for rate in RATES[:2]:
        hits = int(np.sum(alone <= math.log10(rate)))
        assert binomtest(hits, KEYED, rate, alternative="greater").pvalue > SLIM


def test_scores_of_random_draws_are_those_of_the_keys_own(residues):
    """The draws that are counted are spread as the detector's own are."""
    evidence = join_evidence([residues["a copy, jpeg 20"]], key=KEY)
    scores = scored(evidence, 99)
    found = accuse(residues["a copy, jpeg 20"])
    spread = np.std(scores.fingerprint + scores.message) / evidence.norm
    own = np.std([one.score for one in found.others if one.recipient < KEYED])
    assert own == pytest.approx(1, abs=0.1)
    assert spread == pytest.approx(1, abs=0.02)
