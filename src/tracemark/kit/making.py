"""Make the copies of a task; this is what runs on every worker."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tracemark.embedding import prepare
from tracemark.errors import FormatError, KeyFileError, KitError, OutputError, PhotoError
from tracemark.keys import Key
from tracemark.kit.checking import read_back
from tracemark.kit.folder import nowhere_to_write
from tracemark.kit.task import Answer, Check, Failure, KitCopy, MadeCopy, Task
from tracemark.media.photo import Photo, encode_photo, read_photo, write_atomically
from tracemark.plan import Plan
from tracemark.recording import SOFTWARE, describe_photo

__all__ = ["CUT", "SPLICED_COPIES", "forget", "make"]

SLICE_S = 2.0  # after which a worker tells what it has made: a kill costs no more, and progress is seen
SPLICED_COPIES = 16  # from so many copies of a photo on, splicing is never slower: it encodes 16 variants first
CUT = "photo must be a whole file, and this one ends early"
SPLICED_SIZE = 1.1  # bytes over those of the photo: markers weigh more in small files, and those are encoded soon


@dataclass(frozen=True, eq=False)
class Prepared:
    """A photo that copies are being made of."""

    key: Key
    """The secret."""

    photo: Photo
    """What its file holds."""

    plan: Plan
    """What was found out about it."""

    encode: Callable[[int], bytes]
    """Makes a recipient's file."""


_LAST: dict[int, tuple[object, Prepared]] = {}
"""Thread -> what it was asked to prepare last, and what came of it; a dask worker may have several threads."""


def make(task: Task) -> Answer:
    """Make as many copies of a task as two seconds allow, and at least one.

    Parameters
    ----------
    task : Task
        A photo and some of its recipients.

    Returns
    -------
    answer : Answer
        What was made, what failed, and what is left.

    Raises
    ------
    KeyFileError
        When the key file is not there, or holds another key.
    KitError
        When the worker runs another version of the program.
    OutputError
        When nothing can be written any more: the disk is full, or read-only.
    """
    if task.software != SOFTWARE:
        raise KitError(f"every worker must run {task.software}, and one runs {SOFTWARE}")
    until = time.monotonic() + SLICE_S
    try:
        prepared = _prepared(task)
        record = describe_photo(prepared.photo.pixels, prepared.plan, name=task.photo.name) if task.describe else None
    except (PhotoError, OSError, MemoryError) as error:
        return Answer(failures=(_photo_failure(task, error),))
    return _make_copies(Answer(prepared.plan.digest, record), prepared, task, until=until)


def forget() -> None:
    """Let go of the photos that were prepared last: a large one takes most of a gigabyte."""
    _LAST.clear()


def _prepared(task: Task) -> Prepared:
    """Prepare a photo, or find the one that this thread prepared last: the next task is often its, too."""
    thread = threading.get_ident()
    wanted = (task.photo, task.sha256, task.key_file, task.key_id, task.quality, task.splice)
    known = _LAST.pop(thread, None)
    if known is None or known[0] != wanted:
        known = None  # the next one takes its place in memory
        known = (wanted, _prepare(task))
    _LAST[thread] = known
    return known[1]


def _prepare(task: Task) -> Prepared:
    """Read the key and the photo, and analyse it."""
    key = Key.load(task.key_file)
    if key.id != task.key_id:
        raise KeyFileError(
            f"key file {task.key_file} must hold key {task.key_id} wherever copies are made, not {key.id}"
        )
    data = task.photo.read_bytes()
    if hashlib.sha256(data).digest() != task.sha256:
        raise FormatError("photo must stay as it is while copies are made of it, and was changed")
    photo = read_photo(data)
    if photo.truncated:
        raise FormatError(CUT)
    plan = prepare(photo.pixels, key=key)
    return Prepared(key, photo, plan, _encoder(plan, photo, task.quality, splice=task.splice))


def _encoder(plan: Plan, photo: Photo, quality: int | None, *, splice: bool) -> Callable[[int], bytes]:
    """Choose how a recipient's file is made; whether variants are encoded changes the time it takes, and no byte."""
    baseline = photo.jpeg is not None and not photo.jpeg.progressive
    if baseline and plan.spliced_size(like=photo, quality=quality) <= SPLICED_SIZE:
        return partial(plan.jpeg_for, like=photo, quality=quality, splice=splice)
    return lambda recipient: encode_photo(plan.copy_for(recipient), like=photo, quality=quality)


def _make_copies(answer: Answer, prepared: Prepared, task: Task, *, until: float) -> Answer:
    """Make copies while there is time; after one that could not be read, all others are read back."""
    made: list[MadeCopy] = []
    failures: list[Failure] = []
    left: tuple[KitCopy, ...] = ()
    doubtful = task.doubtful
    for place, copy in enumerate(task.copies):
        if place and time.monotonic() > until:
            left = task.copies[place:]
            break
        try:
            made.append(_make_copy(copy, prepared, task, check=doubtful or copy.recipient in task.checked))
        except KitError as error:
            doubtful = True
            failures.append(Failure(copy.photo, str(error), copy))
        except OutputError as error:
            if not nowhere_to_write(error):
                failures.append(Failure(copy.photo, str(error), copy))
                continue
            if not made:
                raise
            # What is there is told first; the next task will fail again.
            left = task.copies[place:]
            break
        except (PhotoError, OSError, MemoryError) as error:
            failures.append(_photo_failure(task, error))
            break
    return replace(answer, made=tuple(made), failures=tuple(failures), left=left, doubtful=doubtful)


def _photo_failure(task: Task, error: Exception) -> Failure:
    """Blame the photo: no copy of it can be made."""
    return Failure(task.copies[0].photo, str(error) or type(error).__name__)


def _make_copy(copy: KitCopy, prepared: Prepared, task: Task, *, check: bool) -> MadeCopy:
    """Make one copy; one that cannot be read back is taken back."""
    path = task.out / copy.file
    data = prepared.encode(copy.recipient)
    was_there = _deliver(path, data, force=task.force)
    found: Check | None = None
    if check:
        try:
            found = read_back(
                path, recipient=copy.recipient, key=prepared.key, original=prepared.photo.pixels, guests=task.guests
            )
        except Exception as error:
            path.unlink(missing_ok=True)
            if isinstance(error, (KitError, FormatError)):
                raise KitError(f"{error}; it was taken back") from error
            raise
    return MadeCopy(copy, hashlib.sha256(data).digest(), len(data), was_there, found)


def _deliver(path: Path, data: bytes, *, force: bool) -> bool:
    """Write a copy; the answer is whether a file with these bytes was there already."""
    try:
        if path.exists():
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return True
            if not force:
                raise OutputError(f"{path} exists already; --force replaces it")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    write_atomically(path, data)
    return False
