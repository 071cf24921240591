"""Choose which leaks count together, and with which photo each: of those that show one photo only one may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tracemark.finding import NOT_ALIKE
from tracemark.geometry.registration import Unregistered
from tracemark.informed import Residue, read_residue
from tracemark.keys import Key
from tracemark.laying import LaidLeak
from tracemark.verdict import Uncounted

__all__ = ["Combination", "combinations", "residues_of", "why_unread"]

TOO_LITTLE = "it shows too little of the photo"


@dataclass(frozen=True, eq=False)
class Combination:
    """Leaks that count, each with the photo that it may show."""

    residues: Sequence[Residue]
    """What is left of each, that which shows most first."""

    instead: dict[int, int]
    """Number of a leak that does not count, since another shows more of its photo -> number of that other."""

    def uncounted(self, laid: Sequence[LaidLeak], readings: Sequence[Sequence[Residue]]) -> tuple[Uncounted, ...]:
        """Say why each of the others does not count; `laid` and `readings` as :func:`combinations` was given them."""
        left_out = [Uncounted(leak, "another shows more of the same photo", by) for leak, by in self.instead.items()]
        unread = (number for number, rivals in enumerate(readings) if not rivals)
        left_out += [Uncounted(number, why_unread(laid[number])) for number in unread]
        return tuple(sorted(left_out, key=lambda one: one.leak))


def residues_of(leak: LaidLeak, *, key: Key, most: int) -> list[Residue]:
    """Read a leak with the photos that it may show, the likeliest first; nobody's signs are looked at.

    Parameters
    ----------
    leak : LaidLeak
        The leak.
    key : Key
        The secret.
    most : int
        How many residues there may be.

    Returns
    -------
    residues : list of Residue
        Truthy ones.
    """
    read = (read_residue(leak.luma, one.original, one.registration, key=key) for one in leak.rivals if one.registration)
    return list(islice((residue for residue in read if residue), most))


def combinations(readings: Sequence[Sequence[Residue]], *, most: int) -> list[Combination]:
    """List which photos the leaks may show, likeliest first; each is to be read by itself, and counted.

    Parameters
    ----------
    readings : sequence of sequence of Residue
        What is left of each leak with each of the photos that it may show, as :func:`residues_of` gives it.
    most : int
        How many combinations there may be.

    Returns
    -------
    combinations : list of Combination
        Empty when no leak can be read.
    """
    readable = {leak: rivals for leak, rivals in enumerate(readings) if rivals}
    return [_one_a_photo(chosen) for chosen in islice(_chosen(readable), most)]


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


def _chosen(readable: dict[int, Sequence[Residue]]) -> Iterator[dict[int, Residue]]:
    """Take the first rival of each leak; then the second of one leak beside the first of all others, and so on."""
    if not readable:
        return
    first = {leak: rivals[0] for leak, rivals in readable.items()}
    yield first
    for rank in range(1, max(map(len, readable.values()))):
        for leak, rivals in readable.items():
            if rank < len(rivals):
                yield first | {leak: rivals[rank]}


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
