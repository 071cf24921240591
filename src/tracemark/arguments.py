"""Refuse arguments that cannot be meant, in words: what must be, and what was."""

import math
import operator
import os
from numbers import Real
from pathlib import Path
from typing import TypeVar

from tracemark.errors import TracemarkError

__all__ = [
    "checked_bytes",
    "checked_file",
    "checked_float",
    "checked_hash",
    "checked_kind",
    "checked_number",
    "checked_path",
    "checked_seconds",
    "checked_text",
    "checked_whole",
    "shown",
]

HASH_BYTES = 32  # of BLAKE2b digests and SHA-256 hashes alike
SIGNED_BITS = 64  # of the largest whole number that SQLite holds, its sign included
LONGEST_PART = 255  # characters; Linux, macOS and Windows take no more, be they bytes or units of UTF-16
LONGEST_FILE = 4096  # the same of all parts together: PATH_MAX of Linux

Kind = TypeVar("Kind")


def checked_bytes(data: object, name: str, *, refuse: type[TracemarkError]) -> bytes | bytearray | memoryview:
    """Refuse what does not hold bytes, as text does not; the arguments are those of :func:`checked_kind`."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise refuse(f"{name} must be bytes, not {type(data).__name__}")
    return data


def checked_file(value: object, name: str, *, refuse: type[TracemarkError]) -> str:
    """Refuse what no file can be called; the arguments are those of :func:`checked_kind`.

    Bytes that are no text, of which Python makes surrogates from ``U+DC80`` to ``U+DCFF``, may be in a file's name.
    """
    text = checked_kind(value, str, name, refuse=refuse)
    longest = max(map(len, text.split("/")))
    if longest > LONGEST_PART or len(text) > LONGEST_FILE:
        raise refuse(
            f"{name} must have at most {LONGEST_PART} characters in each part and {LONGEST_FILE} in all, not {longest}"
            f" and {len(text)}"
        )
    try:
        data = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        data = b""
    if not data or b"\0" in data:
        raise refuse(f"{name} must be what a file can be called, not {text!a}")
    return text


def checked_float(value: object, name: str, *, refuse: type[TracemarkError]) -> float:
    """Refuse what is no number, or NaN, or infinite; the arguments are those of :func:`checked_kind`."""
    number = checked_kind(value, float, name, refuse=refuse)
    if not math.isfinite(number):
        raise refuse(f"{name} must be a finite number, not {number}")
    return number


def checked_hash(value: object, name: str, *, refuse: type[TracemarkError]) -> bytes:
    """Refuse what is no hash: nothing would be found under it, and that would look like an answer.

    The arguments are those of :func:`checked_kind`.
    """
    if not isinstance(value, bytes) or len(value) != HASH_BYTES:
        given = len(value) if isinstance(value, bytes) else shown(value)
        raise refuse(f"{name} must be {HASH_BYTES} bytes, not {given}")
    return value


def checked_kind(value: object, kind: type[Kind], name: str, *, refuse: type[TracemarkError]) -> Kind:
    """Refuse what is of another kind than it must be.

    Parameters
    ----------
    value : object
        The argument.
    kind : type
        What it must be.
    name : str
        What the caller calls it.
    refuse : type
        Error to raise.

    Returns
    -------
    value : object
        The same.

    Raises
    ------
    TracemarkError
        Of the type that was given, when it is something else.
    """
    if not isinstance(value, kind):
        raise refuse(f"{name} must be of type {kind.__name__}, not {type(value).__name__}")
    return value


def checked_path(path: object, name: str, *, refuse: type[TracemarkError]) -> Path:
    """Give a path, or what is taken for one, as a path.

    Parameters
    ----------
    path : object
        The argument.
    name : str
        What the caller calls it.
    refuse : type
        Error to raise.

    Returns
    -------
    path : Path

    Raises
    ------
    TracemarkError
        Of the type that was given, when it is none, or no file can have such a name.
    """
    if not isinstance(path, str | os.PathLike):
        raise refuse(f"{name} must be a path, not {type(path).__name__}")
    written = os.fspath(path)
    if isinstance(written, bytes):
        raise refuse(f"{name} must be a path of letters, not of bytes")
    try:
        impossible = b"\0" in os.fsencode(written)
    except UnicodeEncodeError:
        impossible = True
    if impossible:
        raise refuse(f"{name} must be a path, and no file can have the name {written!r}")
    return Path(path)


def checked_seconds(value: object, name: str, *, most: int, refuse: type[TracemarkError]) -> float:
    """Refuse what is no number of seconds from 0 to `most`; the others are the arguments of :func:`checked_kind`."""
    try:
        seconds = float(value) if not isinstance(value, bool) and isinstance(value, Real) else math.nan
    except OverflowError:
        seconds = math.inf
    if not 0 <= seconds <= most:
        raise refuse(f"{name} must be a number of seconds, 0 to {most}, not {shown(value)}")
    return seconds


def checked_number(value: object, name: str, *, refuse: type[TracemarkError]) -> int:
    """Refuse what is no whole number that a ledger can hold; the arguments are those of :func:`checked_kind`."""
    number = checked_kind(value, int, name, refuse=refuse)
    if number.bit_length() >= SIGNED_BITS:
        raise refuse(f"{name} must be a whole number of less than {SIGNED_BITS} bits, not {shown(number)}")
    return number


def shown(value: object) -> str:
    """Write a value for people; Python refuses to write out numbers of many digits."""
    if isinstance(value, int) and value.bit_length() > SIGNED_BITS:
        return f"one of {value.bit_length()} bits"
    return repr(value)


def checked_text(value: object, name: str, *, refuse: type[TracemarkError]) -> str:
    """Refuse what is no text that UTF-8 can write; the arguments are those of :func:`checked_kind`."""
    text = checked_kind(value, str, name, refuse=refuse)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse(f"{name} must be text in UTF-8, not {text!a}") from None
    return text


def checked_whole(
    value: object, name: str, *, least: int, most: int | None = None, refuse: type[TracemarkError]
) -> int:
    """Give a whole number, as a table or an array holds one too, as a plain one that can be listed and looked up.

    Parameters
    ----------
    value : object
        The argument; a truth value is taken for a mistake.
    name : str
        What the caller calls it.
    least, most : int
        Its range, both included; without end by default.
    refuse : type
        Error to raise.

    Returns
    -------
    number : int

    Raises
    ------
    TracemarkError
        Of the type that was given, when it is no whole number in the range.
    """
    span = f"at least {least}" if most is None else f"{least} to {most}"
    wanted = f"{name} must be a whole number, {span}, not"
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # whether it is one is what is asked
    except TypeError:
        raise refuse(f"{wanted} of type {type(value).__name__}") from None
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        raise refuse(f"{wanted} {shown(value if isinstance(value, bool) else number)}")
    return number
