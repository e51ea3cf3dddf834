"""Chosen eigenvectors of the Hessian, as directions in the space of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.curvature.exact import EXACT, dense, diagonalized
from dltui.instruments.curvature.extremes import Ends, ends
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.operator import Counted
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent

STEPS = 100  # Lanczos steps of one run at most
TOLERANCE = 1e-4  # residual allowed, relative to the eigenvalue


@dataclass(frozen=True)
class Pairs:
    """Some eigenvalues with their vectors.

    Attributes:
        values: λ of each, shape (k,).
        residuals: ‖Hv − λv‖ of each, shape (k,).
        vectors: Unit vectors as rows, shape (k, n); the largest entry of each is positive.
        products: Hessian-vector products that were spent.
        converged: Whether each residual is within the tolerance, shape (k,); a value that has not converged is only a
            bound: at most the eigenvalue at the top, at least it at the bottom.
    """

    values: NDArray[np.float64]
    residuals: NDArray[np.float64]
    vectors: Tensor
    products: int
    converged: NDArray[np.bool_]


def eigenpairs(
    objective: Objective,
    numbers: Sequence[int],
    *,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    report: Report = silent,
) -> Pairs:
    """Find chosen eigenpairs of H = ∇²L(θ*).

    Args:
        objective: The loss of a model on its data.
        numbers: 1 for the largest eigenvalue, 2 for the second, …; −1 for the lowest, −2 for the second lowest, ….
        tolerance: Residual allowed, relative to the eigenvalue.
        seed: Seed of the random starts.
        report: Called after every product with how many there are, and how many are expected.

    Returns:
        The pairs in the order of ``numbers``, float64 where the matrix is small enough to be written out.

    Raises:
        UsageError: If there is no eigenvalue of such a number.
    """
    size = len(objective.twin().flat)
    if any(not 0 < abs(number) <= size for number in numbers):
        raise UsageError(
            f"{objective.title} has {size} eigenvalues; expected numbers from 1 to {size}, or −{size} to −1"
        )
    top, bottom = max(0, *numbers), max(0, *(-number for number in numbers))
    small = size <= EXACT
    expected = size if small else STEPS
    report(0, expected)
    with same_randomness(), hessian(objective.doubled() if small else objective) as operator:
        counted = Counted(operator, lambda done: report(done, max(expected, done + 1)))
        found = (
            diagonalized(dense(counted), top=top, bottom=bottom)
            if small
            else ends(
                counted,
                top=top,
                bottom=bottom,
                tolerance=tolerance,
                steps=STEPS,
                generator=torch.Generator().manual_seed(seed),
            )
        )
    picked = [_pick(found, number) for number in numbers]
    return Pairs(
        values=np.array([value for value, *_ in picked]),
        residuals=np.array([residual for _, residual, *_ in picked]),
        vectors=torch.stack([_upright(vector) for _, _, vector, _ in picked]),
        products=counted.products,
        converged=np.array([good for *_, good in picked]),
    )


def _pick(found: Ends, number: int) -> tuple[float, float, Tensor, bool]:
    """Return value, residual and vector of one eigenpair, and whether it has converged."""
    if number > 0:
        place, ends = number - 1, (found.top, found.top_residuals, found.top_vectors, found.top_converged)
    else:
        place, ends = (
            -number - 1,
            (found.bottom, found.bottom_residuals, found.bottom_vectors, found.bottom_converged),
        )
    values, residuals, vectors, good = ends
    return float(values[place]), float(residuals[place]), vectors[place], bool(good[place])


def _upright(vector: Tensor) -> Tensor:
    """Return a unit vector, or its opposite: the one whose largest entry is positive, as either will do."""
    return torch.nn.functional.normalize(vector * vector[vector.abs().argmax()].sign(), dim=0)
