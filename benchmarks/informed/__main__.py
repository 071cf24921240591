"""Read leaks with their original: ``python -m benchmarks.informed`` counts who is named, and who should be."""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, find_photos, load, spread
from benchmarks.gauntlet.counts import interval
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.gauntlet.runner import rng_for
from benchmarks.informed.mixing import COALITIONS, MIXES, SAVINGS
from benchmarks.page import insert, table
from benchmarks.provenance import ROOT, provenance
from benchmarks.registration.views import VIEWS, show

SEED = 20_240
RESULTS = ROOT / "benchmarks" / "results" / "informed.jsonl"
PAGE = ROOT / "docs" / "informed.md"
LONG_SIDE_PX = 1600  # of the photos
LISTED = 1000  # recipients in the closed list
NEIGHBOURS = 3  # other photos in a collage
KEY_BYTES, RECIPIENTS = 32, 2**32
MILLI, PERCENT = 1000, 100


@dataclass(frozen=True)
class Answer:
    """What was said of one leak."""

    leak: str
    """Name of the view, or of the mix."""
    saving: str
    """What became of a mix; empty for a view."""
    copies: int
    """In the leak; 0 for a photo that was never marked."""
    photo: str
    """Name of its file."""
    right: int
    """Of those whose copies are in it, how many are named."""
    wrong: int
    """Innocents named."""
    informed: int
    """1 when the leak was laid on its original."""
    centi_score: int
    """Best score of those listed, hundredths of a standard deviation."""
    cpu_ms: int
    """Of the reading."""


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
    parser.add_argument("--mixes", action="store_true", help="mixed copies only")
    parser.add_argument("--views", action="store_true", help="single leakers only")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--dry-run", action="store_true", help="print the tables, write nothing")
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    paths = find_photos(options.photos)
    chosen = spread(len(paths), options.most or None)
    facts = {
        "kind": "run",
        **provenance(),
        "seed": options.seed,
        "photos": len(chosen),
        "long_side_px": options.long_side,
    }
    answers = []
    for at in chosen:
        for answer in _answers(paths, at, options):
            print(json.dumps(asdict(answer)), file=sys.stderr, flush=True)
            answers.append(answer)
    text = _rendered(facts, answers)
    print(text)
    if not options.dry_run:
        lines = [facts, *map(asdict, answers)]
        RESULTS.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        insert(PAGE, text, name="informed")
    return int(any(answer.wrong for answer in answers))


def _answers(paths: Sequence[Path], at: int, options: argparse.Namespace) -> Iterator[Answer]:
    """Mark one photo, leak it in every way, and read each leak."""
    limits, name = Limits(long_side_px=options.long_side), paths[at].name
    photo = load(paths[at], limits)
    rng = rng_for(options.seed, name, "informed")
    key = tm.Key(rng.bytes(KEY_BYTES))
    listed = [int(recipient) for recipient in rng.choice(RECIPIENTS, LISTED, replace=False)]
    plan = tm.prepare(photo, key=key)

    def read(leak: Pixels, label: str, saving: str, guilty: Sequence[int]) -> Answer:
        start = time.process_time()
        found = tm.detect(leak, key=key, original=photo, recipients=listed)
        cpu_ms = round(MILLI * (time.process_time() - start))
        named = set(found.recipients)
        score = round(PERCENT * (found.score or 0))
        informed = int(found.method == "informed")
        right, wrong = len(named & set(guilty)), len(named - set(guilty))
        return Answer(label, saving, len(guilty), name, right, wrong, informed, score, cpu_ms)

    if not options.mixes:
        others = [load(paths[(at + step) % len(paths)], limits) for step in range(1, NEIGHBOURS + 1)]
        copy = plan.copy_for(listed[0])
        for view in VIEWS:
            yield read(show(view, copy, others, rng).pixels, view.name, "", listed[:1])
        yield read(photo, "never marked", "", ())
    if not options.views:
        copies = np.stack([plan.copy_for(recipient) for recipient in listed[: max(COALITIONS)]])
        for mix in MIXES:
            for size in COALITIONS:
                mixed = mix.function(copies[:size], rng)
                for saving in SAVINGS:
                    yield read(saving.function(mixed, rng), mix.name, saving.name, listed[:size])


def _rendered(facts: dict[str, object], answers: Sequence[Answer]) -> str:
    """Write the tables."""
    head = (
        f"Commit {facts['commit']}, seed {facts['seed']}, {facts['photos']} photos of {facts['long_side_px']} px,"
        f" {LISTED} recipients listed, on {facts['machine']}. Innocents named:"
        f" {sum(answer.wrong for answer in answers)} in {len(answers)} readings."
    )
    views: dict[str, list[Answer]] = defaultdict(list)
    mixes: dict[tuple[str, str, int], list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.saving:
            mixes[answer.leak, answer.saving, answer.copies].append(answer)
        else:
            views[answer.leak].append(answer)
    parts = [head]
    if views:
        parts.append(table(VIEW_HEAD, [_view_row(name, rows) for name, rows in views.items()]))
    if mixes:
        parts.append(table(MIX_HEAD, [_mix_row(what, rows) for what, rows in mixes.items()]))
    return "\n\n".join(parts)


VIEW_HEAD = ("leak", "named", "95% interval", "wrong", "laid on the original", "score, least / median", "CPU s, median")
MIX_HEAD = ("mix", "then", "copies", "at least one named", "all named", "contributors named", "wrong")


def _view_row(name: str, rows: Sequence[Answer]) -> list[str]:
    """Count one view."""
    right = sum(answer.right for answer in rows)
    low, high = interval(right, len(rows))
    scores = [answer.centi_score / PERCENT for answer in rows]
    return [
        name,
        f"{right} of {len(rows)}",
        f"{low:.1%} – {high:.1%}",
        str(sum(answer.wrong for answer in rows)),
        str(sum(answer.informed for answer in rows)),
        f"{min(scores):.1f} / {np.median(scores):.1f}",
        f"{np.median([answer.cpu_ms for answer in rows]) / MILLI:.1f}",
    ]


def _mix_row(what: tuple[str, str, int], rows: Sequence[Answer]) -> list[str]:
    """Count one mix."""
    some, whole = (sum(answer.right >= least for answer in rows) for least in (1, what[2]))
    named = sum(answer.right for answer in rows)
    return [
        what[0],
        what[1],
        str(what[2]),
        f"{some} of {len(rows)}",
        f"{whole} of {len(rows)}",
        f"{named} of {what[2] * len(rows)}",
        str(sum(answer.wrong for answer in rows)),
    ]


if __name__ == "__main__":
    sys.exit(main())
