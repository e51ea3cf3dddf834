"""Eigenvalues at both ends of a symmetric matrix by Lanczos, each with a bound on its error.

Lanczos builds an orthonormal basis Q of the Krylov space span{q, Aq, A²q, …}, in which A is a small tridiagonal
matrix T. Every eigenpair (θ, s) of T is a Ritz pair (θ, Qᵀs) of A with the residual

    ‖A Qᵀs − θ Qᵀs‖ = β_m |s_m|,

and some eigenvalue of A lies within that residual of θ (Parlett 1998, "The Symmetric Eigenvalue Problem", ch. 13).
Every new vector is made orthogonal to all earlier ones, twice (CGS2), so no eigenvalue comes back as a ghost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.curvature.operator import Operator

Vector = NDArray[np.float64]
LOOK_EACH = 5  # steps between two looks at T


@dataclass(frozen=True)
class Ritz:
    """What T tells of A.

    Attributes:
        values: Ritz values, ascending, shape (m,).
        vectors: Eigenvectors of T as columns, shape (m, m).
        residuals: ‖Av − θv‖ of each pair, shape (m,).
    """

    values: Vector
    vectors: Vector
    residuals: Vector


@dataclass(frozen=True)
class Krylov:
    """The outcome of one Lanczos run.

    Attributes:
        basis: Orthonormal rows, shape (m, n).
        diagonal: Diagonal α of T, shape (m,).
        off: Subdiagonal β of T, shape (m,); the last entry couples to the space not yet explored.
        leak: U A qⱼ for the vectors U that the run keeps away from, shape (m, k).
    """

    basis: Tensor
    diagonal: Vector
    off: Vector
    leak: Vector

    def ritz(self) -> Ritz:
        """Return Ritz values and the residuals of their vectors."""
        found = ritz(self.diagonal, self.off)
        leaked = np.linalg.norm(self.leak.T @ found.vectors, axis=0)
        return Ritz(found.values, found.vectors, np.hypot(found.residuals, leaked))


def ritz(diagonal: Vector, off: Vector) -> Ritz:
    """Return the eigenpairs of T and their residuals, in float64.

    Args:
        diagonal: α, shape (m,).
        off: β, shape (m,), the last one beyond the corner of T.

    Returns:
        Ritz values ascending, with vectors and residuals.
    """
    values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off[:-1], 1) + np.diag(off[:-1], -1))
    return Ritz(values, vectors, np.abs(off[-1] * vectors[-1]))


def lanczos(
    operator: Operator,
    start: Tensor,
    steps: int,
    *,
    away: Tensor | None = None,
    settled: Callable[[Ritz], bool] | None = None,
    look: Callable[[Callable[[], Ritz]], None] | None = None,
) -> Krylov:
    """Run Lanczos on A, or on (I − UᵀU) A (I − UᵀU) when there are vectors U to keep away from.

    Args:
        operator: A, symmetric, shape (n, n).
        start: Where to start, shape (n,); need not have unit length.
        steps: How many steps at most; fewer when the space is exhausted.
        away: Orthonormal rows U, shape (k, n), or None.
        settled: Asked every few steps whether this is enough.
        look: Called after every step with a function that tells how T looks by then; it costs nothing if not called.

    Returns:
        The basis and T.
    """
    fixed = 0 if away is None else len(away)
    steps = min(steps, operator.size - fixed)
    rows = torch.empty(
        fixed + steps + 1, operator.size, dtype=operator.like.dtype, device=operator.like.device
    )
    if away is not None:
        rows[:fixed] = away
    diagonal, off, leak = np.zeros(steps), np.zeros(steps), np.zeros((steps, fixed))
    tiny = 32 * torch.finfo(rows.dtype).eps
    _, rows[fixed], _ = _orthogonal(start, rows[:fixed])
    scale = 0.0
    for j in range(steps):
        here = fixed + j
        against, rows[here + 1], beta = _orthogonal(operator(rows[here]), rows[: here + 1])
        diagonal[j], off[j], leak[j] = against[here], beta, against[:fixed]
        scale = max(scale, abs(diagonal[j]), beta)
        if look is not None:
            look(partial(ritz, diagonal[: j + 1], off[: j + 1]))
        exhausted = beta <= tiny * scale
        looks = settled is not None and (j + 1) % LOOK_EACH == 0
        if exhausted or (looks and settled is not None and settled(ritz(diagonal[: j + 1], off[: j + 1]))):
            steps = j + 1
            break
    return Krylov(rows[fixed : fixed + steps], diagonal[:steps], off[:steps], leak[:steps])


def _orthogonal(vector: Tensor, rows: Tensor) -> tuple[Vector, Tensor, float]:
    """Return the components of a vector along orthonormal rows, and direction and length of what is left."""
    first = rows @ vector
    left = vector - first @ rows
    second = rows @ left
    left -= second @ rows
    length = float(left.norm())
    along = (first + second).to("cpu", torch.float64).numpy()
    return along, left / length if length else left, length
