from dataclasses import FrozenInstanceError

import pytest

from tracemark.verdict import IDENTIFIED_LOG10, INCONCLUSIVE_LOG10, Candidate, Verdict, judge


@pytest.mark.parametrize(
    ("log10_false_alarm", "verdict"),
    [
        (-300.0, "identified"),
        (-9.0001, "identified"),
        (-9.0, "inconclusive"),
        (-5.0, "inconclusive"),
        (-3.0001, "inconclusive"),
        (-3.0, "none"),
        (0.0, "none"),
        (2.0, "none"),
        (float("nan"), "none"),
    ],
)
def test_the_bound_decides_the_verdict_and_a_tie_goes_to_the_accused(log10_false_alarm, verdict):
    assert judge(log10_false_alarm) == verdict


def test_a_name_needs_a_chance_of_one_in_a_billion():
    assert IDENTIFIED_LOG10 == -9
    assert INCONCLUSIVE_LOG10 == -3


def test_only_a_name_is_true():
    named = Verdict("identified", -9.6, "blind", "the message was read", recipients=(17, 3))
    assert named
    assert named.recipient == 17
    for verdict in ("inconclusive", "none"):
        nobody = Verdict(verdict, -4.0, "blind", "not enough")
        assert not nobody
        assert nobody.recipient is None
        assert nobody.recipients == ()
        assert nobody.geometry is None


def test_recipient_0_is_a_name():
    found = Verdict("identified", -9.6, "blind", "the message was read", recipients=(0,))
    assert found
    assert found.recipient == 0


def test_a_name_whose_fingerprint_is_faint_says_so():
    candidates = (Candidate(17, 9.0, -10.0, -4.7), Candidate(3, 8.5, -9.5, -4.6), Candidate(4, 2.0, 0.0, -0.5))
    found = Verdict("identified", -9.5, "informed", "", recipients=(17, 3), candidates=candidates)
    assert found.faint == (3,)
    assert Verdict("identified", -9.5, "blind", "", recipients=(17,)).faint == ()


def test_a_verdict_cannot_be_changed_afterwards():
    found = Verdict("none", 0.0, "blind", "no mark was found")
    with pytest.raises(FrozenInstanceError):
        found.verdict = "identified"
