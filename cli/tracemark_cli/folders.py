"""Ask what may be done in folders."""

import os
from pathlib import Path

__all__ = ["is_open"]


def is_open(folder: Path) -> bool:
    """Tell whether files can be written into a folder.

    Parameters
    ----------
    folder : Path
        A folder; of what is none, or is not there, the answer is of no use.

    Returns
    -------
    open : bool
    """
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)
