"""Turn recipients into message words that say nothing of each other, and back."""

import math
from typing import SupportsIndex

from tracemark.arguments import checked_whole
from tracemark.errors import RecipientError
from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["checked_recipient", "log10_accident", "recipient_of", "word_of"]

LABEL = "message word"


def checked_recipient(recipient: SupportsIndex) -> int:
    """Refuse what cannot be a recipient.

    Parameters
    ----------
    recipient : int
        0 to ``2**32 - 1``.

    Returns
    -------
    recipient : int
        As a plain integer.

    Raises
    ------
    RecipientError
        When it is no whole number in that range.
    """
    most = (1 << PROFILE.recipient_bits) - 1
    return checked_whole(recipient, "recipient", least=0, most=most, refuse=RecipientError)


def word_of(key: Key, recipient: int) -> int:
    """Turn a recipient into a message word.

    Parameters
    ----------
    key : Key
        The secret.
    recipient : int
        0 to ``2**32 - 1``.

    Returns
    -------
    word : int
        The recipient followed by check bits of 0, sent through a keyed permutation of all words.
    """
    return key.permute(recipient << PROFILE.check_bits, bits=PROFILE.word_bits, label=f"{LABEL} {PROFILE.version}")


def recipient_of(key: Key, word: int) -> int | None:
    """Turn a word back into a recipient.

    Parameters
    ----------
    key : Key
        The secret.
    word : int
        Any word.

    Returns
    -------
    recipient : int or None
        None when the check bits are not 0: no recipient has this word.
    """
    value = key.unpermute(word, bits=PROFILE.word_bits, label=f"{LABEL} {PROFILE.version}")
    recipient, check = divmod(value, 1 << PROFILE.check_bits)
    return None if check else recipient


def log10_accident(words: int) -> float:
    """Bound the chance that one of a number of wrong words is some innocent's.

    Parameters
    ----------
    words : int
        Words that were looked up, at least 1.

    Returns
    -------
    log10 : float
        At most ``words * 2**-32``: the innocents' words are a random subset of all words.
    """
    return math.log10(words) - PROFILE.check_bits * math.log10(2)
