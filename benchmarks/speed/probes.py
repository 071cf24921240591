"""What is timed: one function a case, each run by itself in a fresh process.

``python -m benchmarks.speed.probes CASE PHOTO.npy`` prints a JSON object of seconds by step, ``peak_rss_mib`` of the
process up to there, and ``encode_s``, the time of a JPEG encode of the same photo, which makes machines comparable.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np

import tracemark as tm
from benchmarks.gauntlet.damage.codec import jpeg
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.gauntlet.damage.reshape import crop, fit_within
from benchmarks.memory import peak_mib
from tracemark.kit.preparing import SPLICED_COPIES, WRITERS

__all__ = ["PROBES", "embed", "kit", "leaks", "main", "read", "splice"]

KEY_SECRET = bytes(range(32))  # any will do: the times do not depend on it
RECIPIENTS = (17, 99, 2**31 + 5)  # the first copy, then what a further one takes
ENCODE_QUALITY = 90  # of the JPEG that times are compared with
ENCODE_OPTIONS = [cv2.IMWRITE_JPEG_QUALITY, ENCODE_QUALITY]
ENCODE_RUNS = 5  # its median is taken
SPLICE_RUNS = 25  # their median is taken
KIT_COPIES = 1000  # less those that any kit needs before it splices: their time is taken off
WRITTEN_FILES = KIT_COPIES  # as many: a disk takes the first ones faster
READ_RUNS = 2  # further readings after the first
LEAK_PX = 1600  # long side of a leak: 1.7 megapixels at 3:2
LEAK_QUALITY = 75
LEAK_CROP_PERCENT = 25

Seconds = dict[str, float]


def embed(photo: Pixels) -> Seconds:
    """Time preparing a photo, its first copy, and a further one.

    Parameters
    ----------
    photo : ndarray, shape (rows, columns, 3)
        RGB uint8.

    Returns
    -------
    seconds : dict
        ``prepare``, ``first copy`` and ``further copy`` (median).
    """
    key = tm.Key(KEY_SECRET)
    start = time.perf_counter()
    plan = tm.prepare(photo, key=key)
    prepared = time.perf_counter() - start
    copies = [_timed(partial(plan.copy_for, recipient)) for recipient in RECIPIENTS]
    first, *further = copies
    return {"prepare": prepared, "first copy": first, "further copy": median(further)}


def read(leak: Pixels) -> Seconds:
    """Time reading a leak, with imports and first-use set-up and again without.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns, 3)
        RGB uint8.

    Returns
    -------
    seconds : dict
        ``first`` and ``again`` (median), and ``named``: 1 when the leak's recipient was identified, else 0.
    """
    key = tm.Key(KEY_SECRET)
    first = _timed(partial(tm.detect, leak, key=key))
    again = [_timed(partial(tm.detect, leak, key=key)) for _ in range(READ_RUNS)]
    named = tm.detect(leak, key=key).recipient == RECIPIENTS[0]
    return {"first": first, "again": median(again), "named": float(named)}


def splice(photo: Pixels) -> Seconds:
    """Time encoding the variants of a photo, and splicing a copy from them.

    Parameters
    ----------
    photo : ndarray, shape (rows, columns, 3)
        RGB uint8.

    Returns
    -------
    seconds : dict
        ``prepare``, ``variants`` (the first copy included) and ``spliced copy`` (median).
    """
    start = time.perf_counter()
    plan = tm.prepare(photo, key=tm.Key(KEY_SECRET))
    prepared = time.perf_counter() - start
    copy = partial(plan.jpeg_for, quality=ENCODE_QUALITY)
    encoded = _timed(partial(copy, RECIPIENTS[0]))
    spliced = median(_timed(partial(copy, recipient)) for recipient in range(SPLICE_RUNS))
    return {"prepare": prepared, "variants": encoded, "spliced copy": spliced}


def kit(photo: Pixels) -> Seconds:
    """Time a copy of a large kit, recorded in a ledger, made by one process; and what writing its file alone takes.

    Parameters
    ----------
    photo : ndarray, shape (rows, columns, 3)
        RGB uint8.

    Returns
    -------
    seconds : dict
        ``copy``, each of a thousand once the photo is ready, and ``file written``, as many bytes in as many threads.
        Both go to the folder for temporary files.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tm.Key(KEY_SECRET).save(folder / "press.key")
        cv2.imwrite(str(folder / "photo.jpg"), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), ENCODE_OPTIONS)
        few, many = (_timed(partial(_make_kit, folder, copies)) for copies in (SPLICED_COPIES, KIT_COPIES))
        copy = (folder / f"kit-{KIT_COPIES}" / "0" / "photo.jpg").read_bytes()
        with ThreadPoolExecutor(WRITERS) as writers:
            written = _timed(lambda: list(writers.map(partial(_write, folder / "alone", copy), range(WRITTEN_FILES))))
    return {"copy": (many - few) / (KIT_COPIES - SPLICED_COPIES), "file written": written / WRITTEN_FILES}


