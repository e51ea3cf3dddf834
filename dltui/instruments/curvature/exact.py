"""The whole spectrum of a small Hessian, from the matrix itself."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from dltui.instruments.curvature.extremes import Ends
from dltui.instruments.curvature.operator import Operator
from dltui.instruments.curvature.slq import Atoms, Estimate

Vector = NDArray[np.float64]
EXACT = 512  # rows up to which a matrix is written out
SINGLE = float(np.finfo(np.float32).eps)


def dense(operator: Operator) -> NDArray[np.float64]:
    """Return the matrix of an operator, symmetric, from n products.

    Args:
        operator: A, shape (n, n).

    Returns:
        A in float64, shape (n, n).
    """
    rows = torch.eye(operator.size, dtype=operator.like.dtype, device=operator.like.device)
    columns = torch.stack([operator(row) for row in rows]).to("cpu", torch.float64).numpy()
    return np.asarray((columns + columns.T) / 2)


def diagonalized(matrix: Vector, *, top: int, bottom: int) -> Ends:
    """Return all eigenvalues of a symmetric matrix, and both ends with vectors and residuals ‖Av − λv‖.

    Args:
        matrix: A, shape (n, n).
        top: How many of the largest eigenvalues.
        bottom: How many of the smallest.

    Returns:
        The ends; ``values`` holds all eigenvalues, ascending, ``vectors`` all vectors as rows.
    """
    values, vectors = np.linalg.eigh(matrix)
    residuals = np.linalg.norm(matrix @ vectors - vectors * values, axis=0)
    rows = torch.from_numpy(vectors.T.copy())
    order = np.arange(len(values))
    first, last = order[::-1][:top].copy(), order[:bottom]
    return Ends(
        top=values[first],
        top_residuals=residuals[first],
        bottom=values[last],
        bottom_residuals=residuals[last],
        top_vectors=rows[first],
        bottom_vectors=rows[last],
        converged=True,
        values=values,
        vectors=rows,
    )


def described(values: Vector) -> Estimate:
    """Return trace, moments and points of a spectrum that is known in full.

    The standard error is what single-precision weights can be trusted to: rounding, not chance.

    Args:
        values: All eigenvalues, shape (n,).

    Returns:
        The estimate.
    """
    n = len(values)
    return Estimate(
        atoms=Atoms(values, np.full(n, 1 / n)),
        trace=float(values.sum()),
        trace_stderr=SINGLE * float(np.abs(values).sum()),
        moments=(float(values.mean()), float((values**2).mean())),
    )
