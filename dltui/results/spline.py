"""Cubic splines over a grid, as matrices: what lies between points follows from the points by one product."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dltui.figures import Array


def between(values: Array, rows: Array, columns: Array, to_rows: Array, to_columns: Array) -> Array:
    """Return a field at other places than those where it is known, by a bicubic spline.

    Args:
        values: The field, finite, shape (len(rows), len(columns)).
        rows: Where its rows lie, ascending.
        columns: Where its columns lie, ascending.
        to_rows: Where it is wanted.
        to_columns: Where it is wanted.

    Returns:
        Shape (len(to_rows), len(to_columns)).
    """
    up, across = _matrix(tuple(rows), tuple(to_rows)), _matrix(tuple(columns), tuple(to_columns))
    found: Array = up @ values @ across.T
    return found


@lru_cache(maxsize=64)
def _matrix(knots: tuple[float, ...], wanted: tuple[float, ...]) -> Array:
    """Return the matrix from values at knots to those of the interpolating spline.

    The spline is cubic with the third derivative continuous at the second and the last but one knot (not-a-knot), so
    that cubics are reproduced; through three points a parabola, through two a line, through one a constant.
    """
    x, at = np.array(knots, float), np.array(wanted, float)
    if len(x) < 4:
        return np.stack([_lagrange(x, j, at) for j in range(len(x))], 1)
    h = np.diff(x)
    slopes = (np.eye(len(x))[1:] - np.eye(len(x))[:-1]) / h[:, None]
    system, right = np.zeros((len(x), len(x))), np.zeros((len(x), len(x)))
    for i in range(1, len(x) - 1):
        system[i, i - 1 : i + 2] = h[i], 2 * (h[i - 1] + h[i]), h[i - 1]
        right[i] = 3 * (h[i] * slopes[i - 1] + h[i - 1] * slopes[i])
    system[0, :2], right[0] = (h[1], h[0] + h[1]), _end(h[0], h[1], slopes[0], slopes[1])
    system[-1, -2:], right[-1] = (h[-1] + h[-2], h[-2]), _end(h[-1], h[-2], slopes[-1], slopes[-2])
    rise = np.linalg.solve(system, right)
    part = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(h) - 1)
    t, width = ((at - x[part]) / h[part])[:, None], h[part][:, None]
    ends = (1 + 2 * t) * (1 - t) ** 2 * np.eye(len(x))[part] + t**2 * (3 - 2 * t) * np.eye(len(x))[part + 1]
    return np.asarray(ends + width * (t * (1 - t) ** 2 * rise[part] - t**2 * (1 - t) * rise[part + 1]))


def _end(near: float, far: float, first: Array, second: Array) -> Array:
    """Return the right-hand side of the not-a-knot condition at one end."""
    both = near + far
    return np.asarray(((near + 2 * both) * far * first + near**2 * second) / both)


def _lagrange(x: Array, j: int, at: Array) -> Array:
    """Return the polynomial that is 1 at one point and 0 at the others."""
    others = np.delete(x, j)
    return np.asarray(np.prod([(at - other) / (x[j] - other) for other in others], axis=0) * np.ones_like(at))
