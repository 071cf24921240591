"""Files of results, one JSON object a line; a run that was killed may leave the last one cut off."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["append_line", "read_lines", "write_lines"]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read what is in a file.

    Parameters
    ----------
    path : Path
        Need not be there.

    Returns
    -------
    lines : list of dict
        Without a last one that was cut off.
    """
    if not path.exists():
        return []
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def append_line(path: Path, line: Mapping[str, object]) -> None:
    """Add a line to a file, at once on disk, in place of one that was cut off.

    Parameters
    ----------
    path : Path
        Made when it is not there.
    line : mapping
        What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(max(file.tell() - 1, 0))
        if file.read() not in (b"", b"\n"):  # only then is there a line to look for
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
        file.write(f"{json.dumps(line)}\n".encode())


def write_lines(path: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """Write a file anew.

    Parameters
    ----------
    path : Path
        What was there is replaced.
    lines : iterable of mapping
        What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
