"""Make copies that nobody keeps, to learn what the copies of a photo take and what they come out as."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tracemark.errors import OutputError
from tracemark.kit.folder import hash_file
from tracemark.kit.making import make
from tracemark.kit.order import KitOrder, task_of
from tracemark.kit.task import Answer, Failure, KitCopy, Task

__all__ = ["Specimens", "hash_of_copy", "make_specimens"]

TRIED_COPIES = 3  # of a photo: the first alone takes in what is done once


@dataclass(frozen=True)
class Specimens:
    """What it took to make specimens of one photo."""

    pixels: int
    """Of the photo."""

    once_s: float
    """Before the first copy."""

    copy_s: float
    """For each copy."""

    check_s: float
    """For each copy that is read back."""

    growth: float
    """Bytes of a copy over those of the photo."""


def make_specimens(copies: Sequence[KitCopy], order: KitOrder, pixels: int, *, key_id: str) -> Specimens | Failure:
    """Make specimens of a photo, and read one back.

    Parameters
    ----------
    copies : sequence of KitCopy
        All that are ordered of the photo.
    order : KitOrder
        What the kit is to hold.
    pixels : int
        Of the photo.
    key_id : str
        ID of the key.

    Returns
    -------
    specimens : Specimens or Failure
        The failure is the photo's.

    Raises
    ------
    OutputError
        When there is no folder for temporary files that has room for them.
    """
    photo = copies[0].photo
    with _folder() as folder:
        task = _task(copies, order, folder, key_id)
        first, first_s = _timed(replace(task, copies=task.copies[:1]))
        if first.failures:
            return replace(first.failures[0], copy=None)
        more, more_s = _timed(replace(task, copies=task.copies[1:] or task.copies))
        copy_s = more_s / max(len(more.made), 1)
        check_s = 0.0
        if order.check != "none":
            checked_one = frozenset({task.copies[0].recipient})
            again = replace(task, out=folder / "again", copies=task.copies[:1], checked=checked_one)
            checked, check_s = _timed(again)
            if checked.failures:
                return replace(checked.failures[0], copy=None)
    growth = first.made[0].size / photo.stat().st_size
    return Specimens(pixels, max(first_s - copy_s, 0.0), copy_s, max(check_s - copy_s, 0.0), growth)


def hash_of_copy(copy: KitCopy, order: KitOrder, *, key_id: str) -> str:
    """Tell what a copy would come out as.

    Parameters
    ----------
    copy : KitCopy
        The copy.
    order : KitOrder
        What the kit is to hold.
    key_id : str
        ID of the key.

    Returns
    -------
    sha256 : str
        SHA-256 of its bytes, hexadecimal; empty when it cannot be made.

    Raises
    ------
    OutputError
        When there is no folder for temporary files that has room for it.
    """
    with _folder() as folder:
        made = make(_task([copy], order, folder, key_id)).made
    return made[0].sha256.hex() if made else ""


@contextmanager
def _folder() -> Iterator[Path]:
    """Give specimens a folder, which goes again; where they cannot be written, it says what names another one."""
    try:
        temporary = tempfile.TemporaryDirectory()
    except OSError as error:
        raise OutputError(
            "there must be a folder for temporary files that can be written into; TMPDIR may name one"
        ) from error
    with temporary as folder:
        try:
            yield Path(folder)
        except OutputError as error:
            raise OutputError(f"{error}; TMPDIR may name another folder for temporary files") from error


def _task(copies: Sequence[KitCopy], order: KitOrder, folder: Path, key_id: str) -> Task:
    """Order the first copies of a photo into a folder that goes again."""
    photo = copies[0].photo
    task = task_of(order, copies, name=photo.name, sha256=hash_file(photo), key_id=key_id)
    tried = (replace(copy, file=str(place)) for place, copy in enumerate(copies[: TRIED_COPIES + 1]))
    return replace(task, out=folder, copies=tuple(tried))


def _timed(task: Task) -> tuple[Answer, float]:
    """Make a task; the second answer is how long that took, seconds."""
    began = time.perf_counter()
    answer = make(task)
    return answer, time.perf_counter() - began
