"""Write what a leak said: for people and for programs."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tracemark as tm
from tracemark_cli.signs import in_one_line, path_in_one_line

__all__ = ["WITHOUT_ORIGINAL", "Answer", "as_fields", "chance_in_words", "in_words", "name_of", "uncounted_in"]

SCHEMA = "tracemark.detect/1"
WITHOUT_ORIGINAL = "read without the original, which alone can prove that the mark was not put there"
"""What every name must come with that was found blind."""


@dataclass(frozen=True)
class Answer:
    """What was found of a leak, or of several together, and what else is known."""

    leaks: Sequence[Path]
    """The files."""

    found: tm.Verdict
    """What they say."""

    key_id: str
    """ID of the key they were read with."""

    photo: str | None
    """Name of the photo that they show, if there is one."""

    guests: Mapping[int, Mapping[str, str]]
    """Recipient -> what list or ledger say of them."""

    copies: Sequence[tuple[Path, tm.CopyRecord]]
    """Leaks whose bytes are those of copies that the ledger recorded."""


def chance_in_words(found: tm.Verdict) -> str:
    """Say how unlikely a false name is.

    Parameters
    ----------
    found : Verdict
        An identification.

    Returns
    -------
    words : str
        The bound as a power of ten, rounded to the careful side.
    """
    return f"chance of a false name below 1e{math.ceil(found.log10_false_alarm)}"


def in_words(answer: Answer) -> str:
    """Write the line a person reads.

    Parameters
    ----------
    answer : Answer
        What was found.

    Returns
    -------
    line : str
        Without its end.
    """
    leaks = " + ".join(path_in_one_line(path) for path in answer.leaks)
    said = [answer.found.reason]
    if answer.found.verdict == "identified":
        names = ", ".join(name_of(recipient, answer.guests) for recipient in answer.found.recipients)
        said = [f"recipient {names}, {chance_in_words(answer.found)}"]
        if answer.found.method == "blind":
            said += [answer.found.reason, WITHOUT_ORIGINAL]
    if answer.found.faint:
        faint = ", ".join(map(str, answer.found.faint))
        said.append(f"the fingerprint of {faint} is too faint to exclude that their mark was put there")
    if answer.photo is not None:
        said.append(f"the photo is {answer.photo}")
    said += [f"{path_in_one_line(path)} does not count, since {why}" for path, why in uncounted_in(answer)]
    said += [
        f"{path_in_one_line(path)} is byte for byte copy {copy.number}, made for recipient"
        f" {name_of(copy.recipient, answer.guests)}"
        for path, copy in answer.copies
    ]
    return f"{leaks}: {answer.found.verdict}: {in_one_line('; '.join(said))}"


def uncounted_in(answer: Answer, names: Mapping[Path, str] | None = None) -> list[tuple[Path, str]]:
    """List the leaks, of several read together, that an answer says nothing of.

    Parameters
    ----------
    answer : Answer
        What was found.
    names : mapping, optional
        Leak -> what to call it in a reason; by default, its path.

    Returns
    -------
    uncounted : list of (Path, str)
        Each file, and why.
    """
    called = [str(path) if names is None else names[path] for path in answer.leaks]
    return [
        (answer.leaks[one.leak], one.reason if one.instead is None else f"{one.reason}: {called[one.instead]}")
        for one in answer.found.uncounted
    ]


def as_fields(answer: Answer) -> dict[str, Any]:
    """Make the object a program reads.

    Parameters
    ----------
    answer : Answer
        What was found.

    Returns
    -------
    fields : dict
        As `json` takes it.
    """
    found = answer.found
    photo = None if found.photo is None else {"digest": found.photo.hex(), "name": answer.photo}
    return {
        "schema": SCHEMA,
        "leak": str(answer.leaks[0]) if len(answer.leaks) == 1 else None,
        "leaks": [str(path) for path in answer.leaks],
        "key": answer.key_id,
        "verdict": found.verdict,
        "recipient": None if found.recipient is None else int(found.recipient),
        "recipients": [int(recipient) for recipient in found.recipients],
        "log10_false_alarm": _finite(found.log10_false_alarm),
        "faint": [int(recipient) for recipient in found.faint],
        "method": found.method,
        "geometry": None if found.geometry is None else found.geometry.tolist(),
        "photo": photo,
        "trials": int(found.trials),
        "candidates": [
            {
                "recipient": int(one.recipient),
                "score": _finite(one.score),
                "log10_false_alarm": _finite(one.log10_false_alarm),
                "log10_fingerprint": _finite(one.log10_fingerprint),
            }
            for one in found.candidates
        ],
        "recorded_copies": [
            {"leak": str(path), "copy": copy.number, "recipient": copy.recipient, "file": copy.file, "made": copy.made}
            for path, copy in answer.copies
        ],
        "uncounted": [{"leak": str(path), "reason": why} for path, why in uncounted_in(answer)],
        "reason": found.reason,
    }


def name_of(recipient: int, guests: Mapping[int, Mapping[str, str]]) -> str:
    """Give a recipient's number, and what is known of them.

    Parameters
    ----------
    recipient : int
        Who.
    guests : mapping
        Recipient -> what list or ledger say of them.

    Returns
    -------
    name : str
        For people.
    """
    known = ", ".join(f"{column}: {word}" for column, word in guests.get(recipient, {}).items())
    return f"{recipient} ({known})" if known else str(recipient)


def _finite(number: float) -> float | None:
    """Leave out what JSON has no word for."""
    return float(number) if math.isfinite(number) else None
