"""Transforms of pictures whose pixels have their centres at integers: 3 x 3, (x, y, 1) to (x, y, 1)."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Transform", "corners", "density", "mapped", "moving", "resizing", "scaling", "tangent"]

Transform = NDArray[np.float64]


def moving(by: NDArray[np.float64]) -> Transform:
    """Give the transform that moves a picture.

    Parameters
    ----------
    by : ndarray, shape (2,)
        (x, y), pixels.

    Returns
    -------
    transform : ndarray, shape (3, 3), float64
    """
    transform = np.eye(3)
    transform[:2, 2] = by
    return transform


def scaling(factor: float) -> Transform:
    """Give the transform that enlarges a picture.

    Parameters
    ----------
    factor : float
        Pixels that one pixel becomes, along a side.

    Returns
    -------
    transform : ndarray, shape (3, 3), float64
    """
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1]])


def resizing(shape: tuple[float, ...], to: tuple[float, ...]) -> Transform:
    """Give the transform that makes a picture as large as another, each side by its own factor.

    Parameters
    ----------
    shape, to : tuple of float
        Rows and columns before and after; they need not be whole.

    Returns
    -------
    transform : ndarray, shape (3, 3), float64
    """
    factor = np.array([to[1] / shape[1], to[0] / shape[0]])
    transform = np.diag([*factor, 1.0])
    transform[:2, 2] = (factor - 1) / 2
    return transform


def density(transform: Transform, shape: tuple[int, ...]) -> float:
    """Count the pixels of a picture, along one side, in a pixel of that to which a transform brings it.

    Parameters
    ----------
    transform : ndarray, shape (3, 3)
        The transform, affine or projective.
    shape : tuple of int
        Rows and columns of the picture; it is counted where its centre lies.

    Returns
    -------
    density : float
    """
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2, 1])
    weight = float(transform[2] @ centre)
    return float(np.sqrt(abs(weight) ** 3 / max(abs(float(np.linalg.det(transform))), np.finfo(float).tiny)))


def tangent(transform: Transform, point: NDArray[np.float64]) -> Transform:
    """Give the affine transform that a projective one nearly is around a point.

    Parameters
    ----------
    transform : ndarray, shape (3, 3)
        The transform.
    point : ndarray, shape (2,)
        (x, y); not on its horizon.

    Returns
    -------
    tangent : ndarray, shape (3, 3), float64
    """
    *place, weight = transform @ [*point, 1.0]
    there = np.array(place) / weight
    affine = np.eye(3)
    affine[:2, :2] = (transform[:2, :2] - np.outer(there, transform[2, :2])) / weight
    affine[:2, 2] = there - affine[:2, :2] @ point
    return affine


def corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Give the corners of a picture, half a pixel beyond the centres of the outermost pixels.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    corners : ndarray, shape (4, 2), float64
        (x, y).
    """
    right, lower = shape[1] - 1 / 2, shape[0] - 1 / 2
    return np.array([[-1 / 2, -1 / 2], [right, -1 / 2], [-1 / 2, lower], [right, lower]])


def mapped(transform: Transform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring points to where a transform has them.

    Parameters
    ----------
    transform : ndarray, shape (3, 3)
        The transform, affine or projective.
    points : ndarray, shape (n, 2)
        (x, y); none on its horizon.

    Returns
    -------
    mapped : ndarray, shape (n, 2), float64
    """
    places = np.asarray(points) @ transform[:, :2].T + transform[:, 2]
    return np.asarray(places[:, :2] / places[:, 2:], dtype=np.float64)
