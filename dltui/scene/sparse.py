"""A convolution over few cells of a large grid: what is asked for is gathered by number, nothing else is touched.

Empty cells count as 0 and stay empty (submanifold convolution, Graham 2017; on octrees: O-CNN, Wang et al. 2017).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
AROUND = np.array(
    list(product((-1, 0, 1), repeat=3))
)  # the 27 places of a kernel, as its weights are ordered


def neighbours(cells: Ints, side: int) -> Ints:
    """Return for each cell the rows of the 27 cells around it, −1 for those that are not there.

    Args:
        cells: Whole numbers along the axes, all different, shape (n, 3).
        side: Cells along each side of the grid.

    Returns:
        Rows, shape (n, 27).
    """
    wide = side + 2
    keys = _keys(cells, wide)
    order = np.argsort(keys)
    asked = _keys(cells[:, None] + AROUND, wide)
    place = np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)
    found = order[place] if len(keys) else np.zeros_like(asked)
    return np.where(keys[found] == asked, found, -1) if len(keys) else found


def _keys(cells: Ints, wide: int) -> Ints:
    """Return one number for each cell; a rim around the grid has its own."""
    x, y, z = np.moveaxis(cells + 1, -1, 0)
    keys: Ints = (x * wide + y) * wide + z
    return keys


def sparse_convolution(values: Doubles, around: Ints, weight: Doubles) -> Doubles:
    """Return a 3 × 3 × 3 convolution at the cells that there are.

    Args:
        values: Of each cell, shape (n, c).
        around: What ``neighbours`` returned, shape (n, 27).
        weight: Shape (k, c, 3, 3, 3).

    Returns:
        Shape (n, k).
    """
    held = np.concatenate([values, np.zeros((1, values.shape[1]))])  # row −1 is empty
    kernel = weight.reshape(weight.shape[0], weight.shape[1], -1)
    out = np.zeros((len(values), weight.shape[0]))
    for place in range(around.shape[1]):
        out += held[around[:, place]] @ kernel[:, :, place].T
    return out


def dense_convolution(values: Doubles, weight: Doubles) -> Doubles:
    """Return the same over a whole grid, with zeros around it.

    Args:
        values: Shape (N, N, N, c).
        weight: Shape (k, c, 3, 3, 3).

    Returns:
        Shape (N, N, N, k).
    """
    padded = np.pad(values, ((1, 1), (1, 1), (1, 1), (0, 0)))
    kernel = weight.reshape(weight.shape[0], weight.shape[1], -1)
    out = np.zeros((*values.shape[:3], weight.shape[0]))
    for place, offset in enumerate(AROUND + 1):
        part = tuple(slice(start, start + size) for start, size in zip(offset, values.shape[:3], strict=True))
        out += padded[part] @ kernel[:, :, place].T
    return out