def _make_kit(folder: Path, copies: int) -> None:
    """Make a kit of one photo."""
    photo = folder / "photo.jpg"
    guests: dict[int, dict[str, str]] = {guest: {} for guest in range(copies)}
    names = [tm.KitCopy(photo, guest, f"{guest}/photo.jpg") for guest in guests]
    order = tm.KitOrder(names, folder / f"kit-{copies}", folder / "press.key", guests, check="none")
    with tm.Ledger.open(folder / f"kit-{copies}.db", create=True) as ledger:
        made = list(tm.make_kit(order, ledger=ledger, jobs=1))
    assert len(made) == copies, made
    assert all(isinstance(one, tm.MadeCopy) for one in made), made


def _write(folder: Path, data: bytes, number: int) -> None:
    """Write a file as a kit does: in a folder of its own, for good."""
    path = folder / f"{number}" / "photo.jpg"
    path.parent.mkdir(parents=True)
    tm.write_atomically(path, data)


def leaks(photo: Pixels) -> dict[str, Pixels]:
    """Make the leaks that are read.

    Parameters
    ----------
    photo : ndarray, shape (rows, columns, 3)
        RGB uint8, unmarked.

    Returns
    -------
    leaks : dict
        By name: the whole copy scaled down, a crop of it, and the same whole photo without a mark.
    """
    copy = tm.prepare(photo, key=tm.Key(KEY_SECRET)).copy_for(RECIPIENTS[0])
    rng = np.random.default_rng(0)

    def posted(picture: Pixels) -> Pixels:
        return jpeg(fit_within(picture, LEAK_PX, rng), LEAK_QUALITY, rng)

    return {
        "whole": posted(copy),
        "crop": posted(crop(copy, LEAK_CROP_PERCENT, rng)),
        "unmarked": posted(photo),
    }


PROBES: dict[str, Callable[[Pixels], Seconds]] = {"embed": embed, "read": read, "splice": splice, "kit": kit}
"""Cases by name."""


def main(words: Sequence[str]) -> None:
    """Run one case and print what it took.

    Parameters
    ----------
    words : sequence of str
        The name of the case and the photo's ``.npy`` file.
    """
    case, path = words
    photo = np.load(Path(path))
    seconds = PROBES[case](photo)
    peak = peak_mib()
    print(json.dumps({"seconds": seconds, "peak_rss_mib": peak, "encode_s": _encode_time(photo)}))


def _encode_time(photo: Pixels) -> float:
    """Time a JPEG encode, in seconds."""
    bgr = cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)
    return median(_timed(partial(cv2.imencode, ".jpg", bgr, ENCODE_OPTIONS)) for _ in range(ENCODE_RUNS))


def _timed(task: Callable[[], object]) -> float:
    """Time one call, in seconds."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
