"""Tell of memory that did not suffice, whichever library asked for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["memory_for"]

# OpenCV raises an error of its own, whose code stands on its class, where another thread's next error changes it.  So
# what it writes tells: code -4 (cv2.Error.StsNoMem) with what was asked for, or what C++ calls it.
SHORTAGE = re.compile(r"\(-4:[^)]*\) (?P<asked>.*?)(?: in function .*)?$|.*bad_alloc.*", re.DOTALL)


@contextmanager
def memory_for(doing: str) -> Iterator[None]:
    """Say in a sentence that there is not memory enough, whichever library it was that asked for it.

    Parameters
    ----------
    doing : str
        What it was for, as in ``"mark it"``; where one lies within another, the outer one tells.

    Raises
    ------
    MemoryError
        In place of OpenCV's own error, and of one that gives no reason.  Every other error passes.

    Examples
    --------
    >>> try:
    ...     with memory_for("read it"):
    ...         raise MemoryError("Unable to allocate 7 GiB")
    ... except MemoryError as error:
    ...     print(error)
    there is not memory enough to read it (Unable to allocate 7 GiB)
    """
    try:
        yield
    except Exception as error:
        asked = _asked_in_vain(error)
        if asked is None:
            raise
        raise _ShortageError(doing, asked) from error


class _ShortageError(MemoryError):
    """Memory that did not suffice, told in a sentence."""

    def __init__(self, doing: str, asked: str) -> None:
        super().__init__(f"there is not memory enough to {doing}" + (f" ({asked})" if asked else ""))
        self.asked = asked


def _asked_in_vain(error: Exception) -> str | None:
    """Say what memory was asked for in vain, which not every library tells; None when that is not what went wrong."""
    if isinstance(error, MemoryError):
        return error.asked if isinstance(error, _ShortageError) else str(error)
    import cv2

    found = SHORTAGE.search(str(error).strip()) if isinstance(error, cv2.error) else None
    return None if found is None else found["asked"] or ""
