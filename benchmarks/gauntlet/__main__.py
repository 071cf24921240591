"""Run the gauntlet: ``python -m benchmarks.gauntlet --short`` or ``--full --photos DIR``."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from benchmarks.gauntlet.attacks import ATTACKS, ESSENTIAL, named
from benchmarks.gauntlet.corpus import FOLDER_VARIABLE, Limits, find_photos
from benchmarks.gauntlet.counts import failures, tally, visible
from benchmarks.gauntlet.records import Errand, Marking, Outcome, read_results
from benchmarks.gauntlet.runner import CONTROLS, run
from benchmarks.gauntlet.tables import render
from benchmarks.page import insert
from benchmarks.provenance import ROOT, provenance

SEED = 20_240
"""Default seed; any other will do."""

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "gauntlet.md"
SHORT_MAX_PIXELS = 2_500_000  # keeps the short run under three minutes on two cores
SHORT_CONTROLS = 3  # one of each kind


def main(words: Sequence[str] | None = None) -> int:
    """Run the gauntlet from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0 when no innocent was named, every bar was reached and no mark was seen, else 1.
    """
    options = _parser().parse_args(words)
    out = RESULTS / f"{options.section}.jsonl" if options.full and options.out is None else options.out
    found: Iterable[Marking | Outcome]
    if options.read:
        facts, found = read_results(options.read)
        facts["photos"] = len({result.photo for result in found})
    else:
        paths = find_photos(options.photos)
        facts = {"kind": "run", **provenance(), "seed": options.seed, "photos": len(paths)}
        found = run(_errands(options, paths), jobs=options.jobs)
    results = list(_written(found, facts, out))
    rows = tally(result for result in results if isinstance(result, Outcome))
    markings = [result for result in results if isinstance(result, Marking)]
    text = render(facts, rows, markings)
    print(text)
    if options.full:
        insert(PAGE, text, name=options.section)
    sentences = [*failures(rows), *visible(markings)]
    print(*sentences, sep="\n", file=sys.stderr)
    return 1 if sentences else 0


def _parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gauntlet", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--short", action="store_true", help="essential rows on a few photos; for CI")
    length.add_argument("--full", action="store_true", help=f"every row; writes {PAGE.name} and its results")
    parser.add_argument("--photos", type=Path, help=f"folder of photos; default {FOLDER_VARIABLE}, else shipped ones")
    parser.add_argument("--attacks", help="names of rows, separated by commas; default all")
    parser.add_argument("--repeats", type=int, default=1, help="keys and recipients for each photo")
    parser.add_argument("--controls", type=int, help=f"of {len(CONTROLS)} controls for each photo and repeat")
    parser.add_argument("--no-quality", action="store_true", help="skip SSIMULACRA2 and its kin")
    parser.add_argument("--max-pixels", type=int, help="shrink larger photos to so many pixels")
    parser.add_argument("--long-side", type=int, help="shrink larger photos to so many pixels along the long side")
    parser.add_argument(
        "--read", type=Path, nargs="+", help="results of earlier runs, also stopped ones, to show as one"
    )
    parser.add_argument("--section", default="gauntlet", help="of the page, and name of its file of results")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, help="JSON Lines file for the results")
    return parser


def _errands(options: argparse.Namespace, paths: Sequence[Path]) -> list[Errand]:
    """Turn options into tasks, largest photos first so that no process is left with a long one at the end."""
    names = ESSENTIAL if options.short else tuple(attack.name for attack in ATTACKS)
    if options.attacks:
        names = tuple(named(name).name for name in options.attacks.split(","))
    controls = SHORT_CONTROLS if options.short else len(CONTROLS)
    limits = Limits(options.max_pixels or (SHORT_MAX_PIXELS if options.short else None), options.long_side)
    largest_first = sorted(paths, key=lambda path: -path.stat().st_size)
    return [
        Errand(
            path=path,
            other=other,
            repeat=repeat,
            attacks=names,
            controls=controls if options.controls is None else options.controls,
            quality=repeat == 0 and not options.no_quality,
            seed=options.seed,
            limits=limits,
        )
        for path, other in zip(largest_first, [*largest_first[1:], largest_first[0]], strict=True)
        for repeat in range(options.repeats)
    ]


def _written(
    results: Iterable[Marking | Outcome], facts: dict[str, object], out: Path | None
) -> Iterator[Marking | Outcome]:
    """Pass results on, each noted on stderr and in a file that gets its name when it is complete."""
    partial = None if out is None else out.with_suffix(".partial")
    with nullcontext() if partial is None else _created(partial) as file:
        _write_line(file, facts)
        for result in results:
            _write_line(file, {"kind": type(result).__name__.lower(), **asdict(result)})
            print(_progress(result), file=sys.stderr, flush=True)
            yield result
    if partial is not None and out is not None:
        partial.replace(out)


def _created(path: Path) -> TextIO:
    """Open a new text file, folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8")


def _write_line(file: TextIO | None, line: dict[str, object]) -> None:
    """Add a JSON line, at once readable by whoever follows the run."""
    if file is not None:
        print(json.dumps(line), file=file, flush=True)


def _progress(result: Marking | Outcome) -> str:
    """Say in a line what happened."""
    if isinstance(result, Marking):
        size = f"{result.columns} x {result.rows}"
        seen = "" if result.quality is None else f", SSIMULACRA2 {result.quality.ssimulacra2:.1f}"
        return f"{result.photo}, {size}: " + (result.refused or f"marked in {result.prepare_s:.2f} s{seen}")
    named_whom = "right" if result.recovered else f"{result.wrong} wrong" if result.wrong else "nobody"
    return f"  {result.photo} {result.attack} ({result.subject}): {result.verdict}, {named_whom} named"


if __name__ == "__main__":
    sys.exit(main())
