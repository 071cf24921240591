"""Say what a worker is to make, and what it has made: paths and numbers, never pixels or keys."""

from __future__ import annotations  # a ledger's record is named, not fetched: a command line that plans needs none

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracemark.arguments import checked_path
from tracemark.codes.word import checked_recipient
from tracemark.errors import KitError
from tracemark.kit.manner import Manner

if TYPE_CHECKING:
    from tracemark.ledger.photos import PhotoRecord

__all__ = ["Answer", "Check", "Failure", "KitCopy", "MadeCopy", "Notice", "Task", "checked_copies"]


@dataclass(frozen=True, slots=True)
class KitCopy:
    """One copy that is to be made."""

    photo: Path
    """The photo it is made of; text is taken for a path."""

    recipient: int
    """Whose it is, 0 to 2**32 - 1."""

    file: str
    """Its name inside the kit's folder, parts divided by ``/``; a path is taken for its text."""

    def __post_init__(self) -> None:
        # What a table of guests gives: paths as text, and numbers that no manifest could hold.
        object.__setattr__(self, "photo", checked_path(self.photo, "photo", refuse=KitError))
        object.__setattr__(self, "recipient", checked_recipient(self.recipient))
        file: object = self.file
        if not isinstance(file, str):
            object.__setattr__(self, "file", checked_path(file, "file", refuse=KitError).as_posix())


def checked_copies(copies: object) -> tuple[KitCopy, ...]:
    """Give copies that may come one by one as a tuple, and refuse what are none with a KitError."""
    if not isinstance(copies, Iterable):
        raise KitError(f"copies must be a list of KitCopy, not {type(copies).__name__}")
    listed = tuple(copies)
    other = next((one for one in listed if not isinstance(one, KitCopy)), None)
    if other is not None:
        raise KitError(f"copies must be a list of KitCopy, and holds {other!r}")
    return listed


@dataclass(frozen=True, slots=True)
class Check:
    """How a delivered copy was read back, half its size and saved once more."""

    method: str
    """``"blind"`` or ``"informed"``."""

    log10_false_alarm: float
    """What the verdict said, all guests counted."""


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """One copy that is whole and in its place."""

    copy: KitCopy
    """Which one."""

    sha256: bytes
    """SHA-256 of the file's bytes."""

    size: int
    """Bytes of the file."""

    was_there: bool = False
    """Whether the file was there already, with these bytes."""

    check: Check | None = None
    """How it was read back; None when it was not."""

    replaced: bool = False
    """Whether a file with other bytes was there, and is gone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A copy that was not made, a photo that no copy was made of, or an archive that was not made."""

    photo: Path
    """The photo; of an archive that was not made, the archive's file."""

    words: str
    """Why."""

    copy: KitCopy | None = None
    """The copy; None when the photo itself failed, or an archive."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the copies of a photo do not have, though its file does, or why they take long; or what archives lack."""

    photo: Path
    """The photo; of archives, the kit's folder."""

    words: str
    """A sentence."""


@dataclass(frozen=True)
class Task:
    """One photo and some of its recipients: what one worker makes at a time."""

    photo: Path
    """The photo's file, absolute."""

    name: str
    """What the ledger is to call it."""

    sha256: bytes
    """SHA-256 of that file: all workers must see the same."""

    key_file: Path
    """Where the key is on the worker, absolute; the key itself is never sent."""

    key_id: str
    """ID of the key that must be in it."""

    out: Path
    """The kit's folder, absolute."""

    copies: tuple[KitCopy, ...]
    """What is to be made."""

    checked: frozenset[int]
    """Recipients whose copies are read back."""

    guests: tuple[int, ...]
    """All recipients of the kit, among whom a copy is to be recognised."""

    manner: Manner
    """How copies are made of the photo."""

    force: bool = False
    """Whether files that exist are replaced."""

    describe: bool = False
    """Whether the ledger needs what :class:`Answer` says of the photo."""

    splice: bool = False
    """Whether variants are encoded first: the same bytes, sooner when there are many copies."""

    software: str = ""
    """Name and version of the program: all workers must have the same."""

    doubtful: bool = False
    """Whether a copy of the photo could not be read back: then all are."""

    attempts: int = 0
    """How many workers were lost while they had this task."""


@dataclass(frozen=True)
class Answer:
    """What a worker has made of a task."""

    digest: bytes = b""
    """BLAKE2b of the photo's pixels, 32 bytes."""

    record: PhotoRecord | None = None
    """What the ledger is to keep of the photo, when it was asked for."""

    made: tuple[MadeCopy, ...] = ()
    """The copies that are in their places."""

    notices: tuple[Notice, ...] = ()
    """What is to be known of the photo's copies."""

    failures: tuple[Failure, ...] = ()
    """What could not be made."""

    left: tuple[KitCopy, ...] = ()
    """What there was no time for: another task."""

    doubtful: bool = False
    """Whether a copy could not be read back."""
