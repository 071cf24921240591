"""Tell a file from what else may have its name."""

from pathlib import Path

__all__ = ["is_special"]


def is_special(path: Path) -> bool:
    """Tell a device, a pipe or a socket, which somebody may wait at for ever.

    Parameters
    ----------
    path : Path
        Where links lead counts.

    Returns
    -------
    special : bool
        False of a folder, and where nothing is.

    Raises
    ------
    OSError
        When nobody may look.
    """
    return not (path.is_file() or path.is_dir()) and path.exists()
