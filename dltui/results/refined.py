"""What lies between the cells that a progressive scan computed: splines from one lattice to the next finer one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dltui.figures import Array
from dltui.results.lattice import Lattice, lattices, nearest_known
from dltui.results.spline import between

DECADES = 10  # a field that spans more than this factor is looked at on a log scale


def spans_decades(values: Array) -> bool:
    """Return whether a field is better looked at on a log scale: positive, and over more than one decade."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > DECADES * finite.min())


def guessed(values: Array, coarse: Lattice, fine: Lattice) -> Array:
    """Return what a spline through the cells of one lattice says of those of the next.

    Args:
        values: The field on the whole grid; only the cells of ``coarse`` are read. Where one is not finite its nearest
            neighbour counts.
        coarse: Rows and columns of the lattice that is known.
        fine: Rows and columns of the next one.

    Returns:
        Shape (rows, columns) of ``fine``.
    """
    part = values[np.ix_(*coarse)]
    finite = np.isfinite(part)
    if not finite.any():
        return np.full((len(fine[0]), len(fine[1])), np.nan)
    return between(part if finite.all() else nearest_known(part, finite), *coarse, *fine)


def filled(values: Array, known: Array) -> Array:
    """Return a field whose missing cells are interpolated, lattice by lattice.

    Args:
        values: The field, shape (h, w); NaN where it is not finite, anything where it is not known.
        known: Which cells are computed, same shape; the coarsest lattice among them.

    Returns:
        The field, with the known cells as they are.
    """
    log = spans_decades(values[known])
    told = np.where(known, np.log(np.where(known, values, 1.0)) if log else values, np.nan)
    for coarse, fine in pairwise(lattices(*values.shape)):
        place = np.ix_(*fine)
        told[place] = np.where(known[place], told[place], guessed(told, coarse, fine))
    return np.where(known, values, np.exp(told) if log else told)
