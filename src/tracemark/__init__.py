"""Personal copies of photographs: mark each, and learn whose copy a leak was.

>>> import tracemark as tm
>>> key = tm.Key.generate()
>>> tm.Key(key.secret) == key
True
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracemark.detection import detect, detect_together
    from tracemark.embedding import embed, prepare
    from tracemark.errors import (
        FormatError,
        KeyFileError,
        KitError,
        LedgerError,
        MissingLibraryError,
        OutputError,
        PhotoError,
        RecipientError,
        TracemarkError,
        why,
    )
    from tracemark.keys import Key
    from tracemark.kit.archives import MadeArchive
    from tracemark.kit.estimate import KitEstimate, estimate_kit
    from tracemark.kit.kit import make_kit
    from tracemark.kit.names import name_clash, short_names
    from tracemark.kit.order import KitOrder
    from tracemark.kit.owners import kit_files
    from tracemark.kit.task import Check, Failure, KitCopy, MadeCopy, Notice
    from tracemark.ledger.copies import CopyRecord
    from tracemark.ledger.ledger import Ledger
    from tracemark.ledger.photos import PhotoEntry, PhotoRecord
    from tracemark.ledger.recipients import Recipient
    from tracemark.ledger.verification import Verification
    from tracemark.media.photo import Photo, check_writable, encode_photo, image_bytes, read_photo, without_gps
    from tracemark.new_file import write_atomically, write_private
    from tracemark.original import digest_of
    from tracemark.plan import Plan
    from tracemark.recording import record_copy, record_photo, recorded_luma
    from tracemark.splicing import JpegPlan
    from tracemark.verdict import IDENTIFIED_LOG10, Candidate, Uncounted, Verdict

__all__ = [
    "IDENTIFIED_LOG10",
    "Candidate",
    "Check",
    "CopyRecord",
    "Failure",
    "FormatError",
    "JpegPlan",
    "Key",
    "KeyFileError",
    "KitCopy",
    "KitError",
    "KitEstimate",
    "KitOrder",
    "Ledger",
    "LedgerError",
    "MadeArchive",
    "MadeCopy",
    "MissingLibraryError",
    "Notice",
    "OutputError",
    "Photo",
    "PhotoEntry",
    "PhotoError",
    "PhotoRecord",
    "Plan",
    "Recipient",
    "RecipientError",
    "TracemarkError",
    "Uncounted",
    "Verdict",
    "Verification",
    "__version__",
    "check_writable",
    "detect",
    "detect_together",
    "digest_of",
    "embed",
    "encode_photo",
    "estimate_kit",
    "image_bytes",
    "kit_files",
    "make_kit",
    "name_clash",
    "prepare",
    "read_photo",
    "record_copy",
    "record_photo",
    "recorded_luma",
    "short_names",
    "why",
    "without_gps",
    "write_atomically",
    "write_private",
]

__version__ = "0.1.0"

# A room is entered when one of its names is first asked for, so that `import tracemark` is quick.
_ROOMS = {
    "IDENTIFIED_LOG10": "tracemark.verdict",
    "Check": "tracemark.kit.task",
    "CopyRecord": "tracemark.ledger.copies",
    "Failure": "tracemark.kit.task",
    "FormatError": "tracemark.errors",
    "JpegPlan": "tracemark.splicing",
    "Key": "tracemark.keys",
    "KeyFileError": "tracemark.errors",
    "KitCopy": "tracemark.kit.task",
    "KitError": "tracemark.errors",
    "KitEstimate": "tracemark.kit.estimate",
    "KitOrder": "tracemark.kit.order",
    "Ledger": "tracemark.ledger.ledger",
    "LedgerError": "tracemark.errors",
    "MadeArchive": "tracemark.kit.archives",
    "MadeCopy": "tracemark.kit.task",
    "MissingLibraryError": "tracemark.errors",
    "Notice": "tracemark.kit.task",
    "OutputError": "tracemark.errors",
    "Photo": "tracemark.media.photo",
    "PhotoEntry": "tracemark.ledger.photos",
    "PhotoError": "tracemark.errors",
    "PhotoRecord": "tracemark.ledger.photos",
    "Plan": "tracemark.plan",
    "Recipient": "tracemark.ledger.recipients",
    "RecipientError": "tracemark.errors",
    "TracemarkError": "tracemark.errors",
    "Candidate": "tracemark.verdict",
    "Uncounted": "tracemark.verdict",
    "Verdict": "tracemark.verdict",
    "Verification": "tracemark.ledger.verification",
    "check_writable": "tracemark.media.photo",
    "detect": "tracemark.detection",
    "detect_together": "tracemark.detection",
    "digest_of": "tracemark.original",
    "embed": "tracemark.embedding",
    "encode_photo": "tracemark.media.photo",
    "estimate_kit": "tracemark.kit.estimate",
    "image_bytes": "tracemark.media.photo",
    "kit_files": "tracemark.kit.owners",
    "make_kit": "tracemark.kit.kit",
    "name_clash": "tracemark.kit.names",
    "prepare": "tracemark.embedding",
    "read_photo": "tracemark.media.photo",
    "record_copy": "tracemark.recording",
    "record_photo": "tracemark.recording",
    "recorded_luma": "tracemark.recording",
    "short_names": "tracemark.kit.names",
    "why": "tracemark.errors",
    "without_gps": "tracemark.media.photo",
    "write_atomically": "tracemark.new_file",
    "write_private": "tracemark.new_file",
}


def __getattr__(name: str) -> object:
    """Fetch a public name from its room."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'tracemark' has no attribute {name!r}")
    try:
        room = importlib.import_module(_ROOMS[name])
    except ModuleNotFoundError:
        raise
    except ImportError as error:
        # As glibc and musl say it: "cannot open shared object file", "Error loading shared library"; each names a .so.
        if not all(word in str(error) for word in ("shared", ".so")):
            raise
        from tracemark.errors import MissingLibraryError

        raise MissingLibraryError(
            f"a system library that OpenCV needs is missing ({error}); on Debian and Ubuntu run:"
            " apt-get install libgl1 libglib2.0-0"
        ) from error
    return globals().setdefault(name, getattr(room, name))


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
