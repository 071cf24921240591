"""Choose which leaks count together, and with which photo each: of those that show one photo only one may."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product

from tracemark.finding import NOT_ALIKE
from tracemark.geometry.registration import Unregistered
from tracemark.informed import Residue
from tracemark.laying import LaidLeak
from tracemark.verdict import Uncounted

__all__ = ["Combination", "combinations", "why_unread"]

TOO_LITTLE = "it shows too little of the photo"


@dataclass(frozen=True, eq=False)
class Combination:
    """Leaks that count, each with the photo that it may show; true when there are any."""

    residues: Sequence[Residue]
    """What is left of each, that which shows most first."""

    instead: dict[int, int]
    """Number of a leak that does not count, since another shows more of its photo -> number of that other."""

    def __bool__(self) -> bool:
        """Tell whether there is anything to read."""
        return bool(self.residues)

    def uncounted(self, laid: Sequence[LaidLeak], readings: Sequence[Sequence[Residue]]) -> tuple[Uncounted, ...]:
        """Say why each of the others does not count; `laid` and `readings` as :func:`combinations` was given them."""
        left_out = [Uncounted(leak, "another shows more of the same photo", by) for leak, by in self.instead.items()]
        unread = (number for number, rivals in enumerate(readings) if not any(rivals))
        left_out += [Uncounted(number, why_unread(laid[number])) for number in unread]
        return tuple(sorted(left_out, key=lambda one: one.leak))


def combinations(readings: Sequence[Sequence[Residue]], *, most: int) -> list[Combination]:
    """List which photos the leaks may show, likeliest first; each is to be read by itself, and counted.

    Parameters
    ----------
    readings : sequence of sequence of Residue
        What is left of each leak with each of the photos that it may show.
    most : int
        How many combinations there may be.

    Returns
    -------
    combinations : list of Combination
        Truthy ones.
    """
    readable = {leak: [residue for residue in rivals if residue] for leak, rivals in enumerate(readings)}
    leaks = [leak for leak, rivals in readable.items() if rivals]
    chosen = islice(product(*(readable[leak] for leak in leaks)), most if leaks else 0)
    return [_one_a_photo(dict(zip(leaks, residues, strict=True))) for residues in chosen]


def why_unread(leak: LaidLeak) -> str:
    """Say why a leak is read with no original.

    Parameters
    ----------
    leak : LaidLeak
        One without a truthy residue, though photos were at hand.

    Returns
    -------
    why : str
        The sentence's second half.
    """
    if not leak.rivals:
        return NOT_ALIKE.reason
    registration = leak.rivals[0].registration
    return registration.reason if isinstance(registration, Unregistered) else TOO_LITTLE


def _one_a_photo(residues: dict[int, Residue]) -> Combination:
    """Keep, of the leaks of each photo, that which shows most: a sign may count only once."""
    order = sorted(residues, key=lambda leak: -int(residues[leak].seen.sum()))
    first: dict[bytes, int] = {}
    for leak in order:
        first.setdefault(residues[leak].original.digest, leak)
    shown = {leak: first[residue.original.digest] for leak, residue in residues.items()}
    return Combination(
        [residues[leak] for leak in first.values()], {leak: by for leak, by in shown.items() if leak != by}
    )
