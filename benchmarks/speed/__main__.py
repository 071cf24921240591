"""Time everything: ``python -m benchmarks.speed`` writes benchmarks/results/speed.jsonl and docs/speed.md."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from benchmarks.gauntlet.corpus import Limits, find_photos, load
from benchmarks.gauntlet.damage.pixels import Pixels, pixels
from benchmarks.gauntlet.damage.texture import noise
from benchmarks.json_lines import write_lines
from benchmarks.page import insert
from benchmarks.provenance import ROOT, provenance
from benchmarks.speed import probes
from benchmarks.speed.measures import Measure, render

RESULTS = ROOT / "benchmarks" / "results" / "speed.jsonl"
PAGE = ROOT / "docs" / "speed.md"
LARGE = (4000, 6000)  # rows and columns of a 24-megapixel photo
MEDIUM = (1200, 1800)  # and of one of 2 megapixels
LARGER = {60: (6000, 10_000), 100: (8000, 12_500)}  # megapixels -> rows and columns of what few cameras make
GRAIN_LEVELS = 2.0  # standard deviation: an enlarged photo has no grain of its own
GRAIN_SEED = 1
HELP_RUNS = 7  # the median is taken


def main(words: Sequence[str] | None = None) -> int:
    """Run all cases from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: times are reported, never judged.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--photo", type=Path, help="photo to enlarge; default the largest of the gauntlet's")
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    options = parser.parse_args(words)
    path = options.photo or max(find_photos(), key=lambda found: found.stat().st_size)
    facts = {"kind": "run", **provenance(), "photo": path.name}
    with tempfile.TemporaryDirectory() as folder:
        measures = list(_measures(load(path, Limits()), Path(folder)))
    text = render(facts, measures)
    print(text)
    if not options.dry_run:
        write_lines(RESULTS, [facts, *(measure.line() for measure in measures)])
        insert(PAGE, text, name="speed")
    return 0


def _measures(photo: Pixels, folder: Path) -> Iterator[Measure]:
    """Run case after case."""
    large, medium = (_enlarged(photo, *size) for size in (LARGE, MEDIUM))
    yield from _probe("embed", "mark 24 megapixels", large, folder)
    yield from _probe("embed", "mark 2 megapixels", medium, folder)
    yield from _probe("splice", "splice 24 megapixels", large, folder)
    for megapixels, size in LARGER.items():
        yield from _probe("splice", f"splice {megapixels} megapixels", _enlarged(photo, *size), folder)
    yield from _probe("kit", "kit of 24 megapixels", large, folder)
    for name, leak in probes.leaks(large).items():
        yield from _probe("read", f"read, {name}", leak, folder)
    yield from _command_times()


def _enlarged(photo: Pixels, rows: int, columns: int) -> Pixels:
    """Resize a photo to any size and give it grain, so that it is as hard as a camera's."""
    resized = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return noise(pixels(resized), GRAIN_LEVELS, np.random.default_rng(GRAIN_SEED))


def _probe(case: str, name: str, photo: Pixels, folder: Path) -> Iterator[Measure]:
    """Run one case in a fresh process."""
    path = folder / "photo.npy"
    np.save(path, photo)
    command = [sys.executable, "-m", probes.__name__, case, str(path)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    rows, columns = photo.shape[:2]
    named = answer["seconds"].pop("named", None)
    for step, seconds in answer["seconds"].items():
        yield Measure(
            case=name,
            step=step,
            pixels=rows * columns,
            seconds=seconds,
            encode_s=answer["encode_s"],
            peak_rss_mib=answer["peak_rss_mib"],
            named=None if named is None else bool(named),
        )


def _command_times() -> Iterator[Measure]:
    """Time what a user waits for before anything happens."""
    program = shutil.which("tracemark", path=str(Path(sys.executable).parent)) or shutil.which("tracemark")
    commands = {"python -c pass": [sys.executable, "-c", "pass"], "import": [sys.executable, "-c", "import tracemark"]}
    if program is not None:
        commands["tracemark --help"] = [program, "--help"]
    for step, command in commands.items():
        yield Measure(case="start", step=step, seconds=median(_run_time(command) for _ in range(HELP_RUNS)))


def _run_time(command: Sequence[str]) -> float:
    """Time a program from start to end, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
