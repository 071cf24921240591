"""Write the golden files: copies marked with the present format, which must be read for ever.

Run from the top of the repository, once a format version, before it is released::

    python -m tests.golden.make_golden

It never writes over a file that is there: a format that was released stays readable.
"""

import json
import sys
from pathlib import Path

import cv2

import tracemark as tm
from tracemark.profile import PROFILE

FOLDER = Path(__file__).parent / f"version_{PROFILE.version}"
ORIGINAL = Path(__file__).parents[2] / "cli" / "tracemark_cli" / "data" / "seeding.jpg"
SECRET = bytes(range(32))  # of no value
SIZE = (640, 360)  # columns and rows: small files, still a mark that can be read
COLOUR_AXES = 3
FILES = [
    # name               recipient      what the copy went through
    ("jpeg-75.jpg", 0, lambda copy: copy, [cv2.IMWRITE_JPEG_QUALITY, 75]),
    ("half-crop.jpg", 4_294_967_295, lambda copy: copy[40:330, 90:560], [cv2.IMWRITE_JPEG_QUALITY, 85]),
    ("grey.png", 17, lambda copy: copy[32:352, 64:544, 1], [cv2.IMWRITE_PNG_COMPRESSION, 9]),
]


def main() -> int:
    """Write what is missing."""
    pixels = cv2.resize(tm.read_photo(ORIGINAL).pixels, SIZE, interpolation=cv2.INTER_AREA)
    key = tm.Key(SECRET)
    plan = tm.prepare(pixels, key=key)
    FOLDER.mkdir(exist_ok=True)
    index = FOLDER / "index.json"
    known = json.loads(index.read_text()) if index.exists() else []
    for name, recipient, attack, options in FILES:
        if (FOLDER / name).exists():
            print(f"{name} is there already", file=sys.stderr)
            continue
        leak = attack(plan.copy_for(recipient))
        found = tm.detect(leak, key=key)
        if found.recipient != recipient:
            print(f"{name} cannot be read even now", file=sys.stderr)
            return 1
        stored = leak if leak.ndim < COLOUR_AXES else cv2.cvtColor(leak, cv2.COLOR_RGB2BGR)
        (FOLDER / name).write_bytes(cv2.imencode(Path(name).suffix, stored, options)[1].tobytes())
        known.append({"file": name, "recipient": recipient, "secret": SECRET.hex()})
    index.write_text(json.dumps(known, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
