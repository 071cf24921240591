"""What a run writes down, one line a leak; a run that was stopped is read again and continued."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks.json_lines import read_lines

__all__ = ["Answer", "Asked", "line_of", "read"]


@dataclass(frozen=True)
class Asked:
    """One leak that is to be read."""

    part: str
    """Of the run: ``views``, ``pairs``, ``gauntlet``, ``mixes``, ``together`` or ``opponents``."""
    leak: str
    """Name of the view, attack or mix."""
    saving: str
    """What became of a mix; empty for others."""
    copies: int
    """In the leak; 0 for a photo that was never marked."""
    photo: str
    """Name of its file."""


@dataclass(frozen=True)
class Answer(Asked):
    """What was said of it."""

    verdict: str
    """As the detector has it."""
    right: int
    """Of those whose copies are in it, how many are named."""
    wrong: int
    """Others named."""
    informed: int
    """1 when the leak was laid on its original."""
    centi_score: int
    """Best score of those listed, hundredths of a standard deviation."""
    cpu_ms: int
    """Of the reading."""

    @property
    def asked(self) -> Asked:
        """What was asked."""
        return Asked(**{field.name: getattr(self, field.name) for field in fields(Asked)})


def line_of(answer: Answer) -> dict[str, object]:
    """Give an answer as an object for JSON Lines."""
    return asdict(answer)


def read(path: Path) -> tuple[list[dict[str, object]], list[Answer]]:
    """Read what runs have written.

    Parameters
    ----------
    path : Path
        JSON Lines; need not be there.

    Returns
    -------
    runs : list of dict
        What each run said of itself.
    answers : list of Answer
        In the order they came.
    """
    runs, answers = [], []
    for line in read_lines(path):
        kind = line.pop("kind")
        if kind == "run":
            runs.append(line)
        else:
            answers.append(Answer(**line))
    return runs, answers
