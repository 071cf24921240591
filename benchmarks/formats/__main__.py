"""Measure files: ``python -m benchmarks.formats`` times them, ``python -m benchmarks.formats sizes`` counts bytes.

Writes docs/formats.md, and benchmarks/results/formats.jsonl or benchmarks/results/sizes.jsonl.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.formats import sizes, timing
from benchmarks.gauntlet.corpus import find_photos
from benchmarks.json_lines import write_lines
from benchmarks.page import insert
from benchmarks.provenance import ROOT

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "formats.md"
TIMES, SIZES = "formats", "sizes"  # markers of the page, and names of the results


def main(words: Sequence[str] | None = None) -> int:
    """Measure from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: times and sizes are reported, never judged.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__)
    parser.add_argument("what", nargs="?", choices=(TIMES, SIZES), default=TIMES, help="default: formats, which times")
    parser.add_argument("--photo", type=Path, help="photo to enlarge and time; default the largest of the gauntlet's")
    parser.add_argument("--photos", type=Path, help="folder of photos to mark; default the gauntlet's")
    parser.add_argument("--dry-run", action="store_true", help="print the tables, write nothing")
    options = parser.parse_args(words)
    if options.what == SIZES:
        text, lines = sizes.report(find_photos(options.photos))
    else:
        largest = options.photo or max(find_photos(), key=lambda found: found.stat().st_size)
        text, lines = timing.report(largest)
    print(text)
    if not options.dry_run:
        write_lines(RESULTS / f"{options.what}.jsonl", lines)
        insert(PAGE, text, name=options.what)
    return 0


if __name__ == "__main__":
    sys.exit(main())
