"""Put a new file in its place: whole or not at all, and never over one that is there."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["OWNER_ONLY", "put_in_place", "settle"]

OWNER_ONLY = 0o600  # read and write for the owner, nothing for anybody else


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


def _take_name(path: Path) -> None:
    """Make an empty file where there is none."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
