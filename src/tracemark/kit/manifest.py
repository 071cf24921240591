"""Keep the list of what is in a kit: a line for each file once it is in its place, and sums that anybody can check."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from tracemark.errors import KitError, OutputError
from tracemark.media.photo import write_atomically

__all__ = ["MANIFEST", "SUMS", "ArchiveEntry", "CopyEntry", "Manifest", "clear_drafts", "hash_file", "open_manifest"]

MANIFEST = "manifest.jsonl"
SUMS = "SHA256SUMS"
COPY = "tracemark.kit.copy/1"
ARCHIVE = "tracemark.kit.archive/1"
DRAFT = re.compile(r"\.tracemark-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """What the manifest says of a copy."""

    file: str
    """Its name inside the kit's folder."""

    sha256: str
    """SHA-256 of its bytes, hexadecimal."""

    bytes: int
    """How many there are."""

    recipient: int
    """Whose it is."""

    photo: str
    """Name of the photo's file."""

    photo_sha256: str
    """SHA-256 of the photo's file, hexadecimal."""

    key: str
    """ID of the key."""

    quality: int | None
    """JPEG quality that was asked for; None for the photo's own."""

    software: str
    """Name and version of the program."""

    checked: Mapping[str, Any] | None
    """How it was read back; None when it was not."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """What the manifest says of an archive."""

    file: str
    """Its name inside the kit's folder."""

    sha256: str
    """SHA-256 of its bytes, hexadecimal."""

    bytes: int
    """How many there are."""

    recipient: int
    """Whose copies it holds."""

    holds: Mapping[str, str] = field(default_factory=dict)
    """Name of each copy in it -> SHA-256."""


Entry = CopyEntry | ArchiveEntry
KINDS: dict[str, type[CopyEntry] | type[ArchiveEntry]] = {COPY: CopyEntry, ARCHIVE: ArchiveEntry}


class Manifest:
    """The files of a kit; :func:`open_manifest` gives one."""

    def __init__(self, out: Path, entries: dict[str, Entry], journal: IO[bytes] | None) -> None:
        self.out = out
        self.entries = entries
        self._journal = journal

    def add(self, entries: Iterable[Entry]) -> None:
        """List files that are whole and in their places, for good: this lasts through a power cut.

        Parameters
        ----------
        entries : iterable of CopyEntry or ArchiveEntry
            One that has the name of an earlier one takes its place.

        Raises
        ------
        OutputError
            When the manifest cannot be written.
        """
        listed = list(entries)
        if not listed:
            return
        path = self.out / MANIFEST
        try:
            if self._journal is None:
                self._journal = path.open("ab")
            self._journal.write(b"".join(_line(entry) for entry in listed))
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
        self.entries.update({entry.file: entry for entry in listed})

    def finish(self) -> None:
        """Write the manifest anew, a line for each file that is there, and the sums.

        Raises
        ------
        OutputError
            When one of them cannot be written; the manifest is whole then, too.
        """
        self.close()
        there = sorted(file for file in self.entries if (self.out / file).is_file())
        if there or (self.out / MANIFEST).exists():
            write_atomically(self.out / MANIFEST, b"".join(_line(self.entries[file]) for file in there))
            sums = (f"{self.entries[file].sha256}  ".encode() + os.fsencode(file) + b"\n" for file in there)
            write_atomically(self.out / SUMS, b"".join(sums))

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        if self._journal is not None:
            # Every line was flushed when it was written: a full disk has been complained of.
            with suppress(OSError):
                self._journal.close()
            self._journal = None


@contextmanager
def open_manifest(out: Path) -> Iterator[Manifest]:
    """Open the manifest of a kit, which nobody else may write meanwhile.

    Parameters
    ----------
    out : Path
        The kit's folder; it is made when it is not there, and removed when nothing came of it.

    Yields
    ------
    manifest : Manifest
        What is listed.  A last line that was cut short by a crash is left out.

    Raises
    ------
    KitError
        When it is damaged, or the kit is being written by another program.
    OutputError
        When the folder cannot be made.
    """
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be made: {(error.strerror or str(error)).lower()}") from error
    try:
        with _locked(out):
            manifest = Manifest(out, _read(out / MANIFEST), None)
            try:
                yield manifest
            finally:
                manifest.close()
    finally:
        if made:
            # Not empty: then something did come of it.
            with suppress(OSError):
                out.rmdir()


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


def _line(entry: Entry) -> bytes:
    """Write an entry; a name that is no text is escaped."""
    schema = next(schema for schema, kind in KINDS.items() if isinstance(entry, kind))
    return json.dumps({"schema": schema, **asdict(entry)}, allow_nan=False).encode() + b"\n"


def _read(path: Path) -> dict[str, Entry]:
    """Read all entries; a later one of the same file counts."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KitError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    *lines, rest = data.split(b"\n")
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        try:
            fields = json.loads(line)
            entry = KINDS[fields.pop("schema")](**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise KitError(
                f"{path}, line {number}, cannot be read; remove the line, and its copy is made anew"
            ) from error
        entries[entry.file] = entry
    if rest:
        # Whoever wrote this was killed: the file behind it is made again, compared, and listed.
        os.truncate(path, len(data) - len(rest))
    return entries


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other programs from writing the same kit, where the system can do that."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KitError(f"kit {folder} is being written by another program; wait for it to end") from error
        except OSError:
            pass
        yield
    finally:
        os.close(opened)
