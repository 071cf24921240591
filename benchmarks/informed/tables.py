"""The answers of a run as tables, and as a chart of coalitions."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from benchmarks.gauntlet.counts import interval
from benchmarks.informed.mixing import MIXES, SAVED
from benchmarks.informed.records import Answer
from benchmarks.page import table
from benchmarks.plot import Axis, Line, chart

__all__ = ["collusion_chart", "render"]

SINGLE_PARTS = ("views", "pairs", "gauntlet", "opponents")
SINGLE_HEAD = (
    "leak",
    "named",
    "95% interval",
    "inconclusive",
    "wrong",
    "laid on the original",
    "score: least",
    "median",
    "CPU s, median",
)
PERCENT, MILLI = 100, 1000
TENTHS = tuple(tenth / 10 for tenth in range(0, 11, 2))
TITLES = {
    "views": "A single leaker:",
    "pairs": "Two of these in a row:",
    "gauntlet": "The rows of the gauntlet, with the original:",
    "opponents": "Opponents without the key, who hold one recipient's copies of five photos. Whoever's mark was pasted"
    " had no copy of the photo that it is on, so nobody may be named:",
    "mixes": "Mixed copies. A cell says in how many leaks at least one of those who mixed was named:",
    "together": "The same, four photos read together:",
}


def render(runs: Sequence[Mapping[str, object]], answers: Sequence[Answer], *, listed: int) -> str:
    """Write answers as Markdown.

    Parameters
    ----------
    runs : sequence of mapping
        What each run said of itself.
    answers : sequence of Answer
        All of them.
    listed : int
        Recipients in the closed list.

    Returns
    -------
    text : str
        Ends with a newline.
    """
    commits, machines, sides = (
        ", ".join(dict.fromkeys(str(run[name]) for run in runs)) for name in ("commit", "machine", "long_side_px")
    )
    wrong = sum(answer.wrong for answer in answers)
    lead = (
        f"Commit {commits}, on {machines}, photos of {sides} px, {listed:,} recipients listed."
        f" Innocents named: {wrong} in {len(answers):,} readings."
    )
    parts = [lead]
    for part, title in TITLES.items():
        chosen = [answer for answer in answers if answer.part == part]
        if chosen:
            body = _single(chosen) if part in SINGLE_PARTS else _mixed(chosen)
            parts += [title, body]
    return "\n\n".join(parts) + "\n"


def _grouped(answers: Sequence[Answer], *names: str) -> dict[tuple[Hashable, ...], list[Answer]]:
    """Group answers by some of their fields, in the order they came."""
    groups: dict[tuple[Hashable, ...], list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[tuple(getattr(answer, name) for name in names)].append(answer)
    return groups


def _single(answers: Sequence[Answer]) -> str:
    """Count leaks of one copy or none, one row a leak."""
    rows = [_single_row(str(name), group) for (name,), group in _grouped(answers, "leak").items()]
    marked = [answer for answer in answers if answer.copies]
    return table(SINGLE_HEAD, [*rows, _single_row("**all that were marked**", marked)])


def _single_row(name: str, answers: Sequence[Answer]) -> list[str]:
    """Count one row."""
    right = sum(answer.right for answer in answers)
    low, high = interval(right, len(answers))
    scores = [answer.centi_score / PERCENT for answer in answers]
    return [
        name,
        f"{right} of {len(answers)}",
        f"{low:.1%} – {high:.1%}",
        str(sum(answer.verdict == "inconclusive" for answer in answers)),
        str(sum(answer.wrong for answer in answers)),
        str(sum(answer.informed for answer in answers)),
        f"{min(scores):.1f}",
        f"{np.median(scores):.1f}",
        f"{np.median([answer.cpu_ms for answer in answers]) / MILLI:.1f}",
    ]


def _mixed(answers: Sequence[Answer]) -> str:
    """Count mixes, one row for each saving and number of copies."""
    names = [mix.name for mix in MIXES]
    head = ["then", "copies", *names, "at least one named", "95% interval", "all named", "contributors named", "wrong"]
    rows = []
    for (saving, copies), group in sorted(_grouped(answers, "saving", "copies").items(), key=_by_size):
        by_mix = _grouped(group, "leak")
        cells = [f"{_some(by_mix[name,])} of {len(by_mix[name,])}" if (name,) in by_mix else "" for name in names]
        whole = sum(answer.right == answer.copies for answer in group)
        named, all_of_them = sum(answer.right for answer in group), sum(answer.copies for answer in group)
        low, high = interval(_some(group), len(group))
        rows.append(
            [
                str(saving),
                str(copies),
                *cells,
                f"{_some(group)} of {len(group)}",
                f"{low:.1%} – {high:.1%}",
                f"{whole} of {len(group)}",
                f"{named} of {all_of_them}",
                str(sum(answer.wrong for answer in group)),
            ]
        )
    return table(head, rows)


def _by_size(item: tuple[tuple[Hashable, ...], list[Answer]]) -> tuple[str, int]:
    """Sort by what followed, then by how many copies were mixed."""
    first = item[1][0]
    return first.saving, first.copies


def _some(answers: Sequence[Answer]) -> int:
    """Count leaks in which at least one contributor was named."""
    return sum(answer.right > 0 for answer in answers)


def collusion_chart(answers: Sequence[Answer]) -> str:
    """Draw how many are named against how many mixed their copies.

    Parameters
    ----------
    answers : sequence of Answer
        Of mixes that were saved at full size, and any others, which do not count.

    Returns
    -------
    svg : str
        A whole file.
    """
    mixed = [answer for answer in answers if answer.part == "mixes" and answer.saving == SAVED.name]
    groups = sorted(((int(str(size)), group) for (size,), group in _grouped(mixed, "copies").items()))
    some = [(size, _some(group) / len(group)) for size, group in groups]
    shares = [(size, sum(answer.right for answer in group) / (size * len(group))) for size, group in groups]
    ticks = (1, 2, 3, 5, 8, 10, 12, 15, 20)
    across = Axis("copies mixed", ticks, [str(tick) for tick in ticks])
    up = Axis("share", TENTHS, [f"{tenth:.0%}" for tenth in TENTHS])
    lines = [Line("leaks in which at least one contributor is named", some), Line("contributors named", shares)]
    return chart(f"Mixed copies of one photo, all mixes, {SAVED.name} at full size", across, up, lines)
