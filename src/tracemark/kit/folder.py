"""Write a kit's folder: one program at a time, no drafts left, and no copy outside of it but where a link leads."""

import errno
import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from tracemark.errors import KitError, OutputError, why
from tracemark.new_file import DRAFT_BEGINNING, TOKEN_BYTES, settle

__all__ = [
    "DRAFT",
    "MANIFEST",
    "NO_FILE",
    "SUMS",
    "clear_drafts",
    "hash_file",
    "in_the_way",
    "is_inside",
    "is_open",
    "make_folder",
    "may_be_there",
    "nearest",
    "nowhere_to_write",
    "open_folder",
    "where_made",
]

MANIFEST = "manifest.jsonl"
SUMS = "SHA256SUMS"
NO_FILE = "exists already and is no file; move it away"  # force replaces files alone
# of copies, archives and lists; those of keys and ledgers differ
DRAFT = re.compile(rf"{re.escape(DRAFT_BEGINNING)}[0-9a-f]{{{2 * TOKEN_BYTES}}}")
NOWHERE_TO_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # what fails one file so will fail all others


@contextmanager
def open_folder(out: Path) -> Iterator[None]:
    """Make the folder if need be, and keep other programs from writing into it.

    Parameters
    ----------
    out : Path
        The kit's folder; where nothing came of it, it is removed if it was made, and those that were made for it.

    Raises
    ------
    KitError
        When another program is writing the kit.
    OutputError
        When the folder cannot be made or opened.
    """
    try:
        made = make_folder(out)
    except OSError as error:
        raise OutputError(f"{out} cannot be made: {why(error)}") from error
    try:
        with _locked(out):
            yield
    finally:
        _remove_empty(made)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other programs from writing the same kit, where the system can do that."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OutputError(f"{folder} cannot be opened: {why(error)}") from error
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KitError(f"kit {folder} is being written by another program; wait for it to end") from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(opened)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder, and those it lies in, so that they last through a power cut.

    Parameters
    ----------
    folder : Path
        The folder; one that is there is left as it is.

    Returns
    -------
    made : list of Path
        Those that were not there, from the folder outwards.

    Raises
    ------
    OutputError
        When something that is no folder has its name, or that of one it is to lie in.
    OSError
        When it cannot be made for another reason.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        words = in_the_way(folder)
        if words:
            raise OutputError(words) from error
        raise
    for place in missing:
        settle(place.parent)
    return missing


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders that were made, from the innermost outwards, but for those of which something did come."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def in_the_way(folder: Path) -> str:
    """Say what keeps a folder from being made.

    Parameters
    ----------
    folder : Path
        Which is to be.

    Returns
    -------
    sentence : str
        What has its name, or that of a folder it is to lie in, and is none; empty when there is no such thing.
    """
    there = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), None)
    with suppress(OSError):  # what a link leads to that is closed nobody sees, and making the folder will tell
        if there is not None and not there.is_dir():
            return f"{there} must be a folder, and is something else"
    return ""


def is_inside(file: str) -> bool:
    """Tell whether a name lies inside the kit's folder.

    Parameters
    ----------
    file : str
        Parts divided by ``/``.

    Returns
    -------
    inside : bool
        False when it is empty or absolute, climbs, or is no name at all.
    """
    path = PurePosixPath(file)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in file


def clear_drafts(folders: Iterable[Path]) -> None:
    """Remove what a program that was killed had begun to write.

    Parameters
    ----------
    folders : iterable of Path
        Where to look; folders in them are left alone.
    """
    for folder in folders:
        with suppress(OSError):
            for entry in os.scandir(folder):
                if DRAFT.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    Path(entry.path).unlink()


def hash_file(path: Path) -> bytes:
    """Hash a file with SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def where_made(folders: Collection[Path]) -> set[Path]:
    """Find the folders in which others would be made; a long list has one for each guest, all in the same.

    Parameters
    ----------
    folders : collection of Path
        Which are to be; one that is there counts itself.

    Returns
    -------
    places : set of Path
        Each is there, and absolute.
    """
    there = {folder.absolute() for folder in folders if _is_there(folder)}
    return there | {nearest(above) for above in {folder.parent for folder in folders if folder.absolute() not in there}}


def nearest(folder: Path) -> Path:
    """Find the folder in which another one would be made: itself if it is there, or one that it is to lie in."""
    places = (folder.absolute(), *folder.absolute().parents)
    return next((place for place in places if _is_there(place)), Path(folder.anchor))


def is_open(folder: Path) -> bool:
    """Tell whether files can be written into a folder."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def may_be_there(path: Path) -> bool:
    """Tell whether a file is there, or may be: what is in a folder that is closed nobody sees."""
    try:
        return path.is_file()
    except OSError:
        return True


def nowhere_to_write(error: OutputError) -> bool:
    """Tell whether other files will fail as this one did: the disk is full, or read-only."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in NOWHERE_TO_WRITE


def _is_there(folder: Path) -> bool:
    """Tell whether a folder is there; inside of one that is closed nobody sees that."""
    try:
        return folder.is_dir()
    except OSError:
        return False
