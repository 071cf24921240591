"""Make the copies of a task; this is what runs on every worker."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from tracemark.errors import FormatError, KitError, OutputError, PhotoError, why
from tracemark.kit.checking import read_back
from tracemark.kit.folder import NO_FILE, make_folder, nowhere_to_write
from tracemark.kit.preparing import Prepared, notices_of, prepared_for
from tracemark.kit.task import Answer, Failure, KitCopy, MadeCopy, Task
from tracemark.new_file import uncache, write_atomically
from tracemark.recording import SOFTWARE, describe_photo
from tracemark.shortage import memory_for

__all__ = ["TAKEN", "make"]

SLICE_S = 2.0  # after which a worker tells what it has made: a kill costs no more, and progress is seen
# "force" is named as KitOrder and the command line both name it.
TAKEN = "exists already and is not this copy; force replaces it"


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
        with memory_for("mark it"):
            prepared = prepared_for(task)
            record = describe_photo(prepared.photo.pixels, prepared.plan, name=task.name) if task.describe else None
    except (PhotoError, OSError, MemoryError) as error:
        return Answer(failures=(_photo_failure(task, error),))
    notices = notices_of(task.copies[0].photo, prepared.photo, quality=task.manner.quality, splice=task.splice)
    return _make_copies(Answer(prepared.plan.digest, record, notices=notices), prepared, task, until=until)


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
    path = task.out / copy.file
    with memory_for("mark it"):
        data = encode(copy.recipient)
    made = MadeCopy(copy, hashlib.sha256(data).digest(), len(data))
    try:
        if path.exists():
            if not path.is_file():
                raise OutputError(f"{path} {NO_FILE}")
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return replace(made, was_there=True)
            if not task.force:
                raise OutputError(f"{path} {TAKEN}")
            made = replace(made, replaced=True)
        make_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from error
    write_atomically(path, data)
    uncache(path)
    return made


def _checked(made: MadeCopy, prepared: Prepared, task: Task) -> MadeCopy:
    """Read a copy back; one that is new and cannot be read is taken back, one that may have been delivered never."""
    path, recipient = task.out / made.copy.file, made.copy.recipient
    try:
        with memory_for("read a copy back"):
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
