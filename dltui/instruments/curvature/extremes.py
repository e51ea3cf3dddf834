"""The largest and the smallest eigenvalues, with none missed.

One Lanczos run sees an eigenvalue that occurs several times only once. So converged pairs are locked, and further
runs in the space orthogonal to them look for what is left, until a run from a fresh random start finds nothing that
belongs to either end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.curvature.lanczos import Krylov, Ritz, lanczos
from dltui.instruments.curvature.operator import Operator, gaussian

Vector = NDArray[np.float64]
SMALL = 0.1  # smaller eigenvalues than this share of the largest are held to its tolerance, not to their own
RUNS = 4  # all runs together take at most so many times the products that fill the rows once
WIDE = 10  # residuals by which the ends of a fresh run must lie inside; 2 let a pair be missed now and then
ROUNDING = 32  # no residual is said to be below this multiple of ε‖A‖; errors of 14 ε‖A‖ were measured


@dataclass(frozen=True)
class Ends:
    """Eigenpairs at both ends of the spectrum.

    Attributes:
        top: Largest eigenvalues, descending, shape (k,).
        top_residuals: Bounds on their errors, shape (k,).
        bottom: Smallest eigenvalues, ascending, shape (l,).
        bottom_residuals: Bounds on their errors, shape (l,).
        top_vectors: Unit eigenvectors of ``top`` as rows, shape (k, n); none while a run goes on.
        bottom_vectors: Those of ``bottom``, shape (l, n); none while a run goes on.
        top_converged: Whether the residual of each is within the tolerance, shape (k,); an eigenvalue that has not
            converged is at least the number of ``top``.
        bottom_converged: The same of ``bottom``; at most the number there.
        converged: Whether all of them are, and a fresh start found nothing else.
        values: Every eigenvalue that came with a converged vector, shape (m,).
        vectors: Their vectors as orthonormal rows, shape (m, n).
    """

    top: Vector
    top_residuals: Vector
    bottom: Vector
    bottom_residuals: Vector
    top_vectors: Tensor
    bottom_vectors: Tensor
    top_converged: NDArray[np.bool_]
    bottom_converged: NDArray[np.bool_]
    converged: bool
    values: Vector
    vectors: Tensor


Glimpse = tuple[Ends, Ritz | None]
Look = Callable[[Callable[[], Glimpse]], None]


def ends(
    operator: Operator,
    *,
    top: int,
    bottom: int,
    tolerance: float,
    steps: int,
    generator: torch.Generator,
    sure: bool = True,
    look: Look = lambda _: None,
) -> Ends:
    """Find both ends of the spectrum of a symmetric matrix.

    Args:
        operator: The matrix, shape (n, n).
        top: How many of the largest eigenvalues.
        bottom: How many of the smallest.
        tolerance: Residual allowed for each, as a share of its size, or of a tenth of the largest where that is more.
        steps: Lanczos vectors that are held at most, before a run is restarted from the best of them; all runs together
            take at most four times as many products.
        generator: Source of the random starts.
        sure: Whether a run from a fresh start must have found nothing else in the end; where the pairs only serve to
            take the outliers out of an estimate, that is not worth its products.
        look: Called after every step with a function that tells how both ends look by then, and what the run tells
            of the whole spectrum: the first run, from a random start in the whole space; None for all later ones.

    Returns:
        The eigenpairs with bounds on their errors; ``converged`` is False when the steps did not suffice.
    """
    found = _Found(operator, min(top, operator.size), min(bottom, operator.size), tolerance)
    left = RUNS * steps
    start, settled, fresh = gaussian(operator, generator), found.settled(found.wanted), False
    while left > 0 and found.room:
        run = lanczos(
            operator,
            start,
            left,
            rows=steps,
            keep=(2 * found.wanted[0], 2 * found.wanted[1]),
            away=found.vectors,
            settled=settled,
            look=_glimpses(found, look),
        )
        left -= run.products
        news = found.take(run)
        missing = found.missing()
        if missing == (0, 0) and (not sure or (fresh and not news)):
            return found.outcome(complete=True)
        fresh = missing == (0, 0)
        if fresh:
            start, settled = gaussian(operator, generator), found.nothing_left
        else:
            start, settled = found.hint + 0.01 * _unit(gaussian(operator, generator)), found.settled(missing)
    return found.outcome(complete=not found.room)


def _glimpses(found: _Found, look: Look) -> Callable[[Callable[[], Ritz]], None]:
    """Return what shows both ends while a run goes on."""
    first = not len(found.vectors)

    def looked(now: Callable[[], Ritz]) -> None:
        def glimpse() -> Glimpse:
            ritz = now()
            return found.glimpse(ritz), ritz if first else None

        look(glimpse)

    return looked


class _Found:
    """What is known of both ends between two runs."""

    def __init__(self, operator: Operator, top: int, bottom: int, tolerance: float) -> None:
        self.wanted = (top, bottom)
        self.vectors = operator.like.new_empty(0, operator.size)  # locked, orthonormal rows
        self.hint = operator.like.new_zeros(operator.size)  # where the unconverged ends point
        self._tolerance = tolerance
        self._floor = ROUNDING * float(torch.finfo(operator.like.dtype).eps)
        self._values, self._residuals = np.empty(0), np.empty(0)  # locked
        self._loose = Ritz(np.empty(0), np.empty((0, 0)), np.empty(0))  # of the last run, not locked
        self._edge: dict[int, Tensor] = {}  # unit vectors of those at the ends, by their place in _loose

    @property
    def room(self) -> bool:
        """Whether there is any space left that is not locked."""
        return self.vectors.shape[0] < self.vectors.shape[1]

    def settled(self, wanted: tuple[int, int]) -> Callable[[Ritz], bool]:
        """Return the question whether a run has its first ``wanted`` pairs of both ends."""
        top, bottom = wanted

        def enough(ritz: Ritz) -> bool:
            good = self._good(ritz)
            return len(good) > top + bottom and bool(good[:bottom].all() and good[len(good) - top :].all())

        return enough

    def nothing_left(self, ritz: Ritz) -> bool:
        """Tell whether a fresh run has seen that its ends lie inside, or has found one that does not.

        A residual bounds the distance to some eigenvalue, not to the last one. But an end that has settled well inside
        has left nothing beyond it behind: what lies further out grows faster in a Krylov space.
        """
        if len(ritz.values) < 2:
            return False
        good = self._good(ritz)
        lower, upper = ritz.values - WIDE * ritz.residuals, ritz.values + WIDE * ritz.residuals
        top, bottom = self.wanted
        inside_top = not top or good[-1] or upper[-1] <= _kth(self._values, top)
        inside_bottom = not bottom or good[0] or lower[0] >= -_kth(-self._values, bottom)
        return bool(inside_top and inside_bottom)

    def take(self, run: Krylov) -> bool:
        """Lock what has converged; return whether any of it belongs to an end."""
        ritz = run.ritz()
        good = self._good(ritz)
        edges = (_kth(self._values, self.wanted[0]), -_kth(-self._values, self.wanted[1]))
        fresh = ritz.values[good]
        slack = self._scale(ritz) * self._tolerance * SMALL
        news = bool(((fresh > edges[0] + slack) | (fresh < edges[1] - slack)).any())
        self._lock(run.basis, ritz, good)
        self._loose = Ritz(ritz.values[~good], ritz.vectors[:, ~good], ritz.residuals[~good])
        self._point(run.basis)
        return news

    def missing(self) -> tuple[int, int]:
        """Return how many of the pairs at the top and at the bottom have not converged yet."""
        values = np.concatenate([self._values, self._loose.values])
        order, locked = np.argsort(values, kind="stable"), len(self._values)
        top, bottom = self.wanted
        return int((order[len(order) - top :] >= locked).sum()), int((order[:bottom] >= locked).sum())

    def outcome(self, *, complete: bool) -> Ends:
        """Return the ends as they are known now."""
        outcome, top, bottom = self._both(self._loose)
        return replace(
            outcome,
            top_vectors=self._rows(top),
            bottom_vectors=self._rows(bottom),
            converged=complete and self.missing() == (0, 0),
        )

    def glimpse(self, ritz: Ritz) -> Ends:
        """Return the ends as they look in the middle of a run."""
        return self._both(ritz)[0]

    def _both(self, loose: Ritz) -> tuple[Ends, NDArray[np.intp], NDArray[np.intp]]:
        """Return both ends of what is locked and what is loose, without vectors, and where they lie there."""
        values = np.concatenate([self._values, loose.values])
        residuals = np.concatenate([self._residuals, loose.residuals])
        residuals = np.hypot(residuals, self._floor * np.abs(values).max(initial=0.0))
        order = np.argsort(values, kind="stable")
        top, bottom = order[::-1][: self.wanted[0]], order[: self.wanted[1]]
        nothing = self.vectors[:0]
        found = Ends(
            top=values[top],
            top_residuals=residuals[top],
            bottom=values[bottom],
            bottom_residuals=residuals[bottom],
            top_vectors=nothing,
            bottom_vectors=nothing,
            top_converged=top < len(self._values),
            bottom_converged=bottom < len(self._values),
            converged=False,
            values=self._values,
            vectors=self.vectors,
        )
        return found, top, bottom

    def _rows(self, places: NDArray[np.intp]) -> Tensor:
        """Return the vectors that belong to places among the locked and the loose values."""
        locked = len(self._values)
        rows = [self.vectors[i] if i < locked else self._edge[i - locked] for i in places.tolist()]
        return torch.stack(rows) if rows else self.vectors[:0]

    def _good(self, ritz: Ritz) -> NDArray[np.bool_]:
        """Return which Ritz pairs are within the tolerance."""
        scale = self._scale(ritz)
        allowed = self._tolerance * np.maximum(np.abs(ritz.values), SMALL * scale)
        return np.asarray(ritz.residuals <= np.maximum(allowed, self._floor * scale))

    def _scale(self, ritz: Ritz) -> float:
        """Return the largest size of an eigenvalue known by now."""
        return float(max(np.abs(ritz.values).max(initial=0.0), np.abs(self._values).max(initial=0.0)))

    def _lock(self, basis: Tensor, ritz: Ritz, good: NDArray[np.bool_]) -> None:
        """Add the good pairs to the locked ones, orthonormal to rounding."""
        rows = torch.from_numpy(ritz.vectors[:, good].T.copy()).to(basis) @ basis
        rows = rows - (rows @ self.vectors.T) @ self.vectors
        self.vectors = torch.cat([self.vectors, torch.linalg.qr(rows.T).Q.T])
        self._values = np.concatenate([self._values, ritz.values[good]])
        self._residuals = np.concatenate([self._residuals, ritz.residuals[good]])

    def _point(self, basis: Tensor) -> None:
        """Remember the sum of the vectors at the ends that have not converged, as the next start."""
        top, bottom = self.missing()
        count = len(self._loose.values)
        chosen = [*range(bottom), *range(count - top, count)]
        weights = self._loose.vectors[:, chosen].sum(1)
        self.hint = torch.from_numpy(weights).to(basis) @ basis
        self._edge = {i: torch.from_numpy(self._loose.vectors[:, i]).to(basis) @ basis for i in set(chosen)}


def _kth(values: Vector, k: int) -> float:
    """Return the k-th largest value, −∞ where there are fewer."""
    return float(np.sort(values)[-k]) if 0 < k <= len(values) else float("-inf")


def _unit(vector: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vector, dim=0)
