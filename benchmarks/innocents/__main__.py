"""Count innocents: ``python -m benchmarks.innocents`` scores millions against real leaks, and draws the tail."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import tracemark as tm
from benchmarks.gauntlet.attacks import Step
from benchmarks.gauntlet.corpus import Limits, find_photos, load
from benchmarks.gauntlet.damage.codec import jpeg
from benchmarks.gauntlet.damage.reshape import fit_within
from benchmarks.informed.mixing import MIXES, Mix
from benchmarks.innocents.drawing import CHUNK, LOW_RATES, NAMING_RATE, STEPS, WAYS, chances, counts, innocents
from benchmarks.json_lines import write_lines
from benchmarks.page import insert, table
from benchmarks.plot import Axis, Line, chart
from benchmarks.provenance import ROOT, provenance
from tracemark.codes.accusation import bound_of
from tracemark.codes.cancellation import without
from tracemark.contents import Contents
from tracemark.finding import lay_on_best
from tracemark.geometry.registration import Unregistered
from tracemark.informed import Residue, read_residue
from tracemark.joining import join_evidence
from tracemark.listed import draw as listed
from tracemark.original import original_of
from tracemark.signal.collusion import MIXES as MIXTURES
from tracemark.signal.collusion import Mixture
from tracemark.signal.luma import luma_of

RESULTS = ROOT / "benchmarks" / "results" / "innocents.jsonl"
PAGE = ROOT / "docs" / "guarantees.md"
CHART = ROOT / "docs" / "innocents.svg"
SEED = 20_240
LONG_SIDE_PX = 1280
COPIES = 10  # made of each photo, and mixed in the leaks that are mixes
COMPANY = 9  # recipients, one of whom is left out
EACH = 80_000  # innocents against each reading of a leak
SHOWN = (2.0, 3.0, 4.0, 5.0)  # steps in the table
AVERAGE, MODIFIED_NEGATIVE = (mix for mix in MIXES if mix.name in {"average", "modified negative"})

# fmt: off
LEAKS: tuple[tuple[str, int, Mix, tuple[Step, ...]], ...] = (
    # name                      copies mixed                what follows
    ("a copy",                  1,     AVERAGE,             ()),
    ("a copy, JPEG 20",         1,     AVERAGE,             ((jpeg, 20),)),
    ("a copy, 480 px, JPEG 70", 1,     AVERAGE,             ((fit_within, 480), (jpeg, 70))),
    ("two averaged, JPEG 75",   2,     AVERAGE,             ((jpeg, 75),)),
    ("five averaged, 640 px, JPEG 50", 5, AVERAGE,          ((fit_within, 640), (jpeg, 50))),
    ("ten, modified negative, JPEG 75", 10, MODIFIED_NEGATIVE, ((jpeg, 75),)),
    ("never marked, JPEG 75",   0,     AVERAGE,             ((jpeg, 75),)),
)
# fmt: on


@dataclass(frozen=True)
class Tail:
    """How many innocents score as high as a bound says that a share of them may."""

    photo: str
    """Name of its file."""
    leak: str
    """Name of the leak; "contrary" is added where it is read as a mix in which majorities lose, "given others" where it
    is read given the codes of recipients of whose copies some are in it."""
    way: str
    """Of judging."""
    innocents: int
    """Drawn."""
    counted: tuple[int, ...]
    """Innocents whose stated chance is at most 1, 10**-0.5, 10**-1 ..."""
    deci_log10_least: int
    """Tenths of the decimal logarithm of the least chance that was stated of any, by the bound that gives names."""


def main(words: Sequence[str] | None = None) -> int:
    """Run from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: whether the bound holds is for the tests to say.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.innocents", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photos; default the gauntlet's")
    parser.add_argument("--most", type=int, default=2, help="photos to take, the first ones")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE_PX, help="pixels to which photos are shrunk")
    parser.add_argument("--each", type=int, default=EACH, help=f"innocents a reading, a multiple of {CHUNK}")
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    paths = find_photos(options.photos)[: options.most]
    facts = {"kind": "run", **provenance(), "seed": SEED, "photos": len(paths), "long_side_px": options.long_side}
    tails = []
    for path in paths:
        for tail in _tails(path, Limits(long_side_px=options.long_side), options.each):
            print(json.dumps(asdict(tail)), file=sys.stderr, flush=True)
            tails.append(tail)
    text = render(facts, tails)
    print(text)
    if not options.dry_run:
        write_lines(RESULTS, [facts, *({"kind": "tail", **asdict(tail)} for tail in tails)])
        insert(PAGE, text, name="innocents")
        CHART.write_text(draw(tails), encoding="utf-8")
    return 0


