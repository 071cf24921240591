"""Put a file in its place: whole or not at all."""

import os
import secrets
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path

from tracemark.arguments import checked_bytes, checked_path
from tracemark.errors import OutputError, why
from tracemark.file_kind import is_special

__all__ = [
    "DRAFT_BEGINNING",
    "OWNER_ONLY",
    "TOKEN_BYTES",
    "draft_beside",
    "put_in_place",
    "settle",
    "uncache",
    "write_atomically",
    "write_private",
]

OWNER_ONLY = 0o600  # read and write for the owner, nothing for anybody else
ANYBODY = 0o666  # read and write for all to whom the process's umask leaves it
DRAFT_BEGINNING = ".tracemark-"  # of the name of a draft
TOKEN_BYTES = 8  # random bytes in the name of a draft


def write_private(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a new file that is its owner's alone: whole or not at all, for good, and never over one that is there.

    Parameters
    ----------
    path : path-like
        Where to; its folder must exist.
    data : bytes
        All that the file is to hold.

    Raises
    ------
    OutputError
        When something is there already, which stays as it is, or it cannot be written.
    """
    target = checked_path(path, "path", refuse=OutputError)
    checked_bytes(data, "data", refuse=OutputError)
    try:
        _refuse_other_kinds(target, "a new file")
        draft = draft_beside(target, private=True)
        try:
            _write_draft(draft, data, mode=OWNER_ONLY)
            put_in_place(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{target} exists already and is never overwritten") from error
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {why(error)}") from error


def write_atomically(path: str | os.PathLike[str], data: bytes, *, private: bool = False) -> None:
    """Write a file so that it is there whole or not at all.

    Parameters
    ----------
    path : path-like
        Where to; its folder must exist.  An existing file is replaced, and whoever could read it still can, and nobody
        else; where the system does not let its group be kept, that group no longer can.  Of a link it is the link that
        is replaced: what it leads to stays.
    data : bytes
        All that the file is to hold.
    private : bool
        Whether a new file is its owner's alone.

    Raises
    ------
    OutputError
        When it cannot be written, or a folder, a device or a pipe is there; what was there before is still there.
    """
    target = checked_path(path, "path", refuse=OutputError)
    checked_bytes(data, "data", refuse=OutputError)
    try:
        _refuse_other_kinds(target, "a file")
        draft = draft_beside(target, private=private)
        before = _status_of(target)
        try:
            if before is None:
                _write_draft(draft, data, mode=OWNER_ONLY if private else ANYBODY)
            else:
                _write_draft(draft, data, mode=_for_another_group(before.st_mode))
                _open_as_before(draft, before)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        settle(target.parent)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {why(error)}") from error


def draft_beside(path: Path, *, private: bool = False) -> Path:
    """Name a file that is written before it takes another's name, in the same folder; no two have the same.

    Parameters
    ----------
    path : Path
        The file that it will be.
    private : bool
        Whether it is a key, a ledger and the like: what writes a kit into that folder takes all other drafts there for
        leavings of its own, and removes them.

    Returns
    -------
    draft : Path
    """
    return path.with_name(f"{DRAFT_BEGINNING}{'private-' if private else ''}{secrets.token_hex(TOKEN_BYTES)}")


def put_in_place(draft: Path, path: Path) -> None:
    """Give a draft its name, for good.

    Parameters
    ----------
    draft : Path
        The file, whole and closed, in the folder it is meant for.  It may be there afterwards:
        whoever made it removes it.
    path : Path
        Its name.

    Raises
    ------
    FileExistsError
        When there is something of that name; it stays as it is.
    OSError
        When the system refuses; nothing is left under that name.

    Notes
    -----
    FAT and some shares have no hard links.  There the name is taken first, with an empty file, and
    the draft renamed over that: a program that is killed in between leaves the empty file.
    """
    try:
        # A link, unlike a rename, refuses to replace what is there.
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        _take_name(path)
        try:
            draft.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """See to it that the names in a folder last through a power cut, where the system can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def uncache(path: Path) -> None:
    """Let the system's memory go of a file that is written for good and not read soon, where the system can do that.

    Nothing of the file changes.  Thousands of files would else push all others out of that memory, and each takes
    fresh pages, which costs a virtual machine more than the writing: the pages of the file before can be had again.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            opened = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(opened)


def _write_draft(draft: Path, data: bytes, *, mode: int) -> None:
    """Write a new file for good; at no moment may anybody read it whom the mode does not let."""
    with open(draft, "xb", opener=partial(os.open, mode=mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _take_name(path: Path) -> None:
    """Make an empty file, its owner's alone, where there is none."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def _refuse_other_kinds(path: Path, kind: str) -> None:
    """Refuse what is there and no file."""
    if path.is_dir():
        raise OutputError(f"{path} must be {kind}, and is a folder; put a name after it")
    if is_special(path):
        raise OutputError(f"{path} must be {kind}, and is a device or a pipe")


def _status_of(path: Path) -> os.stat_result | None:
    """Say whose a file is, and who may read and write it; none where there is no file."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _open_as_before(draft: Path, before: os.stat_result) -> None:
    """Open a draft to those who may read and write the file it replaces, and to nobody else."""
    mode = stat.S_IMODE(before.st_mode) if _give(draft, before) else _for_another_group(before.st_mode)
    if stat.S_IMODE(draft.stat().st_mode) != mode:  # as the process gives no new file all that it had
        draft.chmod(mode)


def _give(draft: Path, before: os.stat_result) -> bool:
    """Give a draft to owner and group of another file, or to the group; tell whether it is the group's."""
    made = draft.stat()
    if (made.st_uid, made.st_gid) == (before.st_uid, before.st_gid):
        return True
    for owner in (before.st_uid, -1):  # only root gives a file to another owner
        with suppress(OSError):
            os.chown(draft, owner, before.st_gid)
            return True
    return False


def _for_another_group(mode: int) -> int:
    """Let a file's group do what everybody may: whoever is in another one may do no more."""
    return stat.S_IMODE(mode) & ~stat.S_IRWXG | (mode & stat.S_IRWXO) * (stat.S_IXGRP // stat.S_IXOTH)
