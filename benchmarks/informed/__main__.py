"""Read leaks with their original: ``python -m benchmarks.informed`` counts who is named, and who should be."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from benchmarks.gauntlet.corpus import Limits, find_photos, spread
from benchmarks.informed.kit import LISTED, Kit
from benchmarks.informed.parts import PARTS
from benchmarks.informed.records import Asked, line_of, read
from benchmarks.informed.tables import collusion_chart, render
from benchmarks.json_lines import append_line
from benchmarks.page import insert
from benchmarks.provenance import ROOT, provenance

SEED = 20_240
RESULTS = ROOT / "benchmarks" / "results" / "informed.jsonl"
PAGE = ROOT / "docs" / "informed.md"
CHART = ROOT / "docs" / "collusion.svg"
LONG_SIDE_PX = 1600  # of the photos


def main(words: Sequence[str] | None = None) -> int:
    """Run from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0 when no innocent was named, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.informed", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photos; default the gauntlet's")
    parser.add_argument("--most", type=int, help="photos to take, evenly from the folder; default all")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE_PX, help="pixels to which photos are shrunk")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS), help="tables to run; default all")
    parser.add_argument("--leaks", nargs="*", help="names of views, attacks or mixes; default all")
    parser.add_argument("--copies", nargs="*", type=int, help="how many are in a leak; default all")
    parser.add_argument(
        "--every", type=int, default=1, help="read each so-manyth leak only, another one of each photo; default all"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=RESULTS, help="where answers are written, one by one")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--resume", action="store_true", help="keep the answers that are there, and go on")
    begin.add_argument("--anew", action="store_true", help="throw the answers away that are there, and begin again")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    if options.anew:
        options.out.unlink(missing_ok=True)
    if not options.resume and any(read(options.out)):
        parser.error(f"{options.out} has answers, which take hours: go on with --resume, or begin again with --anew")
    asked = {"seed": options.seed, "long_side_px": options.long_side}
    for run in read(options.out)[0]:
        if not asked.items() <= run.items():
            parser.error(f"--resume must go on with the seed and the long side of the answers in {options.out}")
    _run(options, asked)
    runs, answers = read(options.out)
    text = render(runs, answers, listed=LISTED)
    print(text)
    if options.write:
        insert(PAGE, text, name="informed")
        CHART.write_text(collusion_chart(answers), encoding="utf-8")
    return int(any(answer.wrong for answer in answers))


def _run(options: argparse.Namespace, asked: Mapping[str, object]) -> None:
    """Read every leak that was not read yet, and write down each answer as it comes."""
    done = {answer.asked for answer in read(options.out)[1]}
    paths = find_photos(options.photos)
    chosen = spread(len(paths), options.most or None)
    facts = {**provenance(), "photos": len(chosen), **asked}
    told = False
    for part in options.parts:
        for order, at in enumerate(chosen):
            kit = Kit(tuple(paths), at, Limits(long_side_px=options.long_side), options.seed)
            for number, trial in enumerate(PARTS[part](kit)):
                turn = number % options.every == order % options.every
                if not turn or not _is_wanted(trial.asked, options) or trial.asked in done:
                    continue
                if not told:
                    append_line(options.out, {"kind": "run", **facts})
                    told = True
                answer = line_of(trial.read())
                append_line(options.out, {"kind": "answer", **answer})
                print(json.dumps(answer), file=sys.stderr, flush=True)


def _is_wanted(asked: Asked, options: argparse.Namespace) -> bool:
    """Tell whether a leak is one of those that were chosen."""
    chosen = ((options.leaks, asked.leak), (options.copies, asked.copies))
    return all(not names or own in names for names, own in chosen)


if __name__ == "__main__":
    sys.exit(main())
