"""Write the HEIC file that is read in the tests: writing one needs an encoder that tracemark does not.

Run from the top of the repository, with pillow-heif installed::

    python -m tests.media.make_heic
"""

from importlib.resources import files
from pathlib import Path

import cv2
from PIL import Image

import tracemark as tm

TARGET = Path(__file__).parent / "data" / "seeding.heic"
SIZE = (320, 180)  # columns and rows
QUALITY = 70


def main() -> None:
    """Write it."""
    import pillow_heif  # not among those that tests need

    photo = tm.read_photo(files("tracemark_cli") / "data" / "seeding.jpg").pixels
    small = cv2.resize(photo, SIZE, interpolation=cv2.INTER_AREA)
    TARGET.parent.mkdir(exist_ok=True)
    pillow_heif.from_pillow(Image.fromarray(small)).save(TARGET, quality=QUALITY)


if __name__ == "__main__":
    main()
