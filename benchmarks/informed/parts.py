"""The parts of a run: which leaks of a kit are read, one table each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.informed.kit import Kit
from benchmarks.informed.leaks import LEAKS, Make
from benchmarks.informed.mixing import FEW, HALVED, MANY, MIXES, SAVED, SAVINGS, Mix, Saving
from benchmarks.informed.opponents import OPPONENTS, Opponent
from benchmarks.informed.records import Answer, Asked

__all__ = ["NEVER_MARKED", "PARTS", "Trial"]

NEVER_MARKED = "never marked"
"""Name of the leak that is the photo itself."""

TOGETHER = 4  # photos whose leaks are read together
COALITIONS_TOGETHER = (8, 10)


@dataclass(frozen=True)
class Trial:
    """One leak, and how it is made and read."""

    asked: Asked
    """What it is."""
    read: Callable[[], Answer]
    """Make it and read it."""


def _single(kit: Kit, part: str) -> Iterator[Trial]:
    """Leak one copy in every way of a part."""
    for leak in LEAKS:
        if leak.part == part:
            asked = Asked(part, leak.name, "", 1, kit.name)

            yield Trial(asked, partial(_read_leak, kit, asked, leak.make))
    if part == "views":
        asked = Asked(part, NEVER_MARKED, "", 0, kit.name)
        yield Trial(asked, partial(_read_unmarked, kit, asked))


def _read_leak(kit: Kit, asked: Asked, make: Make) -> Answer:
    """Leak one copy and read it."""
    leak = make(kit.plan.copy_for(kit.listed[0]), kit.others, kit.rng(asked.leak))
    return kit.read(asked, [leak], kit.listed[:1])


def _read_unmarked(kit: Kit, asked: Asked) -> Answer:
    """Read the photo itself."""
    return kit.read(asked, [kit.photo(0)], ())


def _mixed(kit: Kit) -> Iterator[Trial]:
    """Mix the copies of several recipients."""
    rows = [(size, SAVINGS) for size in FEW] + [(size, (SAVED,)) for size in MANY]
    for size, savings in rows:
        for mix in MIXES:
            for saving in savings:
                asked = Asked("mixes", mix.name, saving.name, size, kit.name)
                yield Trial(asked, partial(_read_mix, kit, asked, mix, saving, photos=1))


def _together(kit: Kit) -> Iterator[Trial]:
    """Mix the copies of several photos, and read the leaks together."""
    for size in COALITIONS_TOGETHER:
        for mix in MIXES:
            asked = Asked("together", mix.name, HALVED.name, size, kit.name)
            yield Trial(asked, partial(_read_mix, kit, asked, mix, HALVED, photos=TOGETHER))


def _read_mix(kit: Kit, asked: Asked, mix: Mix, saving: Saving, *, photos: int) -> Answer:
    """Mix, save and read."""
    plans = [kit.plan] if photos == 1 else kit.plans[:photos]
    leaks = []
    for number, plan in enumerate(plans):
        rng = kit.rng(mix.name, saving.name, asked.copies, number)
        leaks.append(saving.function(mix.function(kit.copies(plan, asked.copies), rng), rng))
    return kit.read(asked, leaks, kit.listed[: asked.copies])


def _opposed(kit: Kit) -> Iterator[Trial]:
    """Let opponents without the key try."""
    for opponent in OPPONENTS:
        asked = Asked("opponents", opponent.name, "", int(opponent.guilty), kit.name)
        yield Trial(asked, partial(_read_opponent, kit, asked, opponent))


def _read_opponent(kit: Kit, asked: Asked, opponent: Opponent) -> Answer:
    """Make an opponent's leak and read it."""
    copies = [plan.copy_for(kit.listed[0]) for plan in kit.plans]
    return kit.read(asked, [opponent.make(kit.photos, copies)], kit.listed[: asked.copies])


PARTS: dict[str, Callable[[Kit], Iterator[Trial]]] = {
    "views": partial(_single, part="views"),
    "pairs": partial(_single, part="pairs"),
    "mixes": _mixed,
    "together": _together,
    "opponents": _opposed,
    "gauntlet": partial(_single, part="gauntlet"),
}
"""By name, in the order they are run."""
