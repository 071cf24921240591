"""Tell the story of a kit: what is there is left, what is missing is made, and every file is recorded and listed."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tracemark.errors import OutputError, why
from tracemark.keys import Key
from tracemark.kit.archives import MadeArchive, make_archives, outdated, tell_of_outdated
from tracemark.kit.checking import sampled
from tracemark.kit.folder import clear_drafts, hash_file
from tracemark.kit.manifest import open_manifest
from tracemark.kit.order import KitOrder, by_photo, refuse_nonsense, task_of
from tracemark.kit.owners import Owners
from tracemark.kit.register import Register, explained, try_guests
from tracemark.kit.sharing import open_workers, work
from tracemark.kit.task import Failure, KitCopy, MadeCopy, Notice, Task
from tracemark.ledger.ledger import Ledger, checked_ledger

__all__ = ["make_kit"]


def make_kit(
    order: KitOrder,
    *,
    ledger: Ledger | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    stop: threading.Event | None = None,
) -> Iterator[MadeCopy | MadeArchive | Notice | Failure]:
    """Make a kit, or go on with one.

    Parameters
    ----------
    order : KitOrder
        What it is to hold.
    ledger : Ledger, optional
        Where each copy is recorded, by this process alone.
    jobs : int, optional
        Processes; by default as many as there are processors, and memory for, once there turns out to be much to do.
    scheduler : str, optional
        Address of a dask scheduler whose workers make the copies in their place.  They must see all files under the
        names that they have here, the key file included.
    stop : threading.Event, optional
        When set, what is under way is finished and the kit can be gone on with later.

    Yields
    ------
    MadeCopy, MadeArchive, Notice or Failure
        One for each copy and each archive; of a photo that fails, one for all copies that are missing.  A notice says
        what the copies of a photo do not have, or why they take long, or of the kit's folder that archives which were
        ordered earlier are outdated; it stands for no copy.

    Raises
    ------
    KeyFileError
        When the key cannot be used.
    KitError
        When a name leads out of the kit, two files would share one, or another word or number of the order is none
        that can be; when the kit's manifest is damaged, another program is writing it, or the scheduler is of no use.
    LedgerError
        When the ledger cannot be written; what is new and not recorded is taken back.
    MissingLibraryError
        When a scheduler is given and dask is not installed.
    OutputError
        When nothing can be written any more.
    RecipientError
        When a guest that the ledger should record has no recipient's number.
    """
    kept = None if ledger is None else checked_ledger(ledger).path
    refuse_nonsense(order, jobs=jobs, scheduler=scheduler, ledger=kept)
    key = Key.load(order.key_file)
    stop = stop or threading.Event()
    with open_manifest(order.out) as manifest:
        if ledger is not None:
            try_guests(ledger, order)
        register = Register(manifest, order, key_id=key.id, ledger=ledger)
        files = (*(copy.file for copy in order.copies), *order.archives.values())
        folders = {(order.out / file).parent for file in files} | {order.out}
        clear_drafts(folders)
        lost: set[int] = set()
        try:
            for made in _make_copies(order, register, stop, jobs=jobs, scheduler=scheduler):
                if isinstance(made, Failure):
                    gone = [made.copy] if made.copy else [one for one in order.copies if one.photo == made.photo]
                    lost.update(one.recipient for one in gone)
                yield made
            yield from make_archives(manifest, order.archives, order.copies, lost=lost, force=order.force, stop=stop)
            if not stop.is_set():
                yield from tell_of_outdated(order.out, outdated(manifest, order.archives, order.copies))
        except BaseException:
            # Why it ended matters more than a manifest that could not be put in order.
            with suppress(OutputError):
                manifest.finish()
            raise
        else:
            manifest.finish()
        finally:
            # A worker that was killed may have left something.
            clear_drafts(folders)


def _make_copies(
    order: KitOrder, register: Register, stop: threading.Event, *, jobs: int | None, scheduler: str | None
) -> Iterator[MadeCopy | Notice | Failure]:
    """Make the copies that are missing."""
    tasks: list[Task] = []
    owners = Owners(order.out, register.ledger, listed=register.manifest.entries)
    for photo, copies in by_photo(order.copies).items():
        if stop.is_set():
            return
        try:
            register.photos[photo] = hash_file(photo)
        except OSError as error:
            yield Failure(photo, f"image file cannot be read: {why(error)}")
            continue
        refusal = owners.refusal(photo, register.photos[photo])
        if refusal:
            yield Failure(photo, refusal)
            continue
        missing = []
        for copy, checked, done in _find_done(copies, order, register):
            if stop.is_set():
                return
            if done is not None:
                register.know_guests()
                yield done
            else:
                missing.append((copy, checked))
        if missing:
            tasks.append(_task(photo, missing, order, register))
    if not tasks:
        return
    told: set[tuple[Path, str]] = set()
    with open_workers(jobs=jobs, scheduler=scheduler) as workers:
        for _, answer in work(tasks, workers, stop=stop):
            register.write(answer)
            yield from answer.made
            failures = [_explained(failure, register) for failure in answer.failures]
            said: tuple[Notice | Failure, ...] = (*answer.notices, *failures)
            for one in said:
                # A photo that was shared out fails with everybody who has a share.
                if (isinstance(one, Failure) and one.copy is not None) or (one.photo, one.words) not in told:
                    told.add((one.photo, one.words))
                    yield one


def _explained(failure: Failure, register: Register) -> Failure:
    """Add to the failure of a copy how the file that has its name was made, where that is listed and otherwise."""
    otherwise = "" if failure.copy is None else register.otherwise(failure.copy)
    return replace(failure, words=explained(failure.words, otherwise))


def _find_done(
    copies: Sequence[KitCopy], order: KitOrder, register: Register
) -> Iterator[tuple[KitCopy, bool, MadeCopy | None]]:
    """Go through the copies of a photo: whether each is to be checked, and what of it was done earlier."""
    checked = [sampled(place, check=order.check) for place in range(len(copies))]
    pool = ThreadPoolExecutor()
    try:
        done = pool.map(lambda copy, check: register.done(copy, check=check), copies, checked)
        yield from zip(copies, checked, done, strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # nobody may want to know any more


def _task(photo: Path, missing: Sequence[tuple[KitCopy, bool]], order: KitOrder, register: Register) -> Task:
    """Order all copies of a photo that are missing."""
    copies = [copy for copy, _ in missing]
    task = task_of(order, copies, name=register.names[photo], sha256=register.photos[photo], key_id=register.key_id)
    checked = frozenset(copy.recipient for copy, checked in missing if checked)
    return replace(task, checked=checked, describe=register.ledger is not None)
