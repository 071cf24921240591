"""Write the HEIC file that is read in the tests: writing one needs an encoder that tracemark does not.

Run from the top of the repository, with ``heif-enc`` installed (Debian: ``apt-get install libheif-examples``)::

    python -m tests.media.make_heic
"""

import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import cv2

import tracemark as tm

TARGET = Path(__file__).parent / "data" / "copy.heic"
KEY = tm.Key(bytes(range(32)))
RECIPIENT = 17
SIZE = (640, 360)  # columns and rows
QUALITY = 50


def main() -> None:
    """Write a recipient's copy, as a phone or a computer that keeps its photos as HEIC would save it."""
    photo = tm.read_photo(files("tracemark_cli") / "data" / "seeding.jpg").pixels
    small = cv2.resize(photo, SIZE, interpolation=cv2.INTER_AREA)
    copy = tm.embed(small, recipient=RECIPIENT, key=KEY)
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        png = Path(folder) / "copy.png"
        cv2.imwrite(str(png), cv2.cvtColor(copy, cv2.COLOR_RGB2BGR))
        command = ["heif-enc", "--quality", str(QUALITY), "--output", TARGET, png]
        subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
