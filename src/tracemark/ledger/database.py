"""Open a database file without harm to it, and say in plain words why something failed."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracemark.errors import LedgerError, why
from tracemark.file_kind import is_special
from tracemark.new_file import OWNER_ONLY, draft_beside, put_in_place

__all__ = ["as_text", "check_file", "connect", "create_file", "is_there", "plain_words", "snapshot", "transaction"]

SIDE_FILES = ("-wal", "-shm")  # what SQLite keeps beside a database while it is open

# SQLite's file format, section 1.3: what stands where in the first 100 bytes
HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
PAGE_SIZE_AT = slice(16, 18)
PAGES_AT = slice(28, 32)
VERSION_AT = slice(60, 64)
APPLICATION_AT = slice(68, 72)
LARGEST_PAGE = 65536  # bytes; written as 1

SETTINGS = (
    "foreign_keys = ON",
    "recursive_triggers = ON",  # without it, REPLACE would remove rows behind the triggers' backs
    "secure_delete = ON",  # what is removed is overwritten with zeros
    "synchronous = FULL",  # a copy that was recorded stays so when the power fails
    "trusted_schema = OFF",  # a ledger may come from strangers
    "cell_size_check = ON",
)

PART = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part", "RELEASE part")  # of a transaction: names may nest
SIDE_BYTES = 1 << 16  # a disk with less room has none for the -shm file, or for what is written
PRIMARY = 0xFF  # the low byte of SQLite's extended result codes
SENTENCES = {
    sqlite3.SQLITE_BUSY: "is being written by another program, which did not finish in time",
    sqlite3.SQLITE_LOCKED: "is being written by another program, which did not finish in time",
    sqlite3.SQLITE_READONLY: "cannot be written: it, or the folder it is in, is read-only",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is damaged",
    sqlite3.SQLITE_FULL: "cannot be written: no space is left",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
}
OTHER_THREAD = "created in a thread"  # what tells Python's own refusal from its others: none has a code
CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


def is_there(path: Path) -> bool:
    """Tell whether there is such a file; where nobody lets us look, opening or making it will say why."""
    try:
        return path.exists()
    except OSError:
        return False


def check_file(path: Path, *, application: int, newest: int) -> None:
    """Refuse a file that is no ledger, or one that cannot be understood, before SQLite touches it.

    Parameters
    ----------
    path : Path
        The file; it is only read.
    application : int
        The application ID it must have.
    newest : int
        The highest version that is understood.

    Raises
    ------
    LedgerError
        When it must not be opened.
    """
    try:
        if is_special(path):
            raise LedgerError(f"ledger {path} must be a file, and is a device or a pipe")
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise LedgerError(f"ledger {path} cannot be read: {why(error)}") from error
    if not header:
        raise LedgerError(f"ledger {path} is empty")
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise LedgerError(f"{path} is not a ledger, or its beginning is damaged")
    if int.from_bytes(header[APPLICATION_AT], "big") != application:
        raise LedgerError(f"{path} is not a ledger but another program's database")
    version = int.from_bytes(header[VERSION_AT], "big")
    if version > newest:
        raise LedgerError(f"ledger {path} must be of version {newest} or older, not {version}; update tracemark")
    page = int.from_bytes(header[PAGE_SIZE_AT], "big")
    whole = (LARGEST_PAGE if page == 1 else page) * int.from_bytes(header[PAGES_AT], "big")
    # While changes wait in the -wal file, the database may rightly be shorter than it will be.
    if size < whole and not _changes_wait(path):
        raise LedgerError(f"ledger {path} is damaged: it must have {whole} bytes, not {size}")


def connect(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """Open a database that exists; where nothing may be written, for reading only.

    Parameters
    ----------
    path : Path
        The file.
    timeout_s : float
        How long to wait while another program writes, seconds.

    Returns
    -------
    connection : sqlite3.Connection
        Transactions are begun and ended by :func:`transaction` alone.
    """
    if _may_write(path) or any(map(is_there, _side_files(path))):
        try:
            return _connect(path, "mode=rw", timeout_s)
        except sqlite3.OperationalError as error:
            # In a folder that is closed to us, or full, SQLite cannot keep its -shm file. Where no changes wait it
            # needs none.
            if error.sqlite_errorcode & PRIMARY not in CLOSED or _changes_wait(path):
                raise
    # Side files of a ledger that is write-protected would be so, too, and stay: nobody could write it ever after.
    return _connect(path, "mode=ro&immutable=1", timeout_s)


@contextmanager
def create_file(path: Path, *, application: int) -> Iterator[sqlite3.Connection]:
    """Make a database that is there whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; a file that is there by then is left alone.
    application : int
        The application ID it gets.

    Yields
    ------
    connection : sqlite3.Connection
        An empty database, for whoever lays out the tables; it appears in its place afterwards.
    """
    draft = draft_beside(path, private=True)
    try:
        for stale in (path.with_name(path.name + suffix) for suffix in SIDE_FILES):
            # SQLite would take it for the new ledger's own.
            if stale.exists() and not path.exists():
                words = f"beside {stale.name}, which another ledger left; remove it"
                raise LedgerError(f"ledger {path} cannot be made {words}")
        # Names and addresses are nobody else's business.
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        connection = _connect(draft, "mode=rw", 0)
        try:
            connection.execute(f"PRAGMA application_id = {application}")
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            yield connection
            # Only the draft gets the name: what found no room in it would be lost with its -wal file, without a word.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        # Somebody else was quicker, and theirs will do.
        with suppress(FileExistsError):
            put_in_place(draft, path)
    except OSError as error:
        raise LedgerError(f"ledger {path} cannot be made: {why(error)}") from error
    finally:
        for suffix in ("", *SIDE_FILES):
            with suppress(OSError):
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do everything inside, or nothing; one program at a time.  Inside another one it is a part of that."""
    steps = PART if connection.in_transaction else ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
    with _between(connection, *steps):
        yield


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read everything inside as it was at the first reading, whatever others write; they need not wait for it."""
    if connection.in_transaction:
        yield
        return
    with _between(connection, "BEGIN DEFERRED", "COMMIT", "ROLLBACK"):
        yield


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite complains of into a sentence about the ledger."""
    try:
        yield
    except sqlite3.Error as error:
        if OTHER_THREAD in str(error):
            words = "must be used by the thread that opened it; open it again in the other one"
            raise LedgerError(f"ledger {path} {words}") from error
        code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
        raise LedgerError(f"ledger {path} {_sentence(path, code)} ({error})") from error
    except (UnicodeDecodeError, OverflowError) as error:
        # Python's door to SQLite chokes on damaged text, even when it stands in a complaint about the damage.
        raise LedgerError(f"ledger {path} is damaged ({error})") from error


