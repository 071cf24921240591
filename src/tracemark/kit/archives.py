"""Put a recipient's copies into one archive."""

import hashlib
import os
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracemark.errors import OutputError, why
from tracemark.kit.entries import ArchiveEntry, CopyEntry
from tracemark.kit.folder import NO_FILE, hash_file, make_folder, may_be_there, nowhere_to_write
from tracemark.kit.manifest import Manifest
from tracemark.kit.task import Failure, KitCopy, Notice
from tracemark.new_file import draft_beside, settle

__all__ = [
    "MadeArchive",
    "earlier_archives",
    "holdings",
    "make_archives",
    "outdated",
    "tell_of_outdated",
    "write_archive",
]

PIECE_BYTES = 1 << 20  # read at a time
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a ZIP file can say; the same files then make the same archive
MODE = 0o644 << 16  # where a ZIP file keeps a file's permissions, APPNOTE 4.4.15


@dataclass(frozen=True, slots=True)
class MadeArchive:
    """An archive that is whole and in its place."""

    recipient: int
    """Whose copies it holds."""

    file: str
    """Its name inside the kit's folder."""

    sha256: bytes
    """SHA-256 of the file's bytes."""

    size: int
    """Bytes of the file."""


def make_archives(
    manifest: Manifest,
    names: Mapping[int, str],
    copies: Iterable[KitCopy],
    *,
    lost: set[int],
    force: bool,
    stop: threading.Event,
) -> Iterator[MadeArchive | Failure]:
    """Put all copies of a recipient into one archive.

    Parameters
    ----------
    manifest : Manifest
        What the kit holds; archives are added to it.
    names : mapping
        Recipient -> name of the archive, inside the kit's folder.
    copies : iterable of KitCopy
        What was ordered.  What else the kit lists for a recipient goes in, too, but for a copy of the same photo, made
        with the same key and in the same way, under a name that was corrected since.
    lost : set of int
        Recipients of whose copies one failed: they have no archive until all is well.
    force : bool
        Whether files that are not ours are replaced.
    stop : threading.Event
        When set, no more is begun.

    Yields
    ------
    MadeArchive or Failure
        One for each name.

    Raises
    ------
    OutputError
        When nothing can be written any more.
    """
    held = holdings(manifest, copies)
    for recipient, file in names.items():
        if stop.is_set():
            return
        if recipient in lost:
            words = f"archive must hold all copies of recipient {recipient}, and some failed; it was not made"
            yield Failure(manifest.out / file, words)
            continue
        try:
            archive = _make_archive(manifest, recipient, file, held[recipient], force=force)
        except OutputError as error:
            if nowhere_to_write(error):
                raise
            yield Failure(manifest.out / file, str(error))
        else:
            yield archive


def holdings(manifest: Manifest, copies: Iterable[KitCopy]) -> dict[int, dict[str, str]]:
    """Find what each recipient's archive is to hold.

    Parameters
    ----------
    manifest : Manifest
        What the kit holds.
    copies : iterable of KitCopy
        What is ordered, as for :func:`make_archives`.

    Returns
    -------
    holdings : dict
        Recipient -> names of copies that are there, in order, and their SHA-256, hexadecimal.
    """
    ordered = {copy.file for copy in copies}
    there = [entry for entry in manifest.entries.values() if isinstance(entry, CopyEntry)]
    there = [entry for entry in there if may_be_there(manifest.out / entry.file)]
    renewed = {entry.made_as for entry in there if entry.file in ordered}
    held: dict[int, dict[str, str]] = defaultdict(dict)
    for entry in sorted(there, key=lambda entry: entry.file):
        if entry.file in ordered or entry.made_as not in renewed:
            held[entry.recipient][entry.file] = entry.sha256
    return held


def outdated(manifest: Manifest, names: Mapping[int, str], copies: Iterable[KitCopy]) -> list[ArchiveEntry]:
    """Find the archives of earlier orders that hold something else than their recipients' copies.

    Parameters
    ----------
    manifest : Manifest
        What the kit holds.
    names : mapping
        Recipient -> name of the archives that are ordered, which are passed over.
    copies : iterable of KitCopy
        What is ordered, as for :func:`make_archives`.

    Returns
    -------
    archives : list of ArchiveEntry
        Those that are there.
    """
    earlier = earlier_archives(manifest, names)
    if not earlier:
        return []
    held = holdings(manifest, copies)
    return [one for one in earlier if one.holds != held[one.recipient]]


