"""How far cells that were left to interpolation may be off, for any quantity that a progressive scan measured."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dltui.figures import Array
from dltui.results.lattice import lattices
from dltui.results.refined import guessed, spans_decades


def missed(values: Array, known: Array) -> float:
    """Return how far splines were off where they could be tried, as a share of the range.

    Where a region was left to interpolation, the last lattice that was computed there had been guessed from the one
    before it; the largest difference there, over all such regions, is the error that the coarser lattice had, and the
    one that is shown is finer.

    Args:
        values: The field, shape (h, w); NaN where it is not finite, anything where it is not known. It is looked at on
            a log scale where it spans decades, as the picture is.
        known: Which cells are computed, same shape; the coarsest lattice among them.

    Returns:
        The error; 0 where nothing was left out, NaN where no spline could be tried.
    """
    if known.all():
        return 0.0
    finite = known & np.isfinite(values)
    if not finite.any():
        return float("nan")
    log = spans_decades(values[finite])
    truth = np.where(finite, np.log(np.where(finite, values, 1.0)) if log else values, np.nan)
    span, told, last = float(np.ptp(truth[finite])), truth.copy(), np.full(values.shape, np.nan)
    for coarse, fine in pairwise(lattices(*values.shape)):
        guess = np.full_like(told, np.nan)
        guess[np.ix_(*fine)] = guessed(told, coarse, fine)
        away = np.where(known & np.isfinite(guess), np.abs(guess - truth), np.nan)
        away[np.ix_(*coarse)] = np.nan  # these were given, not guessed
        for top, bottom in pairwise(coarse[0].tolist()):
            for left, right in pairwise(coarse[1].tolist()):
                square = np.s_[top : bottom + 1, left : right + 1]
                if np.isfinite(away[square]).any():
                    last[square] = np.nanmax(away[square])
        told = np.where(known, truth, guess)
    left_out = last[~known]
    worst = np.nanmax(left_out) if np.isfinite(left_out).any() else np.nan
    return float(worst / span) if span else float(worst)
