"""Write a moment, milliseconds since 1970, as ISO 8601."""

from datetime import UTC, datetime, timedelta

__all__ = ["iso_of", "now"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def now() -> int:
    """Give the present moment, milliseconds since 1970."""
    return (datetime.now(UTC) - EPOCH) // MILLISECOND


def iso_of(moment: int) -> str:
    """Write a moment.

    Parameters
    ----------
    moment : int
        Milliseconds since 1970.

    Returns
    -------
    text : str
        ISO 8601, UTC.

    Raises
    ------
    OverflowError
        When it is not in the years 1 to 9999.

    Examples
    --------
    >>> iso_of(1717200000123)
    '2024-06-01T00:00:00.123Z'
    """
    return (EPOCH + moment * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")