def earlier_archives(manifest: Manifest, names: Mapping[int, str]) -> list[ArchiveEntry]:
    """List the archives of earlier orders that are there; those that are ordered now, by names, are passed over."""
    ordered = set(names.values())
    earlier = [entry for entry in manifest.entries.values() if isinstance(entry, ArchiveEntry)]
    return [one for one in earlier if one.file not in ordered and may_be_there(manifest.out / one.file)]


def tell_of_outdated(out: Path, archives: Sequence[ArchiveEntry]) -> tuple[Notice, ...]:
    """Say that archives may go out which do not hold what their recipients are to have now.

    Parameters
    ----------
    out : Path
        The kit's folder.
    archives : sequence of ArchiveEntry
        As :func:`outdated` finds them.

    Returns
    -------
    notices : tuple of Notice
        One, or none where there are no such archives.
    """
    if not archives:
        return ()
    names = f"{archives[0].file} and {len(archives) - 1} more do" if archives[1:] else f"{archives[0].file} does"
    words = f"archives must hold what the kit has for their recipients now, and {names} not"
    return (Notice(out, f"{words}; an order with archives (--zip) makes them anew"),)


def _make_archive(
    manifest: Manifest, recipient: int, file: str, holds: Mapping[str, str], *, force: bool
) -> MadeArchive:
    """Make one archive, unless it is there and holds the same."""
    path, known = manifest.out / file, manifest.entries.get(file)
    ours = isinstance(known, ArchiveEntry) and _hash_there(path) == known.sha256
    if ours and isinstance(known, ArchiveEntry) and known.holds == holds:
        return MadeArchive(recipient, file, bytes.fromhex(known.sha256), known.bytes)
    sha256, size = write_archive(path, out=manifest.out, files=holds, replaced=force or ours)
    manifest.add([ArchiveEntry(file, sha256.hex(), size, recipient, holds)])
    return MadeArchive(recipient, file, sha256, size)


def _hash_there(path: Path) -> str:
    """Hash an archive, hexadecimal; empty when there is none."""
    try:
        return hash_file(path).hex() if path.is_file() else ""
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {why(error)}") from error


def write_archive(path: Path, *, out: Path, files: Mapping[str, str], replaced: bool) -> tuple[bytes, int]:
    """Write a ZIP file, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to.
    out : Path
        The kit's folder.
    files : mapping
        What goes into it: name inside that folder -> SHA-256 that it must have, hexadecimal.  Nothing is compressed:
        photos are already.
    replaced : bool
        Whether a file that is there may be replaced by one with other bytes.

    Returns
    -------
    sha256, size : bytes, int
        Of the file; the same files in the same order always give the same.

    Raises
    ------
    OutputError
        When it cannot be written, a copy was changed, or another file, or what is no file, has its name.
    """
    draft = draft_beside(path)
    try:
        try:
            make_folder(path.parent)
            with draft.open("xb") as opened:
                with zipfile.ZipFile(opened, "w") as archive:
                    for file, listed in files.items():
                        _add(archive, out / file, file, listed)
                opened.flush()
                os.fsync(opened.fileno())
            sha256 = hash_file(draft)
            if path.exists() and not path.is_file():
                raise OutputError(f"{path} {NO_FILE}")
            if not replaced and path.exists() and hash_file(path) != sha256:
                raise OutputError(f"{path} exists already and is not this archive; force replaces it")
            draft.replace(path)
            settle(path.parent)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return sha256, path.stat().st_size
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from error


def _add(archive: zipfile.ZipFile, source: Path, name: str, sha256: str) -> None:
    """Put one file in, piece by piece; what was changed since it was listed must not go out."""
    entry = zipfile.ZipInfo(os.fsencode(name).decode(errors="replace"), date_time=EARLIEST)
    entry.external_attr = MODE
    entry.file_size = source.stat().st_size
    hashed = hashlib.sha256()
    with source.open("rb") as file, archive.open(entry, "w") as member:
        while piece := file.read(PIECE_BYTES):
            hashed.update(piece)
            member.write(piece)
    if hashed.hexdigest() != sha256:
        raise OutputError(f"{source} must have SHA-256 {sha256} as when it was made, and was changed")
