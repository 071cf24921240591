import pytest

from tracemark import Candidate, wording
from tracemark.accusing import Accusation

OTHERS = (Candidate(200, 0.5, 0.0, 0.0),)


@pytest.mark.parametrize(
    ("others", "trials", "verdict", "sentence"),
    [
        (OTHERS, 30, "none", "but of 30 recipients compared none fits"),
        (OTHERS, 30, "inconclusive", "and of 30 recipients compared one fits, but not well enough to be proof"),
        (OTHERS, 1, "none", "but the only recipient there was to compare does not fit"),
        (
            OTHERS,
            1,
            "inconclusive",
            "and the only recipient there was to compare fits, but not well enough to be proof",
        ),
        ((), 3, "none", "but of 3 words looked up none fits"),
        ((), 1, "none", "but the only word there was to compare does not fit"),
    ],
)
def test_it_is_said_of_how_many_who_were_compared_one_fits(others, trials, verdict, sentence):
    accusation = Accusation((), others, (), trials)
    assert wording._reason(accusation, verdict) == f"the leak lies on the original, {sentence}"
