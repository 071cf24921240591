"""Count the gauntlet's results in integers, and bound the rates they show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.gauntlet.attacks import ATTACKS, named
from benchmarks.gauntlet.records import COPY, Marking, Outcome

__all__ = ["CONFIDENCE", "LEAST_QUALITY", "MEDIAN_QUALITY", "Row", "failures", "interval", "tally", "visible"]

CONFIDENCE = 0.95
"""Of the intervals."""

LEAST_QUALITY = 85.0
"""SSIMULACRA2 that every marked photo must reach: not to be told from its original in place."""

MEDIAN_QUALITY = 88.0
"""SSIMULACRA2 that half of the photos must reach: about that of a JPEG of quality 90 to 95."""


@dataclass(frozen=True)
class Row:
    """One row's counts over all photos."""

    attack: str
    """Name of the attack."""
    subject: str
    """``"copy"`` or the kind of control."""
    n: int
    """Leaks read."""
    recovered: int
    """Leaks of which the right recipient, and nobody else, was named."""
    inconclusive: int
    """Leaks that looked marked without being proven anyone's."""
    wrong: int
    """Innocents named."""
    seconds: tuple[float, ...]
    """Detection times."""
    scores: tuple[float, ...]
    """The detector's own figures, where it gave one."""
    peaks_mib: tuple[int, ...]
    """Largest resident memory of each detection, MiB."""
    bar: float | None
    """Share that must be recovered."""

    @property
    def passes(self) -> bool | None:
        """Whether nobody innocent was named and the bar was reached; None without a bar."""
        if self.wrong or (self.bar is not None and self.recovered < self.bar * self.n):
            return False
        return None if self.bar is None and self.subject == COPY else True


def tally(outcomes: Iterable[Outcome]) -> tuple[Row, ...]:
    """Count outcomes by row, in the order of the table of attacks, controls last.

    Parameters
    ----------
    outcomes : iterable of Outcome

    Returns
    -------
    rows : tuple of Row
    """
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.subject, outcome.attack), []).append(outcome)
    order = [attack.name for attack in ATTACKS]
    keys = sorted(groups, key=lambda key: (key[0] != COPY, key[0], order.index(key[1])))
    return tuple(_count(subject, attack, groups[subject, attack]) for subject, attack in keys)


def interval(successes: int, n: int) -> tuple[float, float]:
    """Bound a rate by counting: the exact 95 % interval of Clopper and Pearson.

    Parameters
    ----------
    successes, n : int
        How many of how many.

    Returns
    -------
    low, high : float
        Between 0 and 1; (0, 1) when ``n`` is 0.

    References
    ----------
    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26 (1934), 404-413. :doi:`10.1093/biomet/26.4.404`
    """
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high


def failures(rows: Iterable[Row]) -> list[str]:
    """Say in a sentence each what did not pass.

    Parameters
    ----------
    rows : iterable of Row

    Returns
    -------
    sentences : list of str
        Empty when all is well.
    """
    sentences = []
    for row in rows:
        if row.wrong:
            sentences.append(f"{row.attack} ({row.subject}) must name no innocent, but named {row.wrong}")
        elif row.passes is False:
            sentences.append(f"{row.attack} must recover {row.bar:.0%}, not {row.recovered} of {row.n}")
    return sentences


def visible(markings: Iterable[Marking]) -> list[str]:
    """Say in a sentence each where marks can be seen.

    Parameters
    ----------
    markings : iterable of Marking
        Those without a measured quality are passed over.

    Returns
    -------
    sentences : list of str
        Empty when all is well.
    """
    scores = {marking: marking.quality.ssimulacra2 for marking in markings if marking.quality is not None}
    sentences = [
        f"{marking.photo} at {marking.columns} x {marking.rows} must score {LEAST_QUALITY:g}, not {score:.1f}"
        for marking, score in scores.items()
        if score < LEAST_QUALITY
    ]
    if scores and median(scores.values()) < MEDIAN_QUALITY:
        sentences.append(f"median score must be {MEDIAN_QUALITY:g}, not {median(scores.values()):.1f}")
    return sentences


def _count(subject: str, attack: str, outcomes: Sequence[Outcome]) -> Row:
    """Add up one row."""
    return Row(
        attack=attack,
        subject=subject,
        n=len(outcomes),
        recovered=sum(outcome.recovered for outcome in outcomes),
        inconclusive=sum(outcome.verdict == "inconclusive" for outcome in outcomes),
        wrong=sum(outcome.wrong for outcome in outcomes),
        seconds=tuple(outcome.seconds for outcome in outcomes if outcome.seconds is not None),
        scores=tuple(outcome.score for outcome in outcomes if outcome.score is not None),
        peaks_mib=tuple(outcome.peak_mib for outcome in outcomes if outcome.peak_mib is not None),
        bar=named(attack).bar if subject == COPY else None,
    )
