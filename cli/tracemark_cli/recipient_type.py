"""Take recipients from lists and from the command line by one rule."""

from typing import Any

import click

__all__ = ["RECIPIENT", "recipient_in"]

LARGEST_RECIPIENT = 2**32 - 1  # what a mark can carry, as `tracemark.embed` promises


def recipient_in(word: str) -> int:
    """Turn a word into a recipient.

    Parameters
    ----------
    word : str
        Digits 0 to 9 and nothing else: Python would also take ``1_7`` for 17, and the digits of any script.

    Returns
    -------
    recipient : int

    Raises
    ------
    ValueError
        With a sentence to go on after what the word is, when it is no recipient.
    """
    # Longer than the largest, leading zeros aside: do not even convert it.
    digits = word.lstrip("0") or "0"
    if not (word.isascii() and word.isdigit() and len(digits) <= len(str(LARGEST_RECIPIENT))):
        raise ValueError(f"must be a whole number, 0 to {LARGEST_RECIPIENT}, not {word!r}")
    if int(digits) > LARGEST_RECIPIENT:
        raise ValueError(f"must be at most {LARGEST_RECIPIENT}, not {word}")
    return int(digits)


class _RecipientType(click.IntRange):
    """The range, which help tells of, without what only Python would read as one of its numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return recipient_in(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


RECIPIENT = _RecipientType(0, LARGEST_RECIPIENT)
"""What `--recipient` takes."""