def as_text(name: str) -> str:
    """Write a file's name as text that can be kept: bytes that are no text become escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


@contextmanager
def _between(connection: sqlite3.Connection, begin: str, keep: str, *undo: str) -> Iterator[None]:
    """Begin something, and keep it or undo it."""
    connection.execute(begin)
    try:
        yield
        connection.execute(keep)
    except BaseException:
        with suppress(sqlite3.Error):
            for step in undo:
                connection.execute(step)
        raise


def _connect(path: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    """Open a database; it is never created here."""
    place = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(place, uri=True, timeout=timeout_s, isolation_level=None)
    try:
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        # SQLite opens the file when it is first read.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _sentence(path: Path, code: int) -> str:
    """Say what a result code of SQLite means here: it calls a disk without room by several names."""
    closed = [beside.name for beside in _side_files(path) if is_there(beside) and not _may_write(beside)]
    if code == sqlite3.SQLITE_READONLY and closed and _may_write(path):
        return f"cannot be written: {' and '.join(closed)} beside it must be writable, too"
    with suppress(OSError):
        if code in CLOSED and shutil.disk_usage(path.absolute().parent).free < SIDE_BYTES:
            code = sqlite3.SQLITE_FULL
    return SENTENCES.get(code, "cannot be used")


def _may_write(path: Path) -> bool:
    """Tell whether a file's mode lets this program write it."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _side_files(path: Path) -> list[Path]:
    """Name what SQLite keeps beside a ledger that is open: where a link leads is where it does."""
    place = path.resolve()
    return [place.with_name(place.name + suffix) for suffix in SIDE_FILES]


def _changes_wait(path: Path) -> bool:
    """Tell whether the file holds less than what was written, because the rest is still in the -wal file."""
    try:
        return _side_files(path)[0].stat().st_size > 0
    except OSError:
        return False
