from dataclasses import replace

import pytest

from tests.codes.words import SIDE, SMALL_BITS
from tracemark.codes import decoding, message, metrics
from tracemark.codes.message import mother_code
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY = Key(bytes(range(32)))


@pytest.fixture(scope="session")
def code():
    return mother_code(KEY, SIDE)


@pytest.fixture
def small_code(monkeypatch):
    """Draw a code so small that every word can be tried."""

    def small_code(memory):
        for module in (decoding, message, metrics):
            monkeypatch.setattr(module, "PROFILE", replace(PROFILE, word_bits=SMALL_BITS, memory=memory))
        return mother_code.__wrapped__(KEY, 8)  # not kept for others

    return small_code
