"""The largest and the lowest curvature over a plane: λ_max and λ_min of the Hessian at every point of a coarse grid.

A surface that looks convex is a slice; λ_min tells whether the loss curves downwards in some other direction (Li et al.
2018, section 6). Each point is a Lanczos run that starts from the eigenvectors of its neighbour, and is kept only when
both residuals are small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from dltui.instruments.axes import Axes, Span
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.lanczos import Ritz, lanczos
from dltui.instruments.place import move
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.landscape import Landscape

POINTS = 7  # along each direction
STEPS = 80  # products for a point at most
TOLERANCE = 2e-3  # residual allowed, as a share of the larger of |λ_max| and |λ_min|
FRESH = 0.2  # length of the random part of a start, beside the eigenvectors of the neighbour


class Remembered:
    """Finds directions and remembers them.

    Attributes:
        axes: What was found; None before.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self.axes: Axes | None = None

    def __call__(self, objective: Objective, report: Report) -> Axes:
        """Find the directions around the weights of an objective."""
        self.axes = self._span(objective, report)
        return self.axes


def with_curvature(
    objective: Objective, axes: Axes, found: Landscape, *, seed: int = 0, report: Report = silent
) -> Landscape:
    """Add a map of λ_max and λ_min to a scanned plane.

    Args:
        objective: The loss of the model.
        axes: The directions of the plane.
        found: The plane.
        seed: Seed of the random part of the starts.
        report: Called after every point.

    Returns:
        The same plane with the map; NaN where a run did not converge.
    """
    assert found.betas is not None, "a line has no map"
    alphas, betas = (
        np.linspace(ticks[0], ticks[-1], min(POINTS, len(ticks))) for ticks in (found.alphas, found.betas)
    )
    order = [(i, j) for i in range(len(betas)) for j in range(len(alphas))[:: 1 if i % 2 == 0 else -1]]
    values = np.full((3, len(betas), len(alphas)), np.nan)
    generator = torch.Generator().manual_seed(seed)
    twin, theta = objective.twin(), objective.twin().flat
    start = torch.randn(len(theta), generator=generator, dtype=torch.float64).to(theta)
    with same_randomness():
        for done, (i, j) in enumerate(order):
            steps = (float(alphas[j]), float(betas[i]))
            move(twin, theta, axes.directions, steps)
            if axes.statistics is not None:
                axes.statistics.settle(twin, steps)
            values[:, i, j], start = _ends(replace(objective, model=twin.module), start, generator)
            report(done + 1, len(order), found)
    highest, lowest, residual = values
    return replace(
        found,
        curvature_alphas=alphas,
        curvature_betas=betas,
        highest=highest,
        lowest=lowest,
        curvature_residual=residual,
    )


def _ends(
    objective: Objective, start: Tensor, generator: torch.Generator
) -> tuple[tuple[float, float, float], Tensor]:
    """Return λ_max, λ_min and the larger residual, and where the neighbour may start; NaN where not converged."""
    nothing = float("nan"), float("nan"), float("nan")
    with hessian(objective) as operator:
        run = lanczos(operator, start, min(STEPS, len(start)), settled=_settled())
    ritz = run.ritz()
    fresh = torch.randn(len(start), generator=generator, dtype=torch.float64).to(start)
    if not np.isfinite(ritz.values).all() or not _good(ritz):
        return nothing, fresh
    ends = torch.from_numpy(ritz.vectors[:, [0, -1]].sum(1)).to(run.basis) @ run.basis
    following = ends / ends.norm() + FRESH * fresh / fresh.norm()
    worst = float(max(ritz.residuals[0], ritz.residuals[-1]))
    return (float(ritz.values[-1]), float(ritz.values[0]), worst), following


def _settled() -> Callable[[Ritz], bool]:
    """Return the question whether both ends are known, asked of runs long enough to have seen them."""
    return lambda ritz: len(ritz.values) >= 8 and _good(ritz)


def _good(ritz: Ritz) -> bool:
    """Return whether both ends are within the tolerance."""
    scale = max(abs(ritz.values[0]), abs(ritz.values[-1]))
    return bool(max(ritz.residuals[0], ritz.residuals[-1]) <= TOLERANCE * scale)
