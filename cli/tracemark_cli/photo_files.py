"""Find the photos that were meant: files as they are named, folders with all that is in them."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.outcome import FilesFailure, UsageFailure

__all__ = ["KIT_FILES", "NAMED_KINDS", "PhotoFile", "find_photos", "refuse_special"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".avif"})
APPLE_DOUBLE = "._"  # RFC 1740, section 5, and what macOS does with it
NAMED_KINDS = HIDDEN_PHOTO, HIDDEN_FOLDER, LINKED_FOLDER, SPECIAL_FILE = (
    "hidden photo",
    "hidden folder",
    "linked folder",
    "special file",
)
KIT_FILES = ("manifest.jsonl", "SHA256SUMS")  # as tracemark.kit.folder calls them; a test compares them


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo that copies are to be made of."""

    path: Path
    """Its file."""

    folder: str = ""
    """Where it lay inside the folder that was named, with a ``/`` at its end; empty when it was named itself."""

    found: bool = False
    """Whether it was found in a folder, and not named itself."""


def find_photos(paths: Sequence[Path], *, out: Path) -> tuple[list[PhotoFile], Counter[str]]:
    """Look into folders, and into the folders in them.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    out : Path
        The kit's folder.  What is in it, and what any other kit lists, are copies and no photos.

    Returns
    -------
    photos : list of PhotoFile
        In the order of `paths`; those of a folder by their names.  Names that begin with a dot are passed over, and
        so are links to folders.
    others : Counter
        Suffix, the kit they are in, or what kept them from being looked at -> how many other files and folders there
        are.

    Raises
    ------
    UsageFailure
        When a folder holds no photo, a photo is named twice, or is no file.
    FilesFailure
        When a folder, or a manifest in it, cannot be read: it would be a gap in the kit.
    """
    photos: list[PhotoFile] = []
    others: Counter[str] = Counter()
    for path in paths:
        refuse_special(path)
        if not stat.S_ISDIR(_mode_of(path)):
            photos.append(PhotoFile(path))
            continue
        found = list(_look_into(path, out, others))
        if not found:
            copies = " that no kit lists" if tm.kit_files(path) else ""
            raise UsageFailure(
                f"{click.format_filename(path)}: folder must hold a photo{copies} ({', '.join(sorted(SUFFIXES))})"
            )
        photos += found
    places = Counter(os.path.realpath(photo.path) for photo in photos)
    twice = next((photo for photo in photos if places[os.path.realpath(photo.path)] > 1), None)
    if twice is not None:
        raise UsageFailure(f"{click.format_filename(twice.path)}: photo must be named once, not twice")
    return photos, others


def refuse_special(path: Path) -> None:
    """Refuse a photo that somebody may wait at for ever.

    Parameters
    ----------
    path : Path
        What was named as a photo.

    Raises
    ------
    UsageFailure
        When it is a pipe, a socket or a device.
    """
    if _is_special(path):
        raise UsageFailure(f"{click.format_filename(path)}: photo must be a file, not a pipe, socket or device")


def _look_into(folder: Path, out: Path, others: Counter[str]) -> Iterator[PhotoFile]:
    """Go through a folder by names; links to other folders are not followed, and other kits not entered."""
    own = _listed_in(folder, others)
    passed_over = {(folder / name).as_posix() for name in (*own, *(KIT_FILES if own else ()))}
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if _is_entered(Path(place) / name, out, others))
        inside = Path(place).relative_to(folder)
        for name in sorted(files):
            if (Path(place) / name).as_posix() in passed_over:
                continue
            kind = SPECIAL_FILE if _is_special(Path(place) / name) else _kind_of_other(name)
            if kind is None:
                yield PhotoFile(Path(place) / name, "" if inside == Path() else f"{inside.as_posix()}/", found=True)
            elif kind:
                others[kind] += 1


def _is_special(path: Path) -> bool:
    """Tell a pipe, a socket or a device, which somebody may wait at for ever; what is not there is none."""
    mode = _mode_of(path)
    return bool(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _mode_of(path: Path) -> int:
    """Say what kind of file it is; 0 where nobody sees that, and reading it will tell why."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_entered(folder: Path, out: Path, others: Counter[str]) -> bool:
    """Tell whether a folder may hold photos; one that is passed over is counted, or the copies in it."""
    if os.path.realpath(folder) == os.path.realpath(out):
        _listed_in(folder, others)
        return False
    if folder.name.startswith(".") or folder.is_symlink():
        others[HIDDEN_FOLDER if folder.name.startswith(".") else LINKED_FOLDER] += 1
        return False
    return not _listed_in(folder, others)


def _kind_of_other(name: str) -> str | None:
    """Say what a file is counted as; None for a photo, and nothing for hidden files that nobody takes for photos."""
    suffix = Path(name).suffix.lower()
    if not name.startswith("."):
        return None if suffix in SUFFIXES else suffix or name
    # What macOS keeps beside a file on other systems' disks has that file's name.
    return HIDDEN_PHOTO if suffix in SUFFIXES and not name.startswith(APPLE_DOUBLE) else ""


def _listed_in(folder: Path, others: Counter[str]) -> Mapping[str, object]:
    """Give what a folder's manifest lists, and count it."""
    try:
        listed = tm.kit_files(folder)
    except tm.KitError as error:
        raise FilesFailure(str(error)) from error
    if listed:
        others[f"in kit {click.format_filename(folder)}"] += len(listed)
    return listed


def _refuse(error: OSError) -> None:
    """End the command: a folder that is closed would be a gap in the kit."""
    raise FilesFailure(f"{error.filename}: folder cannot be read: {tm.why(error)}") from error
