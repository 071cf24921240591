"""Make the copies of a task; this is what runs on every worker."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tracemark.embedding import prepare
from tracemark.errors import FormatError, KeyFileError, KitError, OutputError, PhotoError
from tracemark.keys import Key
from tracemark.kit.checking import read_back
from tracemark.kit.folder import make_folder, nowhere_to_write
from tracemark.kit.task import Answer, Failure, KitCopy, MadeCopy, Notice, Task
from tracemark.media.photo import (
    Photo,
    as_baseline,
    check_writable,
    encode_photo,
    read_photo,
    without_gps,
    write_atomically,
)
from tracemark.media.settings import WebpSettings
from tracemark.new_file import uncache
from tracemark.plan import Plan
from tracemark.recording import SOFTWARE, describe_photo
from tracemark.splicing import prepare_jpeg

__all__ = ["SPLICED_COPIES", "encoder_of", "forget", "make", "notices_of"]

SLICE_S = 2.0  # after which a worker tells what it has made: a kill costs no more, and progress is seen
SPLICED_COPIES = 16  # from so many copies of a photo on, splicing is never slower: it encodes 16 variants first
WRITERS = 4  # spliced copies that are made at the same time: one waits for the disk, another is hashed or spliced
ENCODERS = 2  # the same for copies that are encoded one by one: one is encoded, the other waits for the disk
SPLICED_SIZE = 1.09  # bytes over those without a mark, as estimated within a percent: no copy is to be a tenth larger
# Named as KitOrder and the command line both name it, and so is "force" below.
LOSSLESS = {"PNG", "TIFF"}
PROGRESSIVE = "copies of a progressive JPEG are encoded one by one, which takes long; baseline makes them quicker"


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

    at_once: int
    """How many copies are made at the same time."""


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
        record = describe_photo(prepared.photo.pixels, prepared.plan, name=task.name) if task.describe else None
    except (PhotoError, OSError, MemoryError) as error:
        return Answer(failures=(_photo_failure(task, error),))
    notices = notices_of(task.copies[0].photo, prepared.photo, quality=task.quality, splice=task.splice)
    return _make_copies(Answer(prepared.plan.digest, record, notices=notices), prepared, task, until=until)


def notices_of(path: Path, photo: Photo, *, quality: int | None, splice: bool) -> tuple[Notice, ...]:
    """Say what is to be known of a photo's copies before anybody waits for them.

    Parameters
    ----------
    path : Path
        The photo's file.
    photo : Photo
        As its copies will be written.
    quality : int or None
        In place of that of the file.
    splice : bool
        Whether there are so many that they should be spliced.

    Returns
    -------
    notices : tuple of Notice
        What its file has and they do not, that a quality has no use, and why they are not spliced, where that can be
        helped.
    """
    words = list(photo.warnings)
    if quality is not None and _loses_nothing(photo):
        words.append(f"this {photo.format} loses nothing, so the quality that was given is not used")
    if splice and photo.jpeg is not None and photo.jpeg.progressive:
        words.append(PROGRESSIVE)
    return tuple(Notice(path, one) for one in words)


def _loses_nothing(photo: Photo) -> bool:
    """Tell whether copies hold the very pixels that are written, so that there is no quality to choose."""
    return photo.format in LOSSLESS or (isinstance(photo.settings, WebpSettings) and photo.settings.lossless)


def forget() -> None:
    """Let go of the photos that were prepared last: a large one takes most of a gigabyte."""
    _LAST.clear()


def encoder_of(plan: Plan, photo: Photo, quality: int | None, *, splice: bool) -> tuple[Callable[[int], bytes], bool]:
    """Choose how the files of a photo's copies are made.

    Parameters
    ----------
    plan : Plan
        What was found out about the photo.
    photo : Photo
        What its file holds.
    quality : int or None
        In place of that of the file.
    splice : bool
        Whether variants are encoded where that can be done; it changes the time a copy takes, and no byte.

    Returns
    -------
    encode : callable
        Makes a recipient's file.  Copies of a photo that is better not spliced have Huffman tables of their own, and
        are the smaller for it.
    spliced : bool
        Whether copies are spliced: several threads may call it then.
    """
    baseline = photo.jpeg is not None and not photo.jpeg.progressive
    if not (baseline and plan.spliced_size(like=photo, quality=quality) <= SPLICED_SIZE):
        like = photo if photo.jpeg is None else replace(photo, jpeg=replace(photo.jpeg, optimised=True))
        return lambda recipient: encode_photo(plan.copy_for(recipient), like=like, quality=quality), False
    if not splice:
        return partial(plan.jpeg_for, like=photo, quality=quality, splice=False), False
    return prepare_jpeg(plan.delivery, plan.contents, like=photo, quality=quality).jpeg_for, True


def _prepared(task: Task) -> Prepared:
    """Prepare a photo, or find the one that this thread prepared last: the next task is often its, too."""
    thread = threading.get_ident()
    written = (task.quality, task.strip_gps, task.baseline, task.splice)
    wanted = (task.photo, task.sha256, task.key_file, task.key_id, *written)
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
    check_writable(photo)
    if task.strip_gps:
        photo = without_gps(photo)
    if task.baseline:
        photo = as_baseline(photo)
    plan = prepare(photo.pixels, key=key)
    encode, spliced = encoder_of(plan, photo, task.quality, splice=task.splice)
    return Prepared(key, photo, plan, encode if spliced else _in_turn(encode), WRITERS if spliced else ENCODERS)


def _in_turn(encode: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Let one thread encode at a time: each needs memory for a picture, and one alone keeps a processor busy."""
    turn = threading.Lock()

    def encode_in_turn(recipient: int) -> bytes:
        with turn:
            return encode(recipient)

    return encode_in_turn


