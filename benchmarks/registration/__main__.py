"""Register leaks of known geometry: ``python -m benchmarks.registration --photos DIR`` measures the error in pixels."""

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.gauntlet.corpus import Limits, find_photos, load, spread
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.json_lines import write_lines
from benchmarks.page import insert
from benchmarks.provenance import ROOT, provenance
from benchmarks.registration.errors import UNRELATED, Trial, errors, line, render
from benchmarks.registration.views import VIEWS, View, show
from tracemark.geometry.features import Features, extract
from tracemark.geometry.leak import Leak
from tracemark.geometry.registration import register
from tracemark.signal.layout import lay_out, to_working
from tracemark.signal.luma import luma_of

RESULTS = ROOT / "benchmarks" / "results" / "registration.jsonl"
PAGE = ROOT / "docs" / "registration.md"
LONG_SIDE_PX = 1600  # of the photos; the working scale is theirs
NEIGHBOURS = 3  # other photos in a collage
FEATURES = 4000  # of an original, when its luma is at hand
MILLI = 1000


def main(words: Sequence[str] | None = None) -> int:
    """Run all views from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: errors are reported, never judged.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registration", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photos; default the gauntlet's")
    parser.add_argument("--views", nargs="*", help="names of views; default all")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE_PX, help="pixels to which photos are shrunk")
    parser.add_argument("--most", type=int, help="photos to take, evenly from the folder; default all")
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    paths = find_photos(options.photos)
    chosen = spread(len(paths), options.most or None)
    views = [view for view in VIEWS if not options.views or view.name in options.views]
    facts = {"kind": "run", **provenance(), "photos": len(chosen), "long_side_px": options.long_side}
    trials = []
    for at in chosen:
        for trial in _trials(paths, at, views, Limits(long_side_px=options.long_side)):
            print(json.dumps(line(trial)), file=sys.stderr, flush=True)
            trials.append(trial)
    text = render(facts, trials)
    print(text)
    if not options.dry_run:
        write_lines(RESULTS, [facts, *(line(trial) for trial in trials)])
        insert(PAGE, text, name="registration")
    return 0


def _trials(paths: Sequence[Path], at: int, views: Sequence[View], limits: Limits) -> Iterator[Trial]:
    """Show one photo in every way, and in half of them another one in its place."""
    photo = load(paths[at], limits)
    others = [load(paths[(at + step) % len(paths)], limits) for step in range(1, NEIGHBOURS + 1)]
    layout = lay_out(*photo.shape[:2])
    original = to_working(luma_of(photo), layout)
    features = extract(original, most=FEATURES)
    for number, view in enumerate(views):
        rng = np.random.default_rng(zlib.crc32(f"{paths[at].name} {view.name}".encode()))
        leak = show(view, photo, others, rng)
        start = time.process_time()
        found = register(Leak(luma_of(leak.pixels)), original, extent=layout.extent, original_features=lambda: features)
        cpu_ms = round(MILLI * (time.process_time() - start))
        # photo pixels to working pixels, centres at integers
        places = (leak.places + np.float32(1 / 2)) / np.float32(layout.scale) - np.float32(1 / 2)
        measured = errors(found, places, original) if found else {}
        yield Trial(view.name, paths[at].name, int(bool(found)), round(found.agreement.score), cpu_ms, **measured)
        if number % 2 == at % 2:
            yield _unrelated(others[0], view, paths[at].name, original, features)


def _unrelated(other: Pixels, view: View, name: str, original: NDArray[np.float32], features: Features) -> Trial:
    """Register a leak of another photo, which must fail."""
    rng = np.random.default_rng(zlib.crc32(f"not {name} {view.name}".encode()))
    leak = show(view, other, [other] * NEIGHBOURS, rng)
    start = time.process_time()
    found = register(Leak(luma_of(leak.pixels)), original, original_features=lambda: features)
    cpu_ms = round(MILLI * (time.process_time() - start))
    return Trial(UNRELATED, name, int(bool(found)), round(found.agreement.score), cpu_ms)


if __name__ == "__main__":
    sys.exit(main())
