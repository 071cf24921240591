"""After a person was erased, nothing of them is in the files."""

import numpy as np
import pytest

import tracemark as tm
from tests.ledger.conftest import copy_fields, fill, photo_record


def bytes_of(folder):
    return b"".join(entry.read_bytes() for entry in sorted(folder.iterdir()))


def test_number_and_copies_stay_and_the_chain_holds(ledger):
    fill(ledger)
    head = ledger.head
    ledger.erase_recipient(1)
    erased = ledger.recipients()[1]
    assert erased.columns == {}
    assert erased.erased is not None
    assert erased.erased.endswith("Z")
    assert len(list(ledger.copies(recipient=1))) == 2
    assert ledger.recipients()[2].columns == {"name": "Guest 2", "e-mail": "guest-2@example.org"}
    assert ledger.head == head
    assert ledger.verify(noted=head.hash).noted == 6


def test_the_bytes_are_gone_while_the_ledger_is_open_and_afterwards(path, ledger):
    fill(ledger)
    assert b"guest-1@example.org" in bytes_of(path.parent)
    ledger.erase_recipient(1)
    for remains in (b"Guest 1", b"guest-1@example.org"):
        assert remains not in bytes_of(path.parent)
    ledger.close()
    assert b"guest-1@" not in bytes_of(path.parent)
    assert b"guest-2@example.org" in bytes_of(path.parent)


def test_nobody_is_erased_together_with_what_may_be_taken_back(path, ledger):
    fill(ledger)
    for begin in (ledger.together, ledger.snapshot):
        with begin():
            ledger.recipients()
            with pytest.raises(tm.LedgerError, match=r"must be in no together\(\) or snapshot\(\) to erase"):
                ledger.erase_recipient(1)
    assert [recipient.erased for recipient in ledger.recipients()] == [None] * 3


# With SQLite 3.40 these draws leave remains behind if the row is simply deleted, secure_delete or not.
@pytest.mark.parametrize("seed", [15, 21, 26])
def test_nothing_is_left_however_often_rows_have_moved(seed, path):
    """Names of many lengths are added and replaced, so that SQLite splits pages and moves rows about."""
    rng = np.random.default_rng(seed)
    with tm.Ledger.open(path, create=True) as ledger:
        for _ in range(5):
            numbers = rng.choice(400, 130, replace=False).tolist()
            ledger.add_recipients(
                {n: {"name": f"<guest {n}>" * int(rng.integers(1, rng.choice([3, 20, 60, 500])))} for n in numbers},
                replace=True,
            )
        known = [recipient.id for recipient in ledger.recipients()]
        for number in rng.choice(known, 20, replace=False).tolist():
            assert f"<guest {number}>".encode() in bytes_of(path.parent)
            ledger.erase_recipient(number)
            assert f"est {number}>".encode() not in bytes_of(path.parent)
        left = [recipient for recipient in ledger.recipients() if recipient.columns]
        assert len(left) == len(known) - 20
        assert all(f"<guest {recipient.id}>" in recipient.columns["name"] for recipient in left)
        assert ledger.verify()


def test_who_was_erased_stays_erased(ledger):
    fill(ledger)
    ledger.erase_recipient(1)
    since = ledger.recipients()[1].erased
    assert ledger.add_recipients({1: {"name": "Guest 1"}, 2: {"name": "Guest 2"}}) == (1,)
    ledger.erase_recipient(1)
    assert ledger.recipients()[1] == tm.Recipient(1, {}, since)


def test_those_who_were_erased_are_listed(ledger):
    fill(ledger)
    assert ledger.erased_recipients() == ()
    for number in (2, 0):
        ledger.erase_recipient(number)
    assert ledger.erased_recipients() == (0, 2)


def test_a_name_that_was_put_into_the_name_of_a_file_stays_as_the_page_says(ledger):
    fill(ledger, photos=1)
    record = photo_record("photo-0.jpg", features=3)
    ledger.add_copy(**copy_fields(record, 1, file="Guest 1/photo-0.jpg"))
    ledger.erase_recipient(1)
    assert [copy.file for copy in ledger.copies(recipient=1)] == ["1/photo-0.jpg", "Guest 1/photo-0.jpg"]
    assert ledger.verify()


def test_nobody_else_is_erased_by_a_number_that_is_not_there(ledger):
    fill(ledger)
    with pytest.raises(tm.LedgerError, match="must hold recipient 9"):
        ledger.erase_recipient(9)
    assert all(recipient.columns for recipient in ledger.recipients())


def test_when_somebody_is_still_reading_it_is_said_that_bytes_remain(filled):
    with tm.Ledger.open(filled) as reader, tm.Ledger.open(filled, timeout_s=0.05) as ledger:
        copies = reader.copies()
        next(copies)  # an old state of the file is being read
        with pytest.raises(tm.LedgerError, match="erase again when it is closed there"):
            ledger.erase_recipient(1)
        copies.close()
        ledger.erase_recipient(1)
        assert b"guest-1@example.org" not in bytes_of(filled.parent)
