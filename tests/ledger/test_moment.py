import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.ledger.moment import iso_of, now


@given(st.integers(-(10**13), 2 * 10**14))
def test_a_moment_is_read_as_it_was_written(moment):
    since = datetime.fromisoformat(iso_of(moment)) - datetime(1970, 1, 1, tzinfo=UTC)
    assert since // timedelta(milliseconds=1) == moment


@pytest.mark.parametrize(
    ("moment", "text"), [(0, "1970-01-01T00:00:00.000Z"), (1717200000007, "2024-06-01T00:00:00.007Z")]
)
def test_moments_are_written_in_utc(moment, text):
    assert iso_of(moment) == text


def test_now_is_now():
    assert abs(now() / 1000 - time.time()) < 60
