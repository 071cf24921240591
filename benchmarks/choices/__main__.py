"""Measure the alternatives to one number: ``python -m benchmarks.choices NAME --photos DIR``."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2

from benchmarks.choices import marking
from benchmarks.choices.checking import CheckingChoice
from benchmarks.choices.code import CodeChoice
from benchmarks.choices.finding import FindingChoice
from benchmarks.choices.growth import BytesChoice
from benchmarks.choices.hashing import HashChoice
from benchmarks.choices.packing import PackingChoice
from benchmarks.choices.split import RANK, SPLIT
from benchmarks.choices.subjects import Setting, choose
from benchmarks.choices.visibility import VisibilityChoice
from benchmarks.gauntlet.corpus import FOLDER_VARIABLE
from benchmarks.json_lines import write_lines
from benchmarks.page import insert
from benchmarks.provenance import ROOT, provenance

SEED = 20_240
"""Default seed; any other will do."""
PHOTOS = 8
"""Default number of photos."""
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "choices.md"
PAGES = MappingProxyType({"checking": ROOT / "docs" / "kit.md", "packing": ROOT / "docs" / "ledger.md"})
"""Where tables go that are about no number of the format."""
CHOICES: Mapping[str, Any] = MappingProxyType(
    {
        "levels": marking.LEVELS,
        "finest": marking.FINEST,
        "contents": marking.CONTENTS,
        "cells": marking.CELLS,
        "border": marking.BORDER,
        "rank": RANK,
        "split": SPLIT,
        "sync": FindingChoice(),
        "hash": HashChoice(),
        "code": CodeChoice(),
        "mask": marking.MASK,
        "dither": marking.DITHER,
        "visibility": VisibilityChoice(),
        "bytes": BytesChoice(),
        "checking": CheckingChoice(),
        "packing": PackingChoice(),
    }
)
"""Each has ``measure(setting)``, which gives records one by one, and ``render(records)``, which gives Markdown."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure from the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    status : int
        0: alternatives are reported, never judged.
    """
    options = _parser().parse_args(words)
    cv2.setNumThreads(1)
    paths = choose(options.photos, options.count)
    facts = {"kind": "run", "choice": options.name, **provenance(), "seed": options.seed, "photos": len(paths)}
    choice = CHOICES[options.name]
    records = list(_noted(choice.measure(Setting(paths, options.seed))))
    text = f"{_lead(facts)}\n\n{choice.render(records)}"
    print(text)
    if not options.dry_run:
        lines = [facts, *({"kind": type(record).__name__.lower(), **asdict(record)} for record in records)]
        write_lines(RESULTS / f"choices-{options.name}.jsonl", lines)
        insert(PAGES.get(options.name, PAGE), text, name=options.name)
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choices", description=__doc__)
    parser.add_argument("name", choices=CHOICES, help="what to measure")
    parser.add_argument("--photos", type=Path, help=f"folder of photos; default {FOLDER_VARIABLE}")
    parser.add_argument("--count", type=int, default=PHOTOS, help="photos to take from it, evenly spread")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    return parser


def _noted(records: Iterator[Any]) -> Iterator[Any]:
    """Pass records on, each noted on stderr."""
    for record in records:
        print(*asdict(record).values(), file=sys.stderr, flush=True)
        yield record


def _lead(facts: Mapping[str, object]) -> str:
    """Say where the numbers come from."""
    return (
        f"`python -m benchmarks.choices {facts['choice']} --photos DIR"
        f" --count {facts['photos']} --seed {facts['seed']}`, commit {facts['commit']}, {facts['machine']}."
    )


if __name__ == "__main__":
    sys.exit(main())