def _tails(path: Path, limits: Limits, each: int) -> Iterator[Tail]:
    """Leak one photo in every way, and score innocents against each reading."""
    rng = np.random.default_rng([SEED, *path.name.encode()])
    key = tm.Key(rng.bytes(32))
    photo = load(path, limits)
    plan = tm.prepare(photo, key=key)
    copies = np.stack([plan.copy_for(recipient) for recipient in range(COPIES)])
    original = original_of(photo, key=key)
    for name, count, mix, steps in LEAKS:
        leak = mix.function(copies[:count], rng) if count else photo
        for damage, strength in steps:
            leak = damage(leak, strength, rng)
        luma = luma_of(leak)
        (laid,) = lay_on_best(luma, [original])
        if isinstance(laid.registration, Unregistered):
            raise RuntimeError(f"leak {name} of {path.name} must lie on its photo, but {laid.registration.reason}")
        residue = read_residue(luma, original, laid.registration, key=key)
        yield from _counted(path.name, name, residue, key, each, rng)
        if residue.others:
            yield from _counted(path.name, f"{name}, contrary", residue.others[0](), key, each, rng)
            yield from _counted(path.name, f"{name}, given others", _given_others(residue, key), key, each, rng)


def _given_others(residue: Residue, key: tm.Key) -> Residue:
    """Read the same leak given the codes of all but one of a company, as a modified negative."""
    if residue.cells is None:
        raise ValueError("only the first reading of a leak has cells")
    company = Contents(key, residue.original.digest, residue.original.layout, residue.original.chip_set)
    signs = np.stack([np.moveaxis(company.signs_for(one), 0, -1)[residue.seen] for one in range(COMPANY)])
    fingerprint, message = residue.cells.given(
        Mixture(residue.cells.drawn, signs).among(COMPANY - 1, len(MIXTURES) - 1)
    )
    given = replace(residue, fingerprint=fingerprint, message=message)
    others = listed(range(COMPANY - 1), [residue], key=key)
    evidence = without(join_evidence([given], key=key), others.signs_in([residue]), others.words)
    return replace(given, fingerprint=evidence.fingerprint, message=evidence.message.reshape(message.shape))


def _counted(
    photo: str, leak: str, residue: Residue, key: tm.Key, each: int, rng: np.random.Generator
) -> Iterator[Tail]:
    """Score innocents against one reading."""
    if not residue:
        return
    evidence = join_evidence([residue], key=key)
    low, naming = (bound_of(evidence, joint_rates=rates) for rates in (LOW_RATES, (NAMING_RATE,)))
    counted = {way: np.zeros(len(STEPS), dtype=np.int64) for way in WAYS}
    least = dict.fromkeys(WAYS, 0.0)
    for scores in innocents(evidence, each, rng):
        for way, log_chance in chances(low, scores).items():
            counted[way] += counts(log_chance)
        for way, log_chance in chances(naming, scores).items():
            least[way] = min(least[way], float(log_chance.min()))
    for way in WAYS:
        deci = round(10 * least[way] / np.log(10))
        yield Tail(photo, leak, way, each // CHUNK * CHUNK, tuple(counted[way].tolist()), deci)


def render(facts: dict[str, object], tails: Sequence[Tail]) -> str:
    """Write the tails as Markdown.

    Parameters
    ----------
    facts : dict
        What :func:`benchmarks.provenance.provenance` says.
    tails : sequence of Tail

    Returns
    -------
    text : str
        Ends with a newline.
    """
    readings = len({(tail.photo, tail.leak) for tail in tails})
    drawn = sum(tail.innocents for tail in tails) // len(WAYS)
    least = min((tail.deci_log10_least for tail in tails), default=0) / 10
    lead = (
        f"Commit {facts['commit']}: {drawn:,} innocents against {readings} readings of real leaks. The least chance"
        f" that the bound which names stated of any of them, not yet multiplied by what was tried, is 10^{least:.1f}."
    )
    at = [STEPS.index(step) for step in SHOWN]
    allowed = ["allowed", *(f"{drawn / 10**step:,.0f}" for step in SHOWN)]
    body = [allowed, *([way, *(f"{_summed(tails, way)[place]:,}" for place in at)] for way in WAYS)]
    return f"{lead}\n\n{table(['', *(f'1e-{step:.0f}' for step in SHOWN)], body)}\n"


def draw(tails: Sequence[Tail]) -> str:
    """Draw how many innocents score against what the bound allows."""
    drawn = sum(tail.innocents for tail in tails) // len(WAYS)
    stated = [10**-step for step in STEPS]
    ticks = [10.0**-power for power in range(7, -1, -1)]
    labels = [f"1e-{power}" if power else "1" for power in range(7, -1, -1)]
    lines = [Line("what the bound allows", [(stated[0], stated[0]), (stated[-1], stated[-1])], dashed=True)]
    for way in WAYS:
        shares = zip(stated, _summed(tails, way), strict=True)
        lines.append(Line(way, [(chance, int(count) / drawn) for chance, count in shares if count]))
    across = Axis("chance that the bound states", ticks[1:], labels[1:], logarithmic=True)
    up = Axis("share of innocents of whom no more is stated", ticks, labels, logarithmic=True)
    return chart(f"{drawn:,} innocents against real leaks", across, up, lines, rising=True)


def _summed(tails: Sequence[Tail], way: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Add the counts of all readings."""
    return np.asarray(np.sum([tail.counted for tail in tails if tail.way == way], axis=0), dtype=np.int64)


if __name__ == "__main__":
    sys.exit(main())
