"""Prepare a photo for its copies, and choose how their files are made."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tracemark.embedding import prepare
from tracemark.errors import FormatError, KeyFileError
from tracemark.keys import Key
from tracemark.kit.manner import Manner
from tracemark.kit.task import Notice, Task
from tracemark.media.photo import Photo, as_baseline, check_writable, encode_photo, read_photo, without_gps
from tracemark.media.settings import WebpSettings
from tracemark.plan import Plan
from tracemark.splicing import prepare_jpeg

__all__ = [
    "ENCODERS",
    "SPLICED_COPIES",
    "WRITERS",
    "Prepared",
    "as_written",
    "encoder_of",
    "forget",
    "notices_of",
    "prepared_for",
]

SPLICED_COPIES = 16  # from so many copies of a photo on, splicing is never slower: it encodes 16 variants first
WRITERS = 4  # spliced copies that are made at the same time: one waits for the disk, another is hashed or spliced
ENCODERS = 2  # the same for copies that are encoded one by one: one is encoded, the other waits for the disk
SPLICED_SIZE = 1.09  # bytes over those without a mark, as estimated within a percent: no copy is to be a tenth larger
LOSSLESS = {"PNG", "TIFF"}
# "baseline" is named as KitOrder and the command line both name it.
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


def prepared_for(task: Task) -> Prepared:
    """Prepare a task's photo, or find the one that this thread prepared last: the next task is often its, too.

    Parameters
    ----------
    task : Task
        What is to be made.

    Returns
    -------
    prepared : Prepared

    Raises
    ------
    KeyFileError
        When the key file is not there, or holds another key.
    PhotoError
        When no copy can be made of the photo.
    OSError
        When its file cannot be read.
    """
    thread = threading.get_ident()
    wanted = (task.photo, task.sha256, task.key_file, task.key_id, task.manner, task.splice)
    known = _LAST.pop(thread, None)
    if known is None or known[0] != wanted:
        known = None  # the next one takes its place in memory
        known = (wanted, _prepare(task))
    _LAST[thread] = known
    return known[1]


def forget() -> None:
    """Let go of the photos that were prepared last: a large one takes most of a gigabyte."""
    _LAST.clear()


def as_written(photo: Photo, manner: Manner) -> Photo:
    """Have the copies of a photo written in some manner, but for its quality, which is for the encoder."""
    kept = without_gps(photo) if manner.strip_gps else photo
    return as_baseline(kept) if manner.baseline else kept


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
    photo = as_written(photo, task.manner)
    plan = prepare(photo.pixels, key=key)
    encode, spliced = encoder_of(plan, photo, task.manner.quality, splice=task.splice)
    return Prepared(key, photo, plan, encode if spliced else _in_turn(encode), WRITERS if spliced else ENCODERS)


def _in_turn(encode: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Let one thread encode at a time: each needs memory for a picture, and one alone keeps a processor busy."""
    turn = threading.Lock()

    def encode_in_turn(recipient: int) -> bytes:
        with turn:
            return encode(recipient)

    return encode_in_turn


def _loses_nothing(photo: Photo) -> bool:
    """Tell whether copies hold the very pixels that are written, so that there is no quality to choose."""
    return photo.format in LOSSLESS or (isinstance(photo.settings, WebpSettings) and photo.settings.lossless)
