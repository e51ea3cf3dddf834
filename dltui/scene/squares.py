"""Where values over a plane have a level. Each square is cut into two triangles, so that no case is ambiguous."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))  # row and column of a corner of a square, counter-clockwise
TRIANGLES = ((0, 1, 2), (0, 2, 3))


def contour(
    values: NDArray[np.floating], x: NDArray[np.floating], y: NDArray[np.floating], level: float = 0.0
) -> tuple[Doubles, Doubles]:
    """Return the line on which values have a level, in stretches.

    Args:
        values: Shape (len(y), len(x)); squares with a NaN are left out.
        x: Abscissae of the columns, shape (w,).
        y: Ordinates of the rows, shape (h,).
        level: Of the line.

    Returns:
        Abscissae and ordinates, shape (3s,): two ends of each stretch, then NaN.
    """
    held = np.asarray(values, np.float64) - level
    across, up = np.meshgrid(np.asarray(x, np.float64), np.asarray(y, np.float64))
    parts = [_corners(part) for part in (held, across, up)]
    found = [_stretches(*(part[list(three)] for part in parts)) for three in TRIANGLES]
    ends = np.concatenate(found, axis=1)  # of each stretch: two ends, shape (2, s, 2)
    line = np.full((3, ends.shape[1], 2), np.nan)
    line[:2] = ends
    flat = line.transpose(1, 0, 2).reshape(-1, 2)
    return flat[:, 0], flat[:, 1]


def _corners(grid: Doubles) -> Doubles:
    """Return what stands at the four corners of each square, shape (4, squares)."""
    height, width = grid.shape
    return np.stack([grid[r : height - 1 + r, c : width - 1 + c].ravel() for r, c in CORNERS])


def _stretches(held: Doubles, x: Doubles, y: Doubles) -> Doubles:
    """Return the stretch in each triangle that the line passes, shape (2, s, 2); all given have the shape (3, n)."""
    inside = held < 0
    passed = np.isfinite(held).all(axis=0) & inside.any(axis=0) & ~inside.all(axis=0)
    held, x, y, inside = held[:, passed], x[:, passed], y[:, passed], inside[:, passed]
    lone = np.where(inside.sum(axis=0) == 1, inside.argmax(axis=0), inside.argmin(axis=0))
    row, ends = np.arange(lone.size), []
    for step in (1, 2):  # the two sides at the corner that stands alone
        other = (lone + step) % 3
        a, b = held[lone, row], held[other, row]
        share = a / (a - b)
        ends.append(
            np.stack([part[lone, row] + share * (part[other, row] - part[lone, row]) for part in (x, y)], -1)
        )
    return np.stack(ends)
