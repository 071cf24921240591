"""Mark photos, leak the copies, read the leaks, and write down what happened."""

import sys
import time
import traceback
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context

import cv2
import numpy as np

import tracemark as tm
from benchmarks.gauntlet.attacks import Attack, named
from benchmarks.gauntlet.corpus import load
from benchmarks.gauntlet.damage.pixels import Pixels, pixels
from benchmarks.gauntlet.damage.removal import paste
from benchmarks.gauntlet.damage.reshape import fit_within
from benchmarks.gauntlet.quality import compare
from benchmarks.gauntlet.records import COPY, PASTED, UNMARKED, WRONG_KEY, Errand, Marking, Outcome
from benchmarks.memory import forget_peak, peak_mib
from tracemark.kit.workers import settle_in

__all__ = ["CONTROLS", "rng_for", "run", "run_errand"]

LEAST_PIXELS = 1_000_000
"""Photos below this run only the rows for small photos: the bars of the others are for a megapixel and more."""

KEY_BYTES = 32  # of a tracemark key's secret
RECIPIENTS = 2**32  # a recipient is any number below

CONTROLS = (
    (UNMARKED, "jpeg-75"),
    (WRONG_KEY, "jpeg-75"),
    (PASTED, "jpeg-75"),
    (UNMARKED, "social"),
    (WRONG_KEY, "social"),
    (UNMARKED, "scale-1080"),
    (WRONG_KEY, "scale-1080"),
    (UNMARKED, "none"),
    (WRONG_KEY, "none"),
    (UNMARKED, "crop-25"),
    (WRONG_KEY, "crop-25"),
    (PASTED, "none"),
    (PASTED, "scale-1080"),
    (PASTED, "crop-25"),
    (PASTED, "social"),
)
"""What must name nobody: photos without a mark, copies read with another key, and marks put onto other photos, each
after an attack; the first ones are those of a run that takes only some."""


def run(errands: Sequence[Errand], *, jobs: int = 1) -> Iterator[Marking | Outcome]:
    """Run errands and give results as they come.

    Parameters
    ----------
    errands : sequence of Errand
        Each is one task.
    jobs : int
        Processes; with one, OpenCV keeps its threads, with more each process has one thread.

    Yields
    ------
    result : Marking or Outcome
        Errands come in the order they finish, an errand's results together and in order.

    Raises
    ------
    RuntimeError
        At the end, when an errand broke off; the others are complete by then, and stderr says what happened.
    """
    if jobs == 1:
        for errand in errands:
            yield from run_errand(errand)
        return
    broken = 0
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_settle_in) as pool:
        futures: dict[Future[list[Marking | Outcome]], Errand] = {
            pool.submit(_results_of, errand): errand for errand in errands
        }
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                yield from future.result()
            else:
                broken += 1
                print(f"{futures[future].path.name} broke off:", *traceback.format_exception(error), file=sys.stderr)
    if broken:
        raise RuntimeError(f"every errand must come to its end, but {broken} of {len(errands)} broke off")


def run_errand(errand: Errand) -> Iterator[Marking | Outcome]:
    """Send one photo through its rows.

    Parameters
    ----------
    errand : Errand
        What to do.

    Yields
    ------
    result : Marking or Outcome
        One marking for each size at which the photo is marked, then the outcomes at that size.
    """
    photo = load(errand.path, errand.limits)
    attacks = [named(name) for name in errand.attacks]
    for delivered_px in dict.fromkeys(attack.delivered_px for attack in attacks):
        group = [attack for attack in attacks if attack.delivered_px == delivered_px]
        original = _delivered(photo, delivered_px)
        if original is None:
            continue
        yield from _run_size(
            errand, original, group, controls=CONTROLS[: errand.controls] if delivered_px is None else ()
        )


def rng_for(seed: int, *words: str | int) -> np.random.Generator:
    """Make the generator of one step, the same whether or not the other steps are run.

    Parameters
    ----------
    seed : int
        Of the whole run.
    *words : str or int
        What the luck is for: photo, row, repeat.

    Returns
    -------
    rng : numpy.random.Generator
    """
    entropy = [word if isinstance(word, int) else zlib.crc32(word.encode()) for word in words]
    return np.random.default_rng(np.random.SeedSequence([seed, *entropy]))


