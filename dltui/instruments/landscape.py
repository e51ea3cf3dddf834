"""The loss over a random line or plane through the weights.

L(α, β) = L(θ* + α·d₁ + β·d₂), the directions scaled as in Li et al. 2018 (see ``directions``). Every point is
computed from θ* and never from its neighbour, so nothing drifts; the middle cell is the model itself.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.errors import UsageError, unknown
from dltui.instruments.crew import crew
from dltui.instruments.directions import NORMALIZE, plane
from dltui.instruments.limits import above_zero, odd_steps
from dltui.objective import Objective, Reading, Twin, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.landscape import Landscape

PICTURES_EACH = 0.1  # seconds between two partial results

Grid = NDArray[np.float64]
Cell = tuple[int, int]  # row, column


def scan(
    objective: Objective,
    *,
    steps: int = 25,
    distance: float = 1.0,
    dimensions: int = 2,
    normalize: str = "filter",
    seed: int = 0,
    report: Report = silent,
) -> Landscape:
    """Scan the loss around a model's weights along one or two random directions.

    Args:
        objective: The loss of a model on its data.
        steps: Points along each direction, odd, so that the middle one is the model itself.
        distance: How far to go to either side, in units of the direction.
        dimensions: 1 for a line, 2 for a plane.
        normalize: ``filter``, ``layer``, ``weight`` or ``none``.
        seed: Seed of the directions.
        report: Called about ten times a second with a ``Landscape`` that has NaN where nothing is known yet; points
            near the middle come first.

    Returns:
        The grid of losses and accuracies; NaN where the loss is not finite.

    Raises:
        UsageError: If ``steps``, ``distance``, ``dimensions`` or ``normalize`` can't be used.
        DltuiError: If the loss is not finite at the model's own weights.
    """
    check(steps, distance, dimensions, normalize)
    twin = objective.twin()
    directions, cosine = plane(twin, normalize, seed, dimensions)
    ticks = distance * (np.arange(steps) - steps // 2) / (steps // 2)
    betas = ticks if dimensions == 2 else np.zeros(1)
    loss = np.full((len(betas), steps), np.nan)
    right = np.full_like(loss, np.nan)

    def picture() -> Landscape:
        return Landscape(
            title=objective.title,
            made=Made(device=str(objective.device), seed=seed),
            alphas=ticks,
            betas=ticks if dimensions == 2 else None,
            loss=loss.copy(),
            accuracy=right.copy() if center.accuracy is not None else None,
            center_loss=center.loss,
            normalize=normalize,
            cosine=cosine,
            samples=objective.samples,
            parameters=len(twin.flat),
            seed=seed,
            loss_name=objective.criterion.name,
        )

    cells = outwards(ticks, betas)
    shown = monotonic()
    with same_randomness(), crew(objective.device) as workers:
        center = objective.center()
        start = _evaluator(objective, twin.flat, directions, (ticks, betas))
        for done, (cell, reading) in enumerate(workers.stream(start, cells), 1):
            loss[cell] = reading.loss if isfinite(reading.loss) else np.nan
            right[cell] = np.nan if reading.accuracy is None else reading.accuracy
            if monotonic() - shown >= PICTURES_EACH:
                report(done, len(cells), picture())
                shown = monotonic()
    final = picture()
    report(len(cells), len(cells), final)
    return final


def outwards(alphas: Grid, betas: Grid) -> list[Cell]:
    """Return the cells of the grid as (row, column), those nearest to the middle first."""
    radius = np.hypot(betas[:, None], alphas[None, :]).ravel()
    rows, columns = np.divmod(np.argsort(radius, kind="stable"), len(alphas))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _evaluator(
    objective: Objective, theta: Tensor, directions: list[Tensor], ticks: tuple[Grid, Grid]
) -> Callable[[], Callable[[Cell], Reading]]:
    """Return what a worker calls once to get its own copy of the model and the function from a cell to a reading."""

    def start() -> Callable[[Cell], Reading]:
        twin = objective.twin()

        def evaluate(cell: Cell) -> Reading:
            _move(twin, theta, directions, (ticks[0][cell[1]], ticks[1][cell[0]]))
            return objective.read(twin)

        return evaluate

    return start


def _move(twin: Twin, theta: Tensor, directions: list[Tensor], steps: tuple[float, float]) -> None:
    """Set the weights to θ* + α·d₁ + β·d₂, in place."""
    with torch.inference_mode():
        twin.flat.copy_(theta)
        for direction, step in zip(directions, steps, strict=False):
            twin.flat.add_(direction, alpha=float(step))


def check(steps: int, distance: float, dimensions: int, normalize: str) -> None:
    """Refuse what can't be scanned, before anything is loaded.

    Args:
        steps: Points along each direction.
        distance: How far to go.
        dimensions: 1 or 2.
        normalize: How directions are scaled.

    Raises:
        UsageError: If one of them makes no sense.
    """
    if normalize not in NORMALIZE:
        raise unknown("normalisation", normalize, NORMALIZE)
    odd_steps(steps)
    above_zero(distance)
    if dimensions not in {1, 2}:
        raise UsageError(f"can't scan {dimensions} dimensions: expected 1 (a line) or 2 (a plane)")
