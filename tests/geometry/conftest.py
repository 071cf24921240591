from importlib.resources import files

import cv2
import numpy as np
import pytest


def luma_of(name):
    return cv2.imread(str(files("skimage.data") / name), cv2.IMREAD_GRAYSCALE).astype(np.float32)


@pytest.fixture(scope="session")
def coffee():
    """A real photograph of 400 x 600 pixels."""
    return luma_of("coffee.png")


@pytest.fixture(scope="session")
def astronaut():
    """Another one, of 512 x 512 pixels."""
    return luma_of("astronaut.png")


@pytest.fixture(scope="session")
def rocket():
    """A smooth one, of 427 x 640 pixels."""
    return luma_of("rocket.jpg")
