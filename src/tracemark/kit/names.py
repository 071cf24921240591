"""Know what the files of a kit may be called: inside its folder, on any system, and no two of them alike."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path, PurePosixPath, PureWindowsPath

from tracemark.arguments import checked_path
from tracemark.errors import KitError
from tracemark.kit.folder import DRAFT, MANIFEST, SUMS, is_inside
from tracemark.kit.task import KitCopy, checked_copies

__all__ = ["checked_archives", "leads_out", "name_clash", "short_names"]

# What a name may hold that means another one: empty parts, dots, drives.
ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\\:]")


def checked_archives(archives: object) -> dict[int, str]:
    """Give names of archives as text, of which paths are taken for theirs; refuse other things with a KitError."""
    if not isinstance(archives, Mapping):
        raise KitError(f"archives must be a mapping of recipients, not {type(archives).__name__}")
    return {
        recipient: file if isinstance(file, str) else checked_path(file, "archive", refuse=KitError).as_posix()
        for recipient, file in archives.items()
    }


def leads_out(file: str) -> bool:
    """Tell whether a name leads out of the kit's folder, here or where a guest unpacks an archive.

    Parameters
    ----------
    file : str
        Parts divided by ``/``.

    Returns
    -------
    out : bool
        True also for a draft's name: such a file would not stay.
    """
    elsewhere = "\\" in file or bool(PureWindowsPath(file).drive)
    return elsewhere or not is_inside(file) or bool(DRAFT.fullmatch(PurePosixPath(file).name))


def name_clash(copies: Sequence[KitCopy], archives: Mapping[int, str], *, out: Path, kept: Sequence[Path] = ()) -> str:
    """Say which file of a kit would be written over another, or where another one's folder is to be.

    Parameters
    ----------
    copies : sequence of KitCopy
        What is to be made.
    archives : mapping
        Recipient -> name of the archive, inside the kit's folder.
    out : Path
        The kit's folder.
    kept : sequence of Path, optional
        Other files that nothing may be written over; photos, manifest and sums need not be named.

    Returns
    -------
    sentence : str
        Empty when every file has a name of its own, also where names that differ in case, or in how an accent is
        written, are the same.

    Raises
    ------
    KitError
        When an argument is, or holds, something of another kind.
    """
    copies, archives = checked_copies(copies), checked_archives(archives)
    out = checked_path(out, "out", refuse=KitError)
    kept = [checked_path(path, "kept", refuse=KitError) for path in kept]
    _folder.cache_clear()  # links may have been laid since
    photos = dict.fromkeys(copy.photo for copy in copies)
    own = (out / MANIFEST, out / SUMS)
    owners: dict[str, Path | KitCopy] = {place: path for path in (*own, *photos) for place in _places(path)}
    for path in kept:
        lying = next((owners[place] for place in _places(path) if place in owners), None)
        if lying is not None:
            return f"{path} must be a file of its own, and is {'the list' if lying in own else 'a photo'} of the kit"
    owners |= {place: path for path in kept for place in _places(path)}
    folders = {"": os.path.realpath(out)}
    archived: set[str] = set()
    for file in archives.values():
        place = _place_in(out, file, folders)
        if place in archived or place in owners:
            return f"an archive would be written over {owners.get(place, 'another archive')}"
        archived.add(place)
    for copy in copies:
        place = _place_in(out, copy.file, folders)
        if place in archived:
            return f"{out / copy.file} has the name of an archive"
        if place in owners:
            return (
                f"{out / copy.file} would be written over {_named(owners[place])}, and no copy may be over another copy"
                " or a photo, or over key or ledger (names that differ in case are the same on some systems)"
            )
        owners[place] = copy
    for folder, file in _folders_of((*(copy.file for copy in copies), *archives.values())).items():
        place = _place_in(out, folder, folders)
        if place in owners or place in archived:
            named = "an archive" if place in archived else _named(owners[place])
            return f"{out / folder} must be a folder to hold {out / file}, and has the name of {named}"
    return ""


def short_names(files: Iterable[Path]) -> dict[Path, str]:
    """Name files for people: the copies of a photo are all called alike, and so are the photos of many cameras.

    Parameters
    ----------
    files : iterable of Path
        Photos, copies or leaks.

    Returns
    -------
    names : dict
        File -> its name; where several have the same, with as much of the folders as tells them apart.
    """
    alike: dict[str, list[Path]] = defaultdict(list)
    for file in dict.fromkeys(files):
        alike[file.name].append(file)
    names: dict[Path, str] = {}
    for name, same in alike.items():
        places = [file.absolute() for file in same]
        depth = next(level for level in count(1) if len({place.parts[-level:] for place in places}) == len(set(places)))
        names |= {
            file: "/".join(place.parts[-depth:]) if depth > 1 else name
            for file, place in zip(same, places, strict=True)
        }
    return names


def _folders_of(files: Iterable[str]) -> dict[str, str]:
    """Name the folders that hold files, and those that hold these; the answer is folder -> one file of it."""
    folders: dict[str, str] = {}
    for file in files:
        folder = (PurePosixPath(file).as_posix() if ODD.search(file) else file).rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = file
            folder = folder.rpartition("/")[0]
    return folders


def _named(owner: Path | KitCopy) -> str:
    """Say what a name belongs to already."""
    return str(owner) if isinstance(owner, Path) else f"recipient {owner.recipient}'s copy of {owner.photo}"


def _places(path: Path) -> set[str]:
    """Tell where a file lies, and where it leads when it is a link."""
    return {_place(path), _place(Path(os.path.realpath(path)))}


def _place(path: Path) -> str:
    """Tell where a path leads, links included, and alike for names that some systems hold to be the same."""
    return unicodedata.normalize("NFC", f"{_folder(path.parent)}/{path.name}").casefold()


def _place_in(out: Path, file: str, folders: dict[str, str]) -> str:
    """Tell what :func:`_place` tells of a name inside of a kit; a hundred thousand of them take a second, not ten."""
    if ODD.search(file):
        return _place(out / file)
    folder, _, name = file.rpartition("/")
    return unicodedata.normalize("NFC", f"{_folder_in(folder, folders)}/{name}").casefold()


def _folder_in(folder: str, folders: dict[str, str]) -> str:
    """Tell where a folder of a kit leads, and note it; one that is not there leads nowhere else."""
    if folder not in folders:
        above, _, name = folder.rpartition("/")
        path = os.path.join(_folder_in(above, folders), name)  # noqa: PTH118 - a Path takes several times as long
        folders[folder] = os.path.realpath(path) if os.path.lexists(path) else path
    return folders[folder]


@lru_cache(maxsize=1 << 16)
def _folder(path: Path) -> str:
    """Tell where a folder leads."""
    return os.path.realpath(path)
