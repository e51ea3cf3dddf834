"""Coarse first, then finer: the order in which a grid is filled, and how a part of it is shown as a whole.

Of an axis with 2h + 1 points, lattice m holds the points h + round(h·k / 2ᵐ) for k = −2ᵐ … 2ᵐ: both ends, the middle,
and every point of the lattice before it. The coarsest has five points, the last one has all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Array

Cell = tuple[int, int]  # row, column
Places = NDArray[np.intp]
Lattice = tuple[Places, Places]  # rows, columns


def lattices(height: int, width: int) -> list[Lattice]:
    """Return the lattices of a grid, the coarsest first.

    Args:
        height: Rows of the grid, an odd number.
        width: Columns of the grid, an odd number.

    Returns:
        Rows and columns of each, ascending; those of one are among those of the next.
    """
    rows, columns = _axis(height), _axis(width)
    depth = max(len(rows), len(columns))
    return [(rows[min(m, len(rows) - 1)], columns[min(m, len(columns) - 1)]) for m in range(depth)]


def cells_by_lattice(height: int, width: int) -> list[list[Cell]]:
    """Return which cells each lattice adds to the one before it, those nearest to the middle first.

    Args:
        height: Rows of the grid.
        width: Columns of the grid.

    Returns:
        One list a lattice, each cell of the grid once.
    """
    row, column = np.indices((height, width))
    radius = np.hypot((2 * row + 1) / height - 1, (2 * column + 1) / width - 1)
    taken, found = np.zeros((height, width), bool), []
    for rows, columns in lattices(height, width):
        fresh = np.zeros_like(taken)
        fresh[np.ix_(rows, columns)] = True
        fresh &= ~taken
        order = np.argsort(radius[fresh], kind="stable")
        down, across = (place[order].tolist() for place in np.nonzero(fresh))
        found.append(list(zip(down, across, strict=True)))
        taken |= fresh
    return found


def finest(known: Array) -> Lattice | None:
    """Return the finest lattice of which every cell is known, or None.

    Args:
        known: Which cells are, shape (h, w).

    Returns:
        Its rows and columns.
    """
    whole = [lattice for lattice in lattices(*known.shape) if known[np.ix_(*lattice)].all()]
    return whole[-1] if whole else None


def spread(values: Array, known: Array) -> Array:
    """Return the whole field that a part of its cells suggests.

    Unknown cells are interpolated between those of the finest complete lattice, or take the nearest known value where
    there is none, or where the lattice has a hole (a loss that is not finite).

    Args:
        values: The field, shape (h, w); anything where it is not known.
        known: Which cells are, same shape, at least one.

    Returns:
        The field, with the known cells as they are.
    """
    lattice = finest(known)
    if lattice is None:
        return nearest_known(values, known)
    between, blocks = _interpolated(values, lattice), _blocks(values, lattice)
    return np.where(known, values, np.where(np.isnan(between), blocks, between))


def _axis(count: int) -> list[Places]:
    """Return the lattices of an axis, the coarsest first."""
    half, parts, found = count // 2, 2, list[Places]()
    while not found or len(found[-1]) < count:
        places = half + np.rint(half * np.arange(-parts, parts + 1) / parts).astype(np.intp)
        found.append(places[np.diff(places, prepend=-1) > 0])
        parts *= 2
    return found


def _interpolated(values: Array, lattice: Lattice) -> Array:
    """Return the field between the cells of a lattice, linear along columns and then rows."""
    rows, columns = lattice
    height, width = values.shape
    wide = np.array([np.interp(np.arange(width), columns, row) for row in values[np.ix_(rows, columns)]])
    return np.array([np.interp(np.arange(height), rows, column) for column in wide.T]).T


def _blocks(values: Array, lattice: Lattice) -> Array:
    """Return the value of the nearest cell of a lattice at every cell."""
    rows, columns = (
        places[np.abs(np.arange(size)[:, None] - places).argmin(1)]
        for size, places in zip(values.shape, lattice, strict=True)
    )
    return values[np.ix_(rows, columns)]


def nearest_known(values: Array, known: Array) -> Array:
    """Return the value of the nearest known cell at every cell; for a small field, or a handful of known cells."""
    cells = np.argwhere(known)
    rows, columns = np.arange(values.shape[0])[:, None, None], np.arange(values.shape[1])[None, :, None]
    away = (rows - cells[:, 0]) ** 2 + (columns - cells[:, 1]) ** 2
    chosen = cells[np.argmin(away, axis=2)]
    return np.asarray(values[chosen[..., 0], chosen[..., 1]])
