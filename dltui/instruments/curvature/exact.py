"""The whole spectrum of a small Hessian, from the matrix itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.curvature.extremes import Ends, ends
from dltui.instruments.curvature.operator import Matrix, Operator
from dltui.instruments.curvature.slq import Atoms, Estimate
from dltui.instruments.curvature.traces import Trace

Vector = NDArray[np.float64]
EXACT = 512  # rows up to which a matrix is written out unless someone says otherwise
DOUBLE = 1024  # rows up to which that is done in float64, and all eigenvectors are found; beyond, both take minutes
SINGLE = float(np.finfo(np.float32).eps)


def dense(operator: Operator) -> Vector:
    """Return the matrix of an operator, symmetric, from n products.

    Args:
        operator: A, shape (n, n).

    Returns:
        A in float64, shape (n, n).
    """
    return _written(operator).double().numpy()


def diagonalize(operator: Operator, *, top: int, bottom: int, tolerance: float, seed: int = 0) -> Ends:
    """Write a matrix out, and return all eigenvalues, and both ends with vectors and bounds on their errors.

    Args:
        operator: A, shape (n, n).
        top: How many of the largest eigenvalues.
        bottom: How many of the smallest.
        tolerance: Residual allowed for each at the ends of a matrix of more than 1024 rows, whose vectors are found
            by Lanczos on what was written out.
        seed: Seed of that.

    Returns:
        The ends; ``values`` holds all eigenvalues, ascending, ``vectors`` those vectors that were found, as rows.
    """
    written = _written(operator)
    if operator.size <= DOUBLE:
        return diagonalized(written.double().numpy(), top=top, bottom=bottom)
    found = ends(
        Matrix(written),
        top=top,
        bottom=bottom,
        tolerance=tolerance,
        steps=200,
        generator=torch.Generator().manual_seed(seed),
    )
    return replace(found, values=np.linalg.eigvalsh(written.numpy()).astype(np.float64))


def _written(operator: Operator) -> Tensor:
    """Return the matrix of an operator, symmetric to the last bit, in its own precision on the CPU."""
    columns = torch.empty(operator.size, operator.size, dtype=operator.like.dtype)
    unit = operator.like.new_zeros(operator.size)
    for place in range(operator.size):
        unit.zero_()[place] = 1
        columns[place] = operator(unit)
    return (columns + columns.T) / 2


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
        top_converged=np.full(len(first), True),
        bottom_converged=np.full(len(last), True),
        converged=True,
        values=values,
        vectors=rows,
    )


def described(values: Vector) -> Estimate:
    """Return trace and points of a spectrum that is known in full.

    The standard errors are what single-precision weights can be trusted to: rounding, not chance.

    Args:
        values: All eigenvalues, shape (n,).

    Returns:
        The estimate.
    """
    n = len(values)
    squares = float((values**2).sum())
    told = Trace(
        trace=float(values.sum()),
        trace_stderr=SINGLE * float(np.abs(values).sum()),
        square=squares,
        square_stderr=2 * SINGLE * squares,
        method="deflated",
        probes=0,
    )
    return Estimate(Atoms(values, np.full(n, 1 / n)), (), told)
