"""Foretell how large a kit will be and how long it will take, by making a few copies that nobody keeps."""

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from tracemark.errors import TracemarkError
from tracemark.keys import Key
from tracemark.kit.archives import tell_of_outdated
from tracemark.kit.checking import sampled
from tracemark.kit.folder import hash_file, is_open, nearest, where_made
from tracemark.kit.manifest import read_manifest
from tracemark.kit.order import KitOrder, by_photo, refuse_nonsense
from tracemark.kit.owners import Owners
from tracemark.kit.preparing import SPLICED_COPIES, as_written, forget, notices_of
from tracemark.kit.register import try_guests
from tracemark.kit.specimens import Specimens, make_specimens
from tracemark.kit.standing import Standing
from tracemark.kit.task import Failure, KitCopy, Notice
from tracemark.kit.workers import processes
from tracemark.ledger.ledger import Ledger, checked_ledger
from tracemark.media.photo import check_writable, read_photo
from tracemark.shortage import memory_for
from tracemark.signal.layout import lay_out

__all__ = ["KitEstimate", "estimate_kit"]


@dataclass(frozen=True)
class KitEstimate:
    """What a kit will be."""

    photos: int
    """Photos that could be opened; of each kind of file one was tried, and another one may fail yet."""

    copies: int
    """Copies of them."""

    there: int
    """How many of these have a file already."""

    bytes: int
    """Of the other copies together, and of the archives that will be made."""

    seconds: float
    """Time these will take with so many processes."""

    processes: int
    """How many will work."""

    free: int
    """Bytes that are free where the kit will be."""

    closed: tuple[Path, ...]
    """Folders that files are to be written into, and nobody may write into; absolute: they may be above all given."""

    failures: tuple[Failure, ...]
    """Photos that could not be opened, or were tried in vain."""

    taken: tuple[Failure, ...]
    """Copies of other photos, and archives, that cannot be made: what has their names, or their folders', stays.

    A file that is not listed is taken for the copy or archive of its name.
    """

    notices: tuple[Notice, ...]
    """What the copies will not have, why those of some photos take long, and which archives will be outdated."""


@dataclass(frozen=True)
class _Share:
    """What one photo has in an estimate."""

    copies: int
    """Of it."""

    there: int
    """How many of these have a file already."""

    bytes: float
    """Of the others, and of what archives hold of it."""

    seconds: float
    """Of one process."""

    folders: set[Path]
    """That the others are to be written into."""


def estimate_kit(order: KitOrder, *, jobs: int | None = None, ledger: Ledger | None = None) -> KitEstimate:
    """Foretell a kit; nothing is written but to a folder for temporary files, and that goes again.

    Parameters
    ----------
    order : KitOrder
        What it is to hold.
    jobs : int, optional
        Processes; by default as many as there are processors, and memory for.
    ledger : Ledger, optional
        Where copies would be recorded; it stays as it is, of an older version, too, if it was opened with
        ``migrate=False``.

    Returns
    -------
    estimate : KitEstimate
        Every photo is opened.  Of each kind of file (progressive JPEG is one of its own) the photo of middle size is
        tried, or its neighbour where that fails; the others are held to take time and bytes in proportion.  What is
        there is known by name and manifest, and not read; where it was made in another way, a copy that nobody keeps
        tells whether that comes to the same.

    Raises
    ------
    KeyFileError
        When the key cannot be used.
    KitError
        When :func:`~tracemark.kit.kit.make_kit` would, but for a program that writes the kit at the moment.
    LedgerError
        When the ledger would not take the guests.
    OutputError
        When something else has the name of the kit's folder, or of one it is to lie in; when a few copies cannot be
        written into a folder for temporary files.
    """
    refuse_nonsense(order, jobs=jobs, ledger=None if ledger is None else checked_ledger(ledger).path)
    key = Key.load(order.key_file)
    manifest = read_manifest(order.out)
    if ledger is not None:
        try_guests(ledger, order)
    owners, standing = Owners(order.out, ledger, listed=manifest.entries), Standing(order, manifest, key_id=key.id)
    grouped = by_photo(order.copies)
    kinds, failures, notices = _sort(grouped, order, owners, standing)
    tried = [(_try_middle(photos, grouped, order, failures, key.id), photos) for photos in kinds.values()]
    forget()
    failed = {failure.photo for failure in failures}
    taken = [Failure(copy.photo, words, copy) for copy, words in standing.taken.items() if copy.photo not in failed]
    # an archive would go out, so it is not made without all of its copies
    lost = {copy.recipient for copy in order.copies if copy.photo in failed or copy in standing.taken}
    blocked = {recipient: words for recipient, words in standing.taken_archives().items() if recipient not in lost}
    taken += [Failure(order.out / order.archives[recipient], words) for recipient, words in blocked.items()]
    zipped = standing.lacking_archives() - lost - blocked.keys()
    shares = [
        _share(photo, pixels, one, grouped[photo], order, standing, zipped)
        for one, photos in tried
        for pixels, photo in photos
    ]
    folders = {folder for share in shares for folder in share.folders}
    folders |= {(order.out / order.archives[recipient]).parent for recipient in zipped}
    workers = jobs or processes()
    return KitEstimate(
        photos=len(shares),
        copies=sum(share.copies for share in shares),
        there=sum(share.there for share in shares),
        bytes=round(sum(share.bytes for share in shares)),
        seconds=sum(share.seconds for share in shares) / workers,
        processes=workers,
        free=shutil.disk_usage(nearest(order.out)).free,
        closed=tuple(sorted(folder for folder in where_made(folders) if not is_open(folder))),
        failures=tuple(failures),
        taken=tuple(taken),
        notices=(*notices, *tell_of_outdated(order.out, standing.outdated_archives(failed))),
    )


