import hashlib

from hypothesis import given
from hypothesis import strategies as st

from tracemark.ledger.chain import first_hash, hash_items

ITEMS = st.lists(st.one_of(st.text(), st.binary(), st.integers()), max_size=4)


@given(ITEMS, ITEMS)
def test_different_lists_have_different_hashes(one, other):
    same = [(type(item), item) for item in one] == [(type(item), item) for item in other]
    assert (hash_items(*one) == hash_items(*other)) is same


def test_the_bytes_that_are_hashed_are_those_of_the_page():
    expected = b"s" + (4).to_bytes(8, "little") + "Zoë".encode() + b"b" + (2).to_bytes(8, "little") + b"\0\xff"
    expected += b"i" + (3).to_bytes(8, "little") + b"-17"
    assert hash_items("Zoë", b"\0\xff", -17) == hashlib.sha256(expected).digest()


def test_no_two_ledgers_begin_alike():
    assert first_hash(bytes(16), "2024-06-01T00:00:00.000Z") != first_hash(bytes(15) + b"1", "2024-06-01T00:00:00.000Z")
