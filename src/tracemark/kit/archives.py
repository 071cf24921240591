"""Put a recipient's copies into one archive."""

import hashlib
import os
import secrets
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracemark.errors import OutputError
from tracemark.kit.manifest import ArchiveEntry, CopyEntry, Manifest, hash_file
from tracemark.kit.task import Failure

__all__ = ["MadeArchive", "make_archives", "write_archive"]

TOKEN_BYTES = 8  # random bytes in the name of a draft
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
    manifest: Manifest, names: Mapping[int, str], *, lost: set[int], force: bool
) -> Iterator[MadeArchive | Failure]:
    """Put everything that a kit holds for a recipient into one archive.

    Parameters
    ----------
    manifest : Manifest
        What the kit holds; archives are added to it.
    names : mapping
        Recipient -> name of the archive, inside the kit's folder.
    lost : set of int
        Recipients of whose copies one failed: they have no archive until all is well.
    force : bool
        Whether files that are not ours are replaced.

    Yields
    ------
    MadeArchive or Failure
        One for each name.
    """
    holdings: dict[int, dict[str, str]] = defaultdict(dict)
    for entry in sorted(manifest.entries.values(), key=lambda entry: entry.file):
        if isinstance(entry, CopyEntry) and (manifest.out / entry.file).is_file():
            holdings[entry.recipient][entry.file] = entry.sha256
    for recipient, file in names.items():
        path, holds = manifest.out / file, holdings[recipient]
        if recipient in lost:
            words = f"archive must hold all copies of recipient {recipient}, and some failed; it was not made"
            yield Failure(path, words)
            continue
        known = manifest.entries.get(file)
        ours = isinstance(known, ArchiveEntry) and path.is_file() and hash_file(path).hex() == known.sha256
        if ours and isinstance(known, ArchiveEntry) and known.holds == holds:
            yield MadeArchive(recipient, file, bytes.fromhex(known.sha256), known.bytes)
            continue
        try:
            sha256, size = write_archive(path, out=manifest.out, files=holds, replaced=force or ours)
        except OutputError as error:
            yield Failure(path, str(error))
            continue
        manifest.add([ArchiveEntry(file, sha256.hex(), size, recipient, holds)])
        yield MadeArchive(recipient, file, sha256, size)


def write_archive(path: Path, *, out: Path, files: Iterable[str], replaced: bool) -> tuple[bytes, int]:
    """Write a ZIP file, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to.
    out : Path
        The kit's folder.
    files : iterable of str
        What goes into it, by the names inside that folder.  Nothing is compressed: photos are already.
    replaced : bool
        Whether a file that is there may be replaced by one with other bytes.

    Returns
    -------
    sha256, size : bytes, int
        Of the file; the same files in the same order always give the same.

    Raises
    ------
    OutputError
        When it cannot be written, or another file has its name.
    """
    draft = path.with_name(f".tracemark-{secrets.token_hex(TOKEN_BYTES)}")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as opened:
                with zipfile.ZipFile(opened, "w") as archive:
                    for file in files:
                        _add(archive, out / file, file)
                opened.flush()
                os.fsync(opened.fileno())
            with draft.open("rb") as opened:
                sha256 = hashlib.file_digest(opened, "sha256").digest()
            if path.exists() and not replaced:
                with path.open("rb") as there:
                    if hashlib.file_digest(there, "sha256").digest() != sha256:
                        raise OutputError(f"{path} exists already; --force replaces it")
            draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return sha256, path.stat().st_size
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    """Put one file in, piece by piece."""
    entry = zipfile.ZipInfo(name, date_time=EARLIEST)
    entry.external_attr = MODE
    entry.file_size = source.stat().st_size
    with source.open("rb") as file, archive.open(entry, "w") as member:
        while piece := file.read(PIECE_BYTES):
            member.write(piece)
