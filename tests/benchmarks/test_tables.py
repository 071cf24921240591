import pytest

from benchmarks.gauntlet.counts import failures, interval, tally, visible
from benchmarks.gauntlet.quality import Quality
from benchmarks.gauntlet.records import COPY, UNMARKED, Marking, Outcome
from benchmarks.gauntlet.tables import render
from benchmarks.provenance import provenance


def outcome(attack="jpeg-30", *, subject=COPY, recovered=1, wrong=0, verdict="identified", score=None):
    return Outcome("a.jpg", attack, subject, 0, 5, 100, 200, verdict, recovered, wrong, 0.5, -12.0, score, 480)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # The rule: (1 - p)^n = 0.025 at the end that is not trivial.
        (0, 10, 0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1),
        (0, 0, 0, 1),
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 5.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(successes, n, low, high):
    assert interval(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_rows_come_in_the_order_of_the_attacks_and_controls_last():
    rows = tally([outcome("none", subject=UNMARKED, recovered=0), outcome("social"), outcome("none"), outcome("none")])
    assert [(row.subject, row.attack, row.n) for row in rows] == [
        (COPY, "none", 2),
        (COPY, "social", 1),
        (UNMARKED, "none", 1),
    ]


@pytest.mark.parametrize(("recovered", "passes"), [(98, True), (97, False)])
def test_a_row_passes_at_its_bar_and_not_below(recovered, passes):
    outcomes = [outcome(recovered=int(index < recovered)) for index in range(100)]
    (row,) = tally(outcomes)
    assert row.passes is passes
    assert bool(failures([row])) is not passes


def test_a_wrong_name_fails_any_row_and_is_said_first():
    rows = tally([outcome("hue+10", wrong=1, recovered=0), outcome("none", subject=UNMARKED, wrong=1, recovered=0)])
    assert all(row.passes is False for row in rows)
    assert all("must name no innocent" in sentence for sentence in failures(rows))


def test_a_row_without_a_bar_neither_passes_nor_fails():
    (row,) = tally([outcome("hue+10", recovered=0, verdict="none")])
    assert row.passes is None
    assert failures([row]) == []


def marked_at(score):
    return Marking("a.jpg", 0, 1000, int(score * 10), quality=Quality(score, 44.5, 0.99, 1.03, 0.5))


@pytest.mark.parametrize(
    ("scores", "sentences"), [((85, 88, 95), 0), ((84.9, 88, 95), 1), ((85, 87.9, 95), 1), ((), 0)]
)
def test_marks_that_can_be_seen_are_said(scores, sentences):
    assert len(visible(map(marked_at, scores))) == sentences


@pytest.fixture
def text():
    outcomes = [outcome(score=31.0), outcome(recovered=0, verdict="inconclusive", score=4.0)]
    outcomes.append(outcome("none", subject=UNMARKED, recovered=0, verdict="none"))
    markings = [
        Marking("a.jpg", 0, 1000, 1500, None, 1.0, 0.25, 512, Quality(88.25, 44.5, 0.99, 1.03, 0.5)),
        Marking("b.jpg", 0, 10, 15, refused="photo must be at least 64 px wide, not 15"),
    ]
    return render({**provenance(), "seed": 1, "photos": 2}, tally(outcomes), markings)


def test_the_tables_show_counts_rates_and_bars(text):
    assert (
        "| jpeg-30 | quality | 1 of 2 | 50.0% | 1.3% – 98.7% | 98% | **no** | 1 | 0 | 0.50 / 0.50 | 480 | 4.0 / 17.5 |"
        in text
    )
    assert "| unmarked | none | 1 | 0 | 0 | 0.50 / 0.50 |" in text
    assert "| a.jpg | 1500 x 1000 | 88.2 | 44.5 | 0.9900 | +3.0% | 0.50 | 1.00 | 0.25 | 512 |" in text
    assert "* b.jpg was not marked: photo must be at least 64 px wide, not 15" in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(text):
    for table in text.split("\n\n"):
        lines = [line for line in table.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1