def _sort(
    grouped: Mapping[Path, Sequence[KitCopy]], order: KitOrder, owners: Owners, standing: Standing
) -> tuple[dict[object, list[tuple[int, Path]]], list[Failure], list[Notice]]:
    """Open all photos: those of each kind, with their pixels, those that fail, and what is to be said."""
    kinds: dict[object, list[tuple[int, Path]]] = defaultdict(list)
    failures: list[Failure] = []
    notices: list[Notice] = []
    for photo, copies in grouped.items():
        found = _look_at(photo, order, copies, owners, standing)
        if isinstance(found, Failure):
            failures.append(found)
        else:
            pixels, kind, said = found
            kinds[kind].append((pixels, photo))
            notices += said
    return kinds, failures, notices


def _look_at(
    photo: Path, order: KitOrder, copies: Sequence[KitCopy], owners: Owners, standing: Standing
) -> tuple[int, object, tuple[Notice, ...]] | Failure:
    """Open a photo that is whole and large enough; the answer is its pixels, what is written as it is, and notices."""
    try:
        with memory_for("mark it"):
            opened = read_photo(photo)
        check_writable(opened)
        sha256 = hash_file(photo)
        layout = lay_out(*opened.pixels.shape[:2])
        written = as_written(opened, order.manner)
    except (TracemarkError, OSError, MemoryError) as error:
        return Failure(photo, str(error) or type(error).__name__)
    refusal = owners.refusal(photo, sha256)
    if refusal:
        return Failure(photo, refusal)
    standing.know_photo(photo, sha256, copies)
    kind = (written.format, written.jpeg is not None and written.jpeg.progressive)
    notices = notices_of(photo, written, quality=order.quality, splice=len(copies) >= SPLICED_COPIES)
    return layout.rows * layout.columns, kind, notices


def _try_middle(
    photos: list[tuple[int, Path]],
    grouped: Mapping[Path, Sequence[KitCopy]],
    order: KitOrder,
    failures: list[Failure],
    key_id: str,
) -> Specimens:
    """Try the photo of middle size; one that fails is moved to the failures, and its neighbour tried."""
    photos.sort()
    while photos:
        pixels, middle = photos[len(photos) // 2]
        tried = make_specimens(grouped[middle], order, pixels, key_id=key_id)
        if isinstance(tried, Specimens):
            return tried
        failures.append(tried)
        photos.remove((pixels, middle))
    return Specimens(1, 0.0, 0.0, 0.0, 0.0)


def _share(
    photo: Path,
    pixels: int,
    tried: Specimens,
    copies: Sequence[KitCopy],
    order: KitOrder,
    standing: Standing,
    zipped: Set[int],
) -> _Share:
    """Say what the copies of a photo take, by what another of its kind took."""
    there = [copy in standing.there for copy in copies]
    missing = [not (has or copy in standing.taken) for copy, has in zip(copies, there, strict=True)]
    number = sum(missing)
    checks = sum(lacking and sampled(place, check=order.check) for place, lacking in enumerate(missing))
    making_s = (tried.once_s + number * tried.copy_s) * pixels / tried.pixels if number else 0.0
    return _Share(
        copies=len(copies),
        there=sum(there),
        bytes=photo.stat().st_size * tried.growth * (number + sum(copy.recipient in zipped for copy in copies)),
        seconds=making_s + checks * tried.check_s,
        folders={(order.out / copy.file).parent for copy, lacking in zip(copies, missing, strict=True) if lacking},
    )
