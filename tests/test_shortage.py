import re

import cv2
import numpy as np
import pytest

import tracemark as tm
from tracemark import detection, embedding
from tracemark.media import photo
from tracemark.shortage import memory_for

OPENCV = "OpenCV(5.0.0) /io/alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes in function 'f'\n"
SHORTAGES = [
    # error                                                    what it tells
    (cv2.error(OPENCV), " (Failed to allocate 9 bytes)"),
    (cv2.error("std::bad_alloc"), ""),
    (MemoryError(), ""),
    (np.exceptions.AxisError("no"), None),
    (cv2.error("OpenCV(5.0.0) a.cpp:1: error: (-215:Assertion failed) -4 < x in function 'f'"), None),
]


@pytest.mark.parametrize(("error", "told"), SHORTAGES)
def test_every_librarys_shortage_of_memory_is_one_and_no_other_error_is(error, told):
    kind = type(error) if told is None else MemoryError
    words = str(error) if told is None else f"there is not memory enough to read it{told}"
    with pytest.raises(kind, match=f"^{re.escape(words)}$"), memory_for("read it"), memory_for("x"):
        raise error


def test_what_opencv_raises_without_memory_is_known_by_its_words():
    words = r"enough to read it \(Failed to allocate \d+ bytes\)$"
    with pytest.raises(MemoryError, match=words), memory_for("read it"):
        # as much as is asked for in vain on any machine
        cv2.copyMakeBorder(np.zeros((1, 1)), 0, 1 << 30, 0, 1 << 20, cv2.BORDER_CONSTANT)


@pytest.mark.parametrize("call", ["prepare", "detect"])
def test_a_photo_that_memory_does_not_suffice_for_is_said_so_at_the_door(call, key, monkeypatch):
    def fail(*_, **__):
        raise cv2.error(OPENCV)

    monkeypatch.setattr(embedding, "digest_of", fail)
    monkeypatch.setattr(detection, "luma_of", fail)
    with pytest.raises(MemoryError, match=r"there is not memory enough to (mark|read) it"):
        getattr(tm, call)(np.zeros((336, 256), np.uint8), key=key)


def test_a_file_that_memory_does_not_suffice_for_is_said_so_whether_it_is_read_or_written(monkeypatch):
    def fail(*_, **__):
        raise cv2.error(OPENCV)

    like = tm.read_photo(cv2.imencode(".png", np.zeros((8, 8), np.uint16))[1].tobytes())
    monkeypatch.setattr(photo, "decode", fail)
    monkeypatch.setattr(photo, "write_pixels", fail)
    with pytest.raises(MemoryError, match="there is not memory enough to read it"):
        tm.read_photo(b"any")
    with pytest.raises(MemoryError, match="there is not memory enough to write it"):
        tm.encode_photo(like.pixels, like=like)
