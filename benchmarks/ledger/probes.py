"""What is timed, in a fresh process: ``python -m benchmarks.ledger.probes FOLDER CASE`` prints JSON.

The folder holds ``kit.db``, ``original.npy`` and ``leak.npy``. The object has ``seconds`` and ``processor_s`` by step,
``peak_rss_mib``, and ``named``, whether the leak's recipient was.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

import tracemark as tm
from benchmarks.memory import peak_mib
from benchmarks.speed.probes import KEY_SECRET

__all__ = ["CASES", "RECIPIENT", "main"]

RECIPIENT = 17
LISTED = 1000
Steps = dict[str, Callable[[], object]]


def _ledger(folder: Path) -> Steps:
    """Read a leak with a ledger."""
    key, path, leak = tm.Key(KEY_SECRET), folder / "kit.db", np.load(folder / "leak.npy")
    digest = tm.Ledger.open(path).photos()[0].digest
    ledger = tm.Ledger.open(path)
    sha256 = next(ledger.copies()).sha256
    return {
        "open": lambda: tm.Ledger.open(path).close(),
        "list the photos": ledger.photos,
        "features of all photos": lambda: ledger.features(key_id=key.id),
        "one luma": lambda: ledger.luma(digest),
        "recipients of one photo": lambda: ledger.recipients_of(digest, key_id=key.id),
        "a copy by its bytes": lambda: list(ledger.copies(sha256=sha256)),
        "read the leak": lambda: tm.detect(leak, key=key, ledger=ledger),
        "verify everything": ledger.verify,
        "erase a person": lambda: ledger.erase_recipient(RECIPIENT),
    }


def _original(folder: Path) -> Steps:
    """Read a leak with its original, and as many recipients listed."""
    key, leak, original = tm.Key(KEY_SECRET), np.load(folder / "leak.npy"), np.load(folder / "original.npy")
    return {"read the leak": partial(tm.detect, leak, key=key, original=original, recipients=range(LISTED))}


CASES: dict[str, Callable[[Path], Steps]] = {"ledger": _ledger, "original": _original}
"""By name."""


def main(words: Sequence[str]) -> None:
    """Run one case and print what it took.

    Parameters
    ----------
    words : sequence of str
        The folder and the name of the case.
    """
    folder, case = words
    seconds, processor, named = {}, {}, None
    for step, task in CASES[case](Path(folder)).items():
        start, busy = time.perf_counter(), time.process_time()
        answer = task()
        seconds[step], processor[step] = time.perf_counter() - start, time.process_time() - busy
        if isinstance(answer, tm.Verdict):
            named = answer.recipients == (RECIPIENT,) and answer.method == "informed"
    print(json.dumps({"seconds": seconds, "processor_s": processor, "peak_rss_mib": peak_mib(), "named": named}))


if __name__ == "__main__":
    main(sys.argv[1:])
