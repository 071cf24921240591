"""Know whose copy a file is: a copy that was marked again would carry both marks, and name either guest."""

from __future__ import annotations  # a ledger is named, not fetched: looking for photos needs none

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tracemark.arguments import checked_path
from tracemark.errors import KitError, why
from tracemark.kit.entries import ARCHIVE, COPY, CopyEntry, Entry, read_line
from tracemark.kit.folder import MANIFEST

if TYPE_CHECKING:
    from tracemark.ledger.ledger import Ledger

__all__ = ["Owners", "kit_files"]

SCHEMAS = (COPY.encode(), ARCHIVE.encode())


def kit_files(folder: str | os.PathLike[str]) -> Mapping[str, Entry]:
    """Read what a folder's manifest lists.

    Parameters
    ----------
    folder : path-like
        Any folder.

    Returns
    -------
    files : mapping
        Name inside the folder -> what the manifest says of it.  Lines that are no entries are passed over, whatever
        has happened to them; so it is empty when there is no manifest, or another program's.

    Raises
    ------
    KitError
        When there is one and it cannot be read: nobody knows then what is a copy.
    """
    path = checked_path(folder, "folder", refuse=KitError) / MANIFEST
    files: dict[str, Entry] = {}
    try:
        if path.is_file():
            with path.open("rb") as lines:
                for line in lines:
                    if any(schema in line for schema in SCHEMAS):
                        with suppress(ValueError):
                            entry = read_line(line)
                            files[entry.file] = entry
    except OSError as error:
        # In a folder that is closed nobody sees whether there is one.
        which = f"folder {path.parent}" if isinstance(error, PermissionError) and not files else path
        raise KitError(f"{which} cannot be read: {why(error)}") from error
    return files


class Owners:
    """Knows whose copies files are: by the kit being written, by the kits they lie in, and by a ledger.

    Parameters
    ----------
    out : Path
        Folder of the kit being written.
    ledger : Ledger, optional
        Where copies are recorded.
    listed : mapping, optional
        What the kit being written lists, where that was read already.
    """

    def __init__(self, out: Path, ledger: Ledger | None = None, *, listed: Mapping[str, Entry] | None = None) -> None:
        self._out, self._ledger = out, ledger
        self._kits: dict[Path, tuple[dict[str, CopyEntry], dict[str, CopyEntry]]] = {}
        if listed is not None:
            self._kits[out] = _copies_of(listed)

    def refusal(self, file: Path, sha256: bytes) -> str:
        """Say why a file is not taken for a photo.

        Parameters
        ----------
        file : Path
            The file.
        sha256 : bytes
            SHA-256 of its bytes.

        Returns
        -------
        sentence : str
            Whose copy it is; empty when nothing is known of it.

        Raises
        ------
        KitError
            When a manifest cannot be read.
        LedgerError
            When the ledger cannot be read.
        """
        real = Path(os.path.realpath(file))
        for folder in dict.fromkeys((self._out, *file.absolute().parents, *real.parents)):
            by_name, by_hash = self._copies(folder)
            known = by_hash.get(sha256.hex())
            if known is None and real.is_relative_to(os.path.realpath(folder)):
                # Somebody may have saved it again: the mark is still in it.
                known = by_name.get(real.relative_to(os.path.realpath(folder)).as_posix())
            if known is not None:
                return f"photo must be no copy, and is recipient {known.recipient}'s, {folder / known.file}"
        recorded = None if self._ledger is None else next(self._ledger.copies(sha256=sha256), None)
        if recorded is not None:
            return f"photo must be no copy, and the ledger has it as recipient {recorded.recipient}'s, {recorded.file}"
        return ""

    def _copies(self, folder: Path) -> tuple[dict[str, CopyEntry], dict[str, CopyEntry]]:
        """Give the copies of a kit by their names and by their hashes."""
        if folder not in self._kits:
            self._kits[folder] = _copies_of(kit_files(folder))
        return self._kits[folder]


def _copies_of(listed: Mapping[str, Entry]) -> tuple[dict[str, CopyEntry], dict[str, CopyEntry]]:
    """Pick the copies from what a kit lists, by their names and by their hashes."""
    copies = {file: entry for file, entry in listed.items() if isinstance(entry, CopyEntry)}
    return copies, {entry.sha256: entry for entry in copies.values()}
