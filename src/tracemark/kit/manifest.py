"""Keep the list of what is in a kit: a line for each file once it is in its place, and sums that anybody can check."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tracemark.errors import KitError, OutputError, why
from tracemark.kit.entries import BEGINNING, Entry, read_line, sum_line, write_line
from tracemark.kit.folder import MANIFEST, SUMS, in_the_way, may_be_there, open_folder
from tracemark.new_file import settle, write_atomically

__all__ = ["Manifest", "open_manifest", "read_manifest"]


class Manifest:
    """The files of a kit; :func:`open_manifest` and :func:`read_manifest` give one."""

    def __init__(self, out: Path, entries: dict[str, Entry], *, cut: int | None = None, unended: bool = False) -> None:
        self.out = out
        self.entries = entries
        self._cut = cut
        self._unended = unended
        self._journal: IO[bytes] | None = None

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
                new = not path.exists()
                self._journal = path.open("ab")
                if new:
                    settle(self.out)
                if self._cut is not None:
                    # Whoever wrote half a line was killed: the file behind it is made again, compared, and listed.
                    self._journal.truncate(self._cut)
                    self._cut = None
                if self._unended:
                    self._journal.write(b"\n")
                    self._unended = False
            self._journal.write(b"".join(write_line(entry) for entry in listed))
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {why(error)}") from error
        self.entries.update({entry.file: entry for entry in listed})

    def finish(self) -> None:
        """Write the manifest anew, a line for each file that is there, and the sums; neither when nothing was listed.

        Raises
        ------
        OutputError
            When one of them cannot be written; the manifest is whole then, too.
        """
        self.close()
        there = sorted(file for file in self.entries if may_be_there(self.out / file))
        if self.entries:
            _write_anew(self.out / MANIFEST, b"".join(write_line(self.entries[file]) for file in there))
            _write_anew(self.out / SUMS, b"".join(sum_line(self.entries[file]) for file in there))

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
        The kit's folder; it is made when it is not there, and removed when nothing came of it, as :func:`open_folder`
        does.

    Yields
    ------
    manifest : Manifest
        What is listed.  A last line that was cut short by a crash is left out; one that lacks only its end is not.

    Raises
    ------
    KitError
        When it is damaged or another program's, there are sums without it, or the kit is being written by another
        program.
    OutputError
        When the folder cannot be made.
    """
    with open_folder(out):
        manifest = read_manifest(out)
        try:
            yield manifest
        finally:
            manifest.close()


def read_manifest(out: Path) -> Manifest:
    """Read the manifest of a kit as :func:`open_manifest` does, and leave its folder as it is, or make none.

    Parameters
    ----------
    out : Path
        The kit's folder.

    Returns
    -------
    manifest : Manifest
        What is listed; whoever is to add to it opens it.

    Raises
    ------
    KitError
        When it is damaged or another program's, or there are sums without it.
    OutputError
        When the folder cannot be, since something else has its name, or that of one it is to lie in.
    """
    words = in_the_way(out)
    if words:
        raise OutputError(words)
    entries, cut, unended = _read(out / MANIFEST)
    if not entries:
        _refuse_sums(out / SUMS)
    return Manifest(out, entries, cut=cut, unended=unended)


def _read(path: Path) -> tuple[dict[str, Entry], int | None, bool]:
    """Read all entries, of which a later one of the same file counts; where half a line begins; whether one has no end.

    What stripped the end of the last line may be an editor: its copy is listed, and would be forgotten.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}, None, False
    except OSError as error:
        raise KitError(f"{path} cannot be read: {why(error)}") from error
    *lines, rest = data.split(b"\n")
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        try:
            entry = read_line(line)
        except ValueError as error:
            words = f"{path}, line {number}, cannot be read; remove the line, and its copy is made anew"
            raise KitError(words if entries or _is_ours(lines, rest) else _foreign(path)) from error
        entries[entry.file] = entry
    if not entries and not _is_ours(lines, rest):
        raise KitError(_foreign(path))
    try:
        entry = read_line(rest)
    except ValueError:
        return entries, len(data) - len(rest) if rest else None, False
    return {**entries, entry.file: entry}, None, True


def _is_ours(lines: Sequence[bytes], rest: bytes) -> bool:
    """Tell whether any line begins as a kit's do; of a file that is one line, half of that beginning is enough."""
    begun = not lines and BEGINNING.startswith(rest)
    return begun or any(line.startswith(BEGINNING) for line in (*lines, rest))


def _foreign(path: Path) -> str:
    """Say that a manifest is another program's."""
    return f"{path} must list the files of a kit, and holds something else; move it out of the folder"


def _refuse_sums(path: Path) -> None:
    """Refuse sums that stand alone: they are somebody else's, and would be written over."""
    if path.exists() and (not path.is_file() or path.stat().st_size):
        raise KitError(f"{path} must stand beside the {MANIFEST} it was written with; move it out of the folder")


def _write_anew(path: Path, data: bytes) -> None:
    """Write a file if it is to hold anything else than it does: a kit that is done may be on a disk that is closed."""
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass  # it is not there, or writing it will tell
    write_atomically(path, data)
