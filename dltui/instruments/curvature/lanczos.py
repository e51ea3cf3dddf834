"""Eigenvalues at both ends of a symmetric matrix by Lanczos, each with a bound on its error.

Lanczos builds an orthonormal basis Q of the Krylov space span{q, Aq, A²q, …}, in which A is a small tridiagonal
matrix T. Every eigenpair (θ, s) of T is a Ritz pair (θ, Qᵀs) of A with the residual

    ‖A Qᵀs − θ Qᵀs‖ = β_m |s_m|,

and some eigenvalue of A lies within that residual of θ (Parlett 1998, "The Symmetric Eigenvalue Problem", ch. 13).
Every new vector is made orthogonal to all earlier ones, twice (CGS2), so no eigenvalue comes back as a ghost. Where
there is no room for more vectors, the run goes on from the Ritz vectors of both ends alone (thick restart, Wu and Simon
2000): T is then no longer tridiagonal, but the residuals are read off it just the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.curvature.operator import Operator

Vector = NDArray[np.float64]
LOOK_EACH = 5  # steps between two looks at T
SMALL = (
    40  # rows of T up to which a look costs nothing beside a product, so that every step is followed by one
)


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
        table: T, shape (m, m); tridiagonal unless the run was restarted.
        beyond: β, what couples T to the space not yet explored.
        leak: U A qⱼ for the vectors U that the run keeps away from, shape (m, k).
        products: Products with A that were spent.
    """

    basis: Tensor
    table: Vector
    beyond: float
    leak: Vector
    products: int

    def ritz(self) -> Ritz:
        """Return Ritz values and the residuals of their vectors."""
        found = ritz(self.table, self.beyond)
        leaked = np.linalg.norm(self.leak.T @ found.vectors, axis=0)
        return Ritz(found.values, found.vectors, np.hypot(found.residuals, leaked))


def ritz(table: Vector, beyond: float) -> Ritz:
    """Return the eigenpairs of T and their residuals, in float64.

    Args:
        table: T, shape (m, m).
        beyond: β, what couples T to the space not yet explored.

    Returns:
        Ritz values ascending, with vectors and residuals.
    """
    # NumPy's BLAS has threads of its own, which spin for a while after each call and take a core from the products
    values, vectors = (found.numpy() for found in torch.linalg.eigh(torch.from_numpy(table)))
    return Ritz(values, vectors, np.abs(beyond * vectors[-1]))


def lanczos(
    operator: Operator,
    start: Tensor,
    steps: int,
    *,
    rows: int | None = None,
    keep: tuple[int, int] = (1, 1),
    away: Tensor | None = None,
    settled: Callable[[Ritz], bool] | None = None,
    look: Callable[[Callable[[], Ritz]], None] | None = None,
) -> Krylov:
    """Run Lanczos on A, or on (I − UᵀU) A (I − UᵀU) when there are vectors U to keep away from.

    Args:
        operator: A, symmetric, shape (n, n).
        start: Where to start, shape (n,); need not have unit length.
        steps: How many products at most; fewer when the space is exhausted.
        rows: How many vectors are held at most, at least 4; as many as there are steps when None.
        keep: How many Ritz vectors of the top and of the bottom a restart keeps, as far as half of the rows allow.
        away: Orthonormal rows U, shape (k, n), or None.
        settled: Asked every few steps whether this is enough.
        look: Called after every step with a function that tells how T looks by then; it costs nothing if not called.

    Returns:
        The basis and T.
    """
    most = min(
        steps if rows is None else max(4, min(rows, steps)),
        operator.size - (0 if away is None else len(away)),
    )
    run = _Run(operator, start, most, away)
    for step in range(steps):
        if run.size == most:
            run.restart(keep)
        run.step()
        if look is not None:
            look(run.glimpse())
        looks = settled is not None and (run.size <= SMALL or step % LOOK_EACH == 0)
        if run.exhausted or (looks and settled is not None and settled(run.glimpse()())):
            break
    return run.outcome(step + 1)


class _Run:
    """A Lanczos run that goes on: basis, T, and the next vector."""

    def __init__(self, operator: Operator, start: Tensor, most: int, away: Tensor | None) -> None:
        self._operator = operator
        self._fixed = 0 if away is None else len(away)
        like = operator.like
        self._rows = torch.empty(self._fixed + most + 1, operator.size, dtype=like.dtype, device=like.device)
        if away is not None:
            self._rows[: self._fixed] = away
        self._table, self._leak = np.zeros((most + 1, most + 1)), np.zeros((most, self._fixed))
        self._tiny = 32 * torch.finfo(like.dtype).eps
        self._scale = 0.0
        self.size = 0  # vectors that have been multiplied with A
        _, self._rows[self._fixed], _ = _orthogonal(start, self._rows[: self._fixed])

    @property
    def exhausted(self) -> bool:
        """Whether A keeps within what has been explored, or nothing is left."""
        beyond = self._table[self.size, self.size - 1]
        everything = self._fixed + self.size == self._operator.size
        return bool(beyond <= self._tiny * self._scale) or everything

    def step(self) -> None:
        """Multiply the next vector with A, and find the one after it."""
        j, here = self.size, self._fixed + self.size
        against, self._rows[here + 1], beta = _orthogonal(
            self._operator(self._rows[here]), self._rows[: here + 1]
        )
        self._table[j, j], self._leak[j] = against[here], against[: self._fixed]
        self._table[j + 1, j] = self._table[j, j + 1] = beta
        self._scale = max(self._scale, abs(against[here]), beta)
        self.size += 1

    def restart(self, keep: tuple[int, int]) -> None:
        """Go on with the Ritz vectors of both ends, and the next vector, alone."""
        found = self.glimpse()()
        most = max(1, self.size // 2)
        top, bottom = (min(k, max(1, most * k // max(1, sum(keep)))) for k in keep)
        chosen = [*range(bottom), *range(self.size - top, self.size)]
        k, weights = len(chosen), found.vectors[:, chosen]
        basis = self._rows[self._fixed :]
        basis[:k] = torch.from_numpy(weights.T.copy()).to(basis) @ basis[: self.size]
        basis[k] = basis[self.size]
        coupling = self._table[self.size, self.size - 1] * weights[-1]
        self._leak[:k] = weights.T @ self._leak[: self.size]
        self._table[:], self._leak[k:] = 0, 0
        self._table[range(k), range(k)] = found.values[chosen]
        self._table[k, :k] = self._table[:k, k] = coupling
        self.size = k

    def glimpse(self) -> Callable[[], Ritz]:
        """Return what tells how T looks now."""
        size = self.size
        return lambda: ritz(self._table[:size, :size], self._table[size, size - 1])

    def outcome(self, products: int) -> Krylov:
        """Return what has been found."""
        m = self.size
        return Krylov(
            basis=self._rows[self._fixed : self._fixed + m],
            table=self._table[:m, :m],
            beyond=float(self._table[m, m - 1]),
            leak=self._leak[:m],
            products=products,
        )


def _orthogonal(vector: Tensor, rows: Tensor) -> tuple[Vector, Tensor, float]:
    """Return the components of a vector along orthonormal rows, and direction and length of what is left."""
    first = rows @ vector
    left = vector - first @ rows
    second = rows @ left
    left -= second @ rows
    length = float(left.norm())
    along = (first + second).to("cpu", torch.float64).numpy()
    return along, left / length if length else left, length
