"""Show the gauntlet's results as Markdown."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from benchmarks.gauntlet.attacks import named
from benchmarks.gauntlet.counts import CONFIDENCE, Row, interval
from benchmarks.gauntlet.records import COPY, Marking
from benchmarks.page import table

__all__ = ["render"]

SECONDS_DIGITS = 2
SCORE_DIGITS = 1

Summary = Callable[[Sequence[float]], float]


def render(facts: Mapping[str, object], rows: Sequence[Row], markings: Sequence[Marking]) -> str:
    """Write the results as Markdown.

    Parameters
    ----------
    facts : mapping
        What :func:`benchmarks.provenance.provenance` says, and ``seed`` and ``photos``.
    rows : sequence of Row
        What :func:`benchmarks.gauntlet.counts.tally` counted.
    markings : sequence of Marking
        For the tables of quality and time.

    Returns
    -------
    text : str
        Ends with a newline.
    """
    controls = [row for row in rows if row.subject != COPY]
    parts = [
        (
            f"Commit {facts['commit']}, seed {facts['seed']}, {facts['photos']} photos, on {facts['machine']}"
            f" ({facts['cores']} cores, {facts['memory_gib']} GiB), Python {facts['python']}."
        ),
        _attack_table([row for row in rows if row.subject == COPY]),
    ]
    if controls:
        parts.append(_control_table(controls))
    if markings:
        parts.append(_marking_table(markings))
    return "\n\n".join(parts) + "\n"


def _attack_table(rows: Sequence[Row]) -> str:
    """Show what was recovered."""
    scored = any(row.scores for row in rows)
    head = ["attack", "unit", "recovered", "rate", f"{CONFIDENCE:.0%} interval", "bar", "passes", "inconclusive"]
    head += ["wrong names", "seconds (median / max)", "memory, MiB (max)"]
    head += ["score (min / median)"] if scored else []
    body = []
    for row in rows:
        low, high = interval(row.recovered, row.n)
        cells = [row.attack, named(row.attack).unit, f"{row.recovered} of {row.n}", f"{row.recovered / row.n:.1%}"]
        cells += [f"{low:.1%} – {high:.1%}", "" if row.bar is None else f"{row.bar:.0%}", _mark(row.passes)]
        cells += [str(row.inconclusive), str(row.wrong), _pair(row.seconds, median, max, SECONDS_DIGITS)]
        cells.append(str(max(row.peaks_mib, default="")))
        body.append(cells + ([_pair(row.scores, min, median, SCORE_DIGITS)] if scored else []))
    return table(head, body)


def _control_table(rows: Sequence[Row]) -> str:
    """Show who was named where nobody should have been."""
    head = ["must name nobody", "attack", "n", "named", "inconclusive", "seconds (median / max)"]
    body = [
        [
            row.subject,
            row.attack,
            str(row.n),
            str(row.wrong),
            str(row.inconclusive),
            _pair(row.seconds, median, max, SECONDS_DIGITS),
        ]
        for row in rows
    ]
    n, named_ = sum(row.n for row in rows), sum(row.wrong for row in rows)
    body.append(["all", "", str(n), str(named_), str(sum(row.inconclusive for row in rows)), ""])
    return table(head, body)


def _marking_table(markings: Sequence[Marking]) -> str:
    """Show how visible each mark is and how long marking took."""
    measured = [(marking, marking.quality) for marking in markings if marking.quality is not None]
    head = ["photo", "pixels", "SSIMULACRA2", "PSNR, dB", "SSIM", "file size", "colour drift, levels"]
    head += ["prepare, s", "copy, s", "memory, MiB"]
    body = [
        [
            marking.photo,
            f"{marking.columns} x {marking.rows}",
            f"{quality.ssimulacra2:.1f}",
            f"{quality.psnr_db:.1f}",
            f"{quality.ssim:.4f}",
            f"{quality.size_ratio - 1:+.1%}",
            f"{quality.colour_drift_levels:.2f}",
            f"{marking.prepare_s:.2f}",
            f"{marking.copy_s:.2f}",
            "" if marking.peak_mib is None else str(marking.peak_mib),
        ]
        for marking, quality in sorted(measured, key=lambda pair: (pair[0].photo, pair[0].repeat, -pair[0].rows))
    ]
    if measured:
        scores = [quality.ssimulacra2 for _, quality in measured]
        noise = [quality.psnr_db for _, quality in measured]
        for name, value in (("minimum", min), ("median", median)):
            body.append(
                [
                    f"**{name}**",
                    "",
                    f"**{value(scores):.1f}**",
                    f"**{value(noise):.1f}**",
                    *[""] * (len(head) - len(("photo", "pixels", "score", "noise"))),
                ]
            )
    refused = [f"* {marking.photo} was not marked: {marking.refused}" for marking in markings if marking.refused]
    return "\n\n".join([*([table(head, body)] if body else []), *(["\n".join(refused)] if refused else [])])


def _mark(passes: bool | None) -> str:
    """Show a judgement in a cell."""
    return "" if passes is None else "yes" if passes else "**no**"


def _pair(values: Sequence[float], first: Summary, second: Summary, digits: int) -> str:
    """Show two summaries of some values; nothing for no values."""
    return f"{first(values):.{digits}f} / {second(values):.{digits}f}" if values else ""
