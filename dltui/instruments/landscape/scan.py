"""The loss over a line or a plane through the weights.

L(α, β) = L(θ* + α·d₁ + β·d₂), the directions scaled as in Li et al. 2018 (see ``directions``), or eigenvectors of the
Hessian. Every point is computed from θ* and never from its neighbour, so nothing drifts, and a window around another
point has the very values that a wider scan has there. A coarse lattice over the whole window comes first, then finer
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.axes import Axes, chosen, eigen_axes, random_axes
from dltui.instruments.crew import crew
from dltui.instruments.landscape.canvas import Canvas
from dltui.instruments.landscape.window import Window
from dltui.instruments.limits import above_zero, finite_steps, odd_steps
from dltui.instruments.place import move
from dltui.objective import Objective, Reading, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.landscape import Landscape
from dltui.results.lattice import Cell


def scan(
    objective: Objective,
    *,
    steps: int = 25,
    distance: float = 1.0,
    dimensions: int = 2,
    center: Sequence[float] = (),
    along: Sequence[int] = (),
    normalize: str = "filter",
    seed: int = 0,
    report: Report = silent,
) -> Landscape:
    """Scan the loss around a model's weights along one or two directions.

    Args:
        objective: The loss of a model on its data.
        steps: Points along each direction, odd, so that one of them is in the middle.
        distance: How far to go to either side, in units of the direction.
        dimensions: 1 for a line, 2 for a plane.
        center: α and β of the middle, or α for a line; the model itself otherwise.
        along: Numbers of eigenvectors of the Hessian, 1 for the largest eigenvalue and −1 for the lowest, at most one
            a dimension; random directions otherwise.
        normalize: How random directions are scaled, ``filter``, ``layer``, ``weight`` or ``none``; ``none`` for
            eigenvectors.
        seed: Seed of the directions.
        report: Called with the cells done and in all, and a ``Landscape`` that has NaN where nothing is known yet:
            as soon as a lattice over the whole window is complete, and about ten times a second. Products with the
            Hessian come before the cells and count like these.

    Returns:
        The grid of losses and accuracies; NaN where the loss is not finite.

    Raises:
        UsageError: If one of the settings can't be used.
        DltuiError: If the loss is not finite at the model's own weights.
    """
    check(steps, distance, dimensions, center, along, normalize)
    window = Window.around(center or (0.0,) * dimensions, steps, distance)
    cells = [cell for lattice in window.lattices for cell in lattice]
    twin, eigen = objective.twin(), chosen(along, dimensions, normalize)
    axes = (
        eigen_axes(objective, eigen, seed, _more(report, 0, len(cells)))
        if eigen
        else random_axes(twin, normalize, seed, dimensions)
    )
    report = _more(report, axes.products, axes.products)
    with same_randomness(), crew(objective.device) as workers:
        model = objective.center()
        start = _evaluator(objective, twin.flat, axes.directions, window)
        at_middle = start()(window.middle) if any(center) else model
        blank = _blank(objective, window, axes, (model, at_middle), normalize, seed)
        canvas = Canvas(blank, window.lattices)
        for partial in canvas.filled(workers.stream(start, cells)):
            report(canvas.done, len(cells), partial)
    final = canvas.picture()
    report(len(cells), len(cells), final)
    return final


def _blank(
    objective: Objective,
    window: Window,
    axes: Axes,
    readings: tuple[Reading, Reading],
    normalize: str,
    seed: int,
) -> Landscape:
    """Return a landscape that says what is scanned, and knows the loss at θ* and in the middle."""
    model, middle = readings
    nothing = np.full((len(window.betas), len(window.alphas)), np.nan)
    return Landscape(
        title=objective.title,
        made=Made(device=str(objective.device), seed=seed),
        alphas=window.alphas,
        betas=window.betas if len(axes.directions) == 2 else None,
        loss=nothing,
        accuracy=None if model.accuracy is None else nothing,
        center_loss=middle.loss if isfinite(middle.loss) else float("nan"),
        model_loss=model.loss,
        normalize=normalize,
        along=axes.along,
        curvatures=axes.curvatures,
        residuals=axes.residuals,
        cosine=axes.cosine,
        samples=objective.samples,
        parameters=len(axes.directions[0]),
        seed=seed,
        loss_name=objective.criterion.name,
    )


def _evaluator(
    objective: Objective, theta: Tensor, directions: list[Tensor], window: Window
) -> Callable[[], Callable[[Cell], Reading]]:
    """Return what a worker calls once to get its own copy of the model and the function from a cell to a reading."""

    def start() -> Callable[[Cell], Reading]:
        twin = objective.twin()

        def evaluate(cell: Cell) -> Reading:
            move(twin, theta, directions, window.steps(cell))
            return objective.read(twin)

        return evaluate

    return start


def _more(report: Report, before: int, beside: int) -> Report:
    """Return a report for a part of the work: so much is done before it, and so much is to be done besides."""

    def part(done: int, total: int, partial: object = None) -> None:
        report(before + done, beside + total, partial)

    return part


def check(
    steps: int,
    distance: float,
    dimensions: int,
    center: Sequence[float] = (),
    along: Sequence[int] = (),
    normalize: str = "filter",
) -> None:
    """Refuse what can't be scanned, before anything is loaded.

    Args:
        steps: Points along each direction.
        distance: How far to go.
        dimensions: 1 or 2.
        center: Where the middle is.
        along: Numbers of eigenvectors.
        normalize: How directions are scaled.

    Raises:
        UsageError: If one of them makes no sense.
    """
    odd_steps(steps)
    above_zero(distance)
    if dimensions not in {1, 2}:
        raise UsageError(f"can't scan {dimensions} dimensions: expected 1 (a line) or 2 (a plane)")
    told = ",".join(f"{step:g}" for step in center)
    if center and len(finite_steps(center)) != dimensions:
        kind, wanted = ("line", "α alone, as in 0.3") if dimensions == 1 else ("plane", "α,β, as in 0.3,-0.2")
        raise UsageError(f"can't scan a {kind} around {told}: expected {wanted}")
    if any(step + distance / (steps // 2) == step for step in center):
        raise UsageError(
            f"can't scan a distance of {distance:g} around {told}: its points fall together; expected numbers of a "
            "like size; try a larger distance"
        )
    chosen(along, dimensions, normalize)