def _settle_in() -> None:
    """Prepare a new process: it has one thread, and goes when its parent does."""
    settle_in()
    cv2.setNumThreads(1)


def _results_of(errand: Errand) -> list[Marking | Outcome]:
    """Run an errand to its end, for a pool that cannot pass iterators."""
    return list(run_errand(errand))


def _delivered(photo: Pixels, delivered_px: int | None) -> Pixels | None:
    """Shrink the photo to the size at which it is marked; None when it is too small for that row's bar."""
    if delivered_px is None:
        return photo if photo.shape[0] * photo.shape[1] >= LEAST_PIXELS else None
    return fit_within(photo, delivered_px, np.random.default_rng(0)) if max(photo.shape) >= delivered_px else None


def _run_size(
    errand: Errand, original: Pixels, attacks: Sequence[Attack], *, controls: Sequence[tuple[str, str]]
) -> Iterator[Marking | Outcome]:
    """Mark a photo once and read it after each attack."""
    key, stranger = (
        tm.Key(rng_for(errand.seed, errand.path.name, purpose, errand.repeat).bytes(KEY_BYTES))
        for purpose in ("key", "another key")
    )
    recipient = int(rng_for(errand.seed, errand.path.name, "recipient", errand.repeat).integers(RECIPIENTS))
    marking = Marking(errand.path.name, errand.repeat, *original.shape[:2])
    forget_peak()
    try:
        start = time.perf_counter()
        plan = tm.prepare(original, key=key)
        prepared = time.perf_counter()
        copy = plan.copy_for(recipient)
        copied = time.perf_counter()
    except tm.TracemarkError as error:
        yield replace(marking, refused=str(error))
        yield from (
            Outcome(errand.path.name, attack.name, COPY, errand.repeat, recipient, *original.shape[:2])
            for attack in attacks
        )
        return
    marking = replace(marking, prepare_s=prepared - start, copy_s=copied - prepared, peak_mib=peak_mib())
    yield replace(marking, quality=compare(original, copy) if errand.quality else None)
    subjects = {COPY: (copy, key), UNMARKED: (original, key), WRONG_KEY: (copy, stranger)}
    if any(subject == PASTED for subject, _ in controls):
        subjects[PASTED] = _pasted(load(errand.other, errand.limits), original, copy), key
    trials = [*((COPY, attack) for attack in attacks), *((subject, named(name)) for subject, name in controls)]
    for subject, attack in trials:
        picture, reading_key = subjects[subject]
        leak = attack.apply(picture, rng_for(errand.seed, errand.path.name, attack.name, errand.repeat))
        asked = Outcome(errand.path.name, attack.name, subject, errand.repeat, recipient, *leak.shape[:2])
        yield _read(asked, leak, reading_key)


def _pasted(other: Pixels, original: Pixels, copy: Pixels) -> Pixels:
    """Put a copy's mark onto another photo, which is mirrored and brought to its size."""
    wanted = np.array(original.shape[:2])
    factor = float(np.max(wanted / other.shape[:2]))
    rows, columns = np.maximum(np.rint(np.array(other.shape[:2]) * factor).astype(int), wanted)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    covering = pixels(cv2.resize(other[:, ::-1], (int(columns), int(rows)), interpolation=method))
    mark = (copy.astype(np.float32) - original).mean(axis=-1, dtype=np.float32)
    return paste(covering[: wanted[0], : wanted[1]], mark, 1)


def _read(asked: Outcome, leak: Pixels, key: tm.Key) -> Outcome:
    """Read a leak and hold what was found against the truth."""
    forget_peak()
    start = time.perf_counter()
    try:
        found = tm.detect(leak, key=key)
    except tm.TracemarkError:
        return replace(asked, seconds=time.perf_counter() - start)
    seconds = time.perf_counter() - start
    guilty = {asked.recipient} if asked.subject == COPY else set()
    accused = {*found.recipients, found.recipient} - {None}
    score = getattr(found, "score", None)
    return replace(
        asked,
        verdict=found.verdict,
        recovered=int(bool(accused) and accused == guilty and found.recipient in guilty),
        wrong=len(accused - guilty),
        seconds=seconds,
        peak_mib=peak_mib(),
        log10_false_alarm=float(found.log10_false_alarm),
        score=None if score is None else float(score),
    )
