"""Say what a kit is to hold, and refuse what cannot be meant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracemark.errors import KitError
from tracemark.kit.checking import CHECKS
from tracemark.kit.names import leads_out, name_clash
from tracemark.kit.task import KitCopy

__all__ = ["KitOrder", "by_photo", "refuse_nonsense"]


@dataclass(frozen=True)
class KitOrder:
    """What a kit is to hold, and how it is to be made."""

    copies: Sequence[KitCopy]
    """All copies; those of a photo stand together."""

    out: Path
    """The kit's folder; text is taken for a path."""

    key_file: Path
    """The key file, where copies are made; text is taken for a path."""

    guests: Mapping[int, Mapping[str, str]]
    """Recipient -> what the ledger is to keep of them; all whose copies are made, among whom each is to be told."""

    quality: int | None = None
    """JPEG quality, or None for each photo's own."""

    check: str = "sample"
    """Which copies are read back: ``"all"``, ``"sample"`` (of each photo the first and every 50th) or ``"none"``."""

    force: bool = False
    """Whether files that exist are replaced."""

    update: bool = False
    """Whether the guests may say something else than the ledger."""

    archives: Mapping[int, str] = field(default_factory=dict)
    """Recipient -> name of the archive of all their copies in this order, for those who are to have one."""

    strip_gps: bool = False
    """Whether copies leave out where their photos were taken."""

    baseline: bool = False
    """Whether copies of progressive JPEGs are baseline, with the same tables: these can be spliced."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", Path(self.out))
        object.__setattr__(self, "key_file", Path(self.key_file))


def refuse_nonsense(
    order: KitOrder, *, jobs: int | None = None, scheduler: str | None = None, ledger: Path | None = None
) -> None:
    """Refuse an order that would be made in the wrong place, over something else, or not as somebody meant it.

    Parameters
    ----------
    order : KitOrder
        What is to be made.
    jobs : int, optional
        Processes.
    scheduler : str, optional
        Address of a dask scheduler in their place.
    ledger : Path, optional
        The ledger's file: no copy may be written over it.

    Raises
    ------
    KitError
        With what must be.
    """
    guests = frozenset(order.guests)
    names = (*(copy.file for copy in order.copies), *order.archives.values())
    outside = next((file for file in names if leads_out(file)), None)
    if outside is not None:
        raise KitError(f"names must lie inside the kit's folder, and {outside!a} does not")
    clash = name_clash(
        order.copies, order.archives, out=order.out, kept=[order.key_file, *([] if ledger is None else [ledger])]
    )
    if clash:
        raise KitError(clash)
    stranger = next(
        (one for one in (*(copy.recipient for copy in order.copies), *order.archives) if one not in guests), None
    )
    if stranger is not None:
        raise KitError(f"guests must hold every recipient of a copy, and {stranger} is not among them")
    if order.check not in CHECKS:
        raise KitError(f"check must be {', '.join(CHECKS[:-1])} or {CHECKS[-1]}, not {order.check!r}")
    if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
        raise KitError(f"jobs must be a whole number, at least 1, not {jobs!r}")
    if jobs is not None and scheduler is not None:
        raise KitError("either jobs or a scheduler must be given, not both")


def by_photo(copies: Iterable[KitCopy]) -> dict[Path, list[KitCopy]]:
    """Put the copies of each photo together."""
    grouped: dict[Path, list[KitCopy]] = defaultdict(list)
    for copy in copies:
        grouped[copy.photo].append(copy)
    return grouped