def _make_copies(answer: Answer, prepared: Prepared, task: Task, *, until: float) -> Answer:
    """Make copies while there is time; after one that could not be read, all others are read back."""
    made: list[MadeCopy] = []
    failures: list[Failure] = []
    doubtful, enough, full, broken = task.doubtful, threading.Event(), None, None
    for copy, written in _write_copies(prepared, task, until=until, enough=enough):
        try:
            one = written.result()
            checked = doubtful or copy.recipient in task.checked
            made.append(_checked(one, prepared, task) if checked else one)
        except KitError as error:
            doubtful = True
            failures.append(Failure(copy.photo, str(error), copy))
        except OutputError as error:
            if nowhere_to_write(error):
                full = error
                enough.set()
            else:
                failures.append(Failure(copy.photo, str(error), copy))
        except (PhotoError, OSError, MemoryError) as error:
            # What is under way is told of, too: what is there and in no list might go out.
            broken = broken or _photo_failure(task, error)
            enough.set()
    if broken is not None:
        return replace(answer, made=tuple(made), failures=(*failures, broken))
    if full is not None and not made:
        raise full
    # On a full disk, what is there is told first; the next task will fail again.
    told = {*(one.copy for one in made), *(failure.copy for failure in failures)}
    left = tuple(copy for copy in task.copies if copy not in told)
    return replace(answer, made=tuple(made), failures=tuple(failures), left=left, doubtful=doubtful)


def _photo_failure(task: Task, error: Exception) -> Failure:
    """Blame the photo: no copy of it can be made."""
    return Failure(task.copies[0].photo, str(error) or type(error).__name__)


def _write_copies(
    prepared: Prepared, task: Task, *, until: float, enough: threading.Event
) -> Iterator[tuple[KitCopy, Future[MadeCopy]]]:
    """Write copies while there is time and it is not enough, some at the same time."""
    under_way: deque[tuple[KitCopy, Future[MadeCopy]]] = deque()
    with ThreadPoolExecutor(prepared.at_once) as writers:
        for place, copy in enumerate(task.copies):
            if enough.is_set() or (place and time.monotonic() > until):
                break
            under_way.append((copy, writers.submit(_write, copy, prepared.encode, task)))
            if len(under_way) > prepared.at_once:
                yield under_way.popleft()
        yield from under_way


def _write(copy: KitCopy, encode: Callable[[int], bytes], task: Task) -> MadeCopy:
    """Encode a copy and write it, unless a file with its bytes is there already."""
    path, data = task.out / copy.file, encode(copy.recipient)
    made = MadeCopy(copy, hashlib.sha256(data).digest(), len(data))
    try:
        if path.exists():
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return replace(made, was_there=True)
            if not task.force:
                raise OutputError(f"{path} exists already and is not this copy; force replaces it")
            made = replace(made, replaced=True)
        make_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    write_atomically(path, data)
    uncache(path)
    return made


def _checked(made: MadeCopy, prepared: Prepared, task: Task) -> MadeCopy:
    """Read a copy back; one that is new and cannot be read is taken back, one that may have been delivered never."""
    path, recipient = task.out / made.copy.file, made.copy.recipient
    try:
        check = read_back(
            path, recipient=recipient, key=prepared.key, original=prepared.photo.pixels, guests=task.guests
        )
    except (KitError, FormatError) as error:
        if made.was_there:
            raise KitError(f"{error}; it was there before, and was left") from error
        path.unlink(missing_ok=True)
        raise KitError(f"{error}; it was taken back") from error
    except Exception:
        # Nobody knows whether it can be read: the same command makes it again, but not what it replaced.
        if not (made.was_there or made.replaced):
            path.unlink(missing_ok=True)
        raise
    return replace(made, check=check)
