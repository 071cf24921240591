"""Make a large ledger and read a leak with it: ``python -m benchmarks.ledger`` writes docs/ledger.md's table."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, find_photos, load
from benchmarks.gauntlet.damage.codec import jpeg
from benchmarks.gauntlet.damage.pixels import pixels
from benchmarks.json_lines import write_lines
from benchmarks.ledger import probes
from benchmarks.ledger.making import fill
from benchmarks.page import insert, table
from benchmarks.provenance import ROOT, provenance
from benchmarks.speed.probes import KEY_SECRET

RESULTS = ROOT / "benchmarks" / "results" / "ledger.jsonl"
PAGE = ROOT / "docs" / "ledger.md"
PHOTOS, GUESTS = 1000, 1000
SOURCES = 24  # photos of which all are made, at most
LEAK = (1200, 1800)  # rows and columns: 2.2 megapixels
QUALITY = 75
BYTES_PER_MEGABYTE = 1_000_000
AIMS_S = {("ledger", "open"): 0.2, ("ledger", "read the leak"): 6.0, ("original", "read the leak"): 3.0}
PEAK_AIM_MIB, SIZE_AIM_MB = 1024, 1000


@dataclass(frozen=True)
class Step:
    """One step of one case."""

    case: str
    """``ledger`` or ``original``."""
    step: str
    """What was done."""
    milliseconds: int
    """How long it took."""
    processor_ms: int
    """How long a processor was busy with it."""
    peak_rss_mib: int
    """Largest resident memory of the whole case."""
    named: int | None
    """For the reading, 1 when the leak's recipient was named, and nobody else."""


def main(words: Sequence[str] | None = None) -> int:
    """Run from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: times are reported, never judged.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photos; default the gauntlet's")
    parser.add_argument("--count", type=int, default=PHOTOS, help="photos in the ledger")
    parser.add_argument("--guests", type=int, default=GUESTS, help="recipients, each with a copy of every photo")
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    options = parser.parse_args(words)
    paths = find_photos(options.photos)[:SOURCES]
    original = load(paths[0], Limits())
    sources = [
        pixels(cv2.resize(original, LEAK[::-1], interpolation=cv2.INTER_AREA)),
        *(load(path, Limits()) for path in paths[1:]),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = tm.Key(KEY_SECRET)
        fill(folder / "kit.db", sources, key=key, count=options.count, guests=options.guests)
        copy = tm.prepare(sources[0], key=key).copy_for(probes.RECIPIENT)
        np.save(folder / "original.npy", sources[0])
        np.save(folder / "leak.npy", jpeg(copy, QUALITY, np.random.default_rng(0)))
        size = (folder / "kit.db").stat().st_size
        steps = [step for case in probes.CASES for step in _probe(folder, case)]
    facts = {**provenance(), "photos": options.count, "guests": options.guests, "bytes": size}
    text = render(facts, steps)
    print(text)
    if not options.dry_run:
        write_lines(RESULTS, [{"kind": "run", **facts}, *({"kind": "step", **asdict(step)} for step in steps)])
        insert(PAGE, text, name="ledger")
    return 0


def _probe(folder: Path, case: str) -> list[Step]:
    """Run one case in a fresh process."""
    command = [sys.executable, "-m", probes.__name__, str(folder), case]
    answer: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return [
        Step(
            case=case,
            step=step,
            milliseconds=round(seconds * 1000),
            processor_ms=round(answer["processor_s"][step] * 1000),
            peak_rss_mib=answer["peak_rss_mib"],
            named=int(answer["named"]) if step == "read the leak" else None,
        )
        for step, seconds in answer["seconds"].items()
    ]


def render(facts: dict[str, Any], steps: Sequence[Step]) -> str:
    """Write the steps as Markdown.

    Parameters
    ----------
    facts : dict
        What :func:`benchmarks.provenance.provenance` says, and ``photos``, ``guests`` and ``bytes``.
    steps : sequence of Step

    Returns
    -------
    text : str
        Ends with a newline.
    """
    megabytes = facts["bytes"] / BYTES_PER_MEGABYTE
    lead = (
        f"Commit {facts['commit']}, on {facts['machine']} ({facts['cores']} cores): {facts['photos']:,} photos,"
        f" {facts['guests']:,} recipients, {facts['photos'] * facts['guests']:,} copies in {megabytes:,.0f} MB"
        f" (aim {SIZE_AIM_MB})."
    )
    head = ["with", "step", "seconds", "aim", "processor, s", "peak memory, MiB", "aim", "named"]
    body = [
        [
            f"the {step.case}",
            step.step,
            f"{step.milliseconds / 1000:.3f}",
            f"{AIMS_S[step.case, step.step]:g}" if (step.case, step.step) in AIMS_S else "",
            f"{step.processor_ms / 1000:.3f}",
            str(step.peak_rss_mib) if step.named is not None else "",
            str(PEAK_AIM_MIB) if step.named is not None else "",
            "" if step.named is None else "yes" if step.named else "no",
        ]
        for step in steps
    ]
    return f"{lead}\n\n{table(head, body)}\n"


if __name__ == "__main__":
    sys.exit(main())
