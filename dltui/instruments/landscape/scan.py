"""The loss over a line or a plane through the weights.

L(α, β) = L(θ* + α·d₁ + β·d₂), the directions random and scaled as in Li et al. 2018 (see ``directions``), or chosen
ones (see ``planes``). Every point is computed from θ* and never from its neighbour, so nothing drifts, and a window
around another point has the very values that a wider scan has there. A coarse lattice over the whole window comes
first, then finer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from math import isfinite
from typing import Any

import numpy as np

from dltui.errors import UsageError
from dltui.instruments.axes import Axes, Span
from dltui.instruments.crew import crew
from dltui.instruments.landscape.canvas import Canvas
from dltui.instruments.landscape.window import Window
from dltui.instruments.limits import above_zero, finite_steps, odd_steps
from dltui.instruments.place import move
from dltui.instruments.planes.along import Along
from dltui.instruments.planes.spelled import spelled_directions
from dltui.objective import Objective, Reading, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.landscape import Landscape
from dltui.results.lattice import Cell


def scan(
    objective: Objective,
    *,
    steps: int = 25,
    distance: float | None = None,
    dimensions: int = 2,
    center: Sequence[float] = (),
    along: str | Span = "random",
    normalize: str | None = None,
    seed: int = 0,
    report: Report = silent,
) -> Landscape:
    """Scan the loss around a model's weights along one or two directions.

    Args:
        objective: The loss of a model on its data.
        steps: Points along each direction, odd, so that one of them is in the middle.
        distance: How far to go to either side, in units of the direction; None for 1, or for what shows every
            checkpoint where the plane goes through some.
        dimensions: 1 for a line, 2 for a plane; a span of checkpoints knows its own.
        center: α and β of the middle, or α for a line; the model itself otherwise, or the middle of the checkpoints.
        along: ``random``, ``eigen:1``, ``gradient``, a file, or two of these with a comma (see
            ``planes.spelled_directions``); or what finds the directions: ``planes.Through(models)``,
            ``planes.Trajectory(states)``, ``planes.Along(…)``.
        normalize: How directions are scaled, ``filter``, ``layer``, ``weight`` or ``none``; None for ``filter`` where
            all are random, ``none`` otherwise.
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
    span = spanned(along, dimensions, normalize, seed)
    check(steps, distance, dimensions, center if isinstance(along, str) else ())
    axes = span(objective, _more(report, 0, steps**dimensions))
    window = _window(axes, steps, distance, center)
    cells = [cell for lattice in window.lattices for cell in lattice]
    report = _more(report, axes.products, axes.products)
    with same_randomness(), crew(objective.device) as workers:
        model = objective.center()
        start = _evaluator(objective, axes, window)
        at_middle = start()(window.middle) if any(window.steps(window.middle)) or axes.statistics else model
        blank = _blank(objective, window, axes, (model, at_middle))
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
) -> Landscape:
    """Return a landscape that says what is scanned, and knows the loss at θ* and in the middle."""
    model, middle = readings
    nothing = np.full((len(window.betas), len(window.alphas)), np.nan)
    return Landscape(
        title=objective.title,
        made=Made(device=str(objective.device), seed=axes.seed),
        alphas=window.alphas,
        betas=window.betas if len(axes.directions) == 2 else None,
        loss=nothing,
        accuracy=None if model.accuracy is None else nothing,
        center_loss=middle.loss if isfinite(middle.loss) else float("nan"),
        model_loss=model.loss,
        normalize=axes.scale,
        vectors=axes.vectors,
        along=axes.along,
        told=axes.told,
        statistics=axes.statistics.told if axes.statistics else "",
        **_found_there(axes),
        curvatures=axes.curvatures,
        residuals=axes.residuals,
        cosine=axes.cosine,
        samples=objective.samples,
        parameters=len(axes.directions[0]),
        seed=axes.seed,
        loss_name=objective.criterion.name,
    )


def _found_there(axes: Axes) -> dict[str, Any]:
    """Return what else lies in the plane, as the fields of a landscape."""
    spots = [asdict(spot) for spot in axes.spots]
    if axes.trail is None:
        return {"spots": spots}
    parts = {f"trail_{part.name}": getattr(axes.trail, part.name) for part in fields(axes.trail)}
    return {"spots": spots, **parts}


def _window(axes: Axes, steps: int, distance: float | None, center: Sequence[float]) -> Window:
    """Return what is scanned: around what is asked for, else around what the plane goes through."""
    dimensions = len(axes.directions)
    middle = tuple(center) or axes.middle or (0.0,) * dimensions
    reach = (distance,) * dimensions if distance is not None else axes.reach or (1.0,) * dimensions
    _placed(steps, reach[0], dimensions, middle)
    return Window.around(middle, steps, reach)


def _evaluator(objective: Objective, axes: Axes, window: Window) -> Callable[[], Callable[[Cell], Reading]]:
    """Return what a worker calls once to get its own copy of the model and the function from a cell to a reading."""

    def start() -> Callable[[Cell], Reading]:
        twin = objective.twin()
        theta = twin.flat.clone()

        def evaluate(cell: Cell) -> Reading:
            move(twin, theta, axes.directions, window.steps(cell))
            if axes.statistics is not None:
                axes.statistics.settle(twin, window.steps(cell))
            return objective.read(twin)

        return evaluate

    return start


def _more(report: Report, before: int, beside: int) -> Report:
    """Return a report for a part of the work: so much is done before it, and so much is to be done besides."""

    def part(done: int, total: int, partial: object = None) -> None:
        report(before + done, beside + total, partial)

    return part


def spanned(along: str | Span, dimensions: int, normalize: str | None, seed: int) -> Span:
    """Return what finds the directions.

    Args:
        along: How they are spelled, or what finds them.
        dimensions: 1 or 2.
        normalize: How they are scaled.
        seed: Seed of the draws.

    Returns:
        A function of an objective.

    Raises:
        UsageError: If they can't be read, or span nothing.
    """
    if not isinstance(along, str):
        return along
    terms = spelled_directions(along)
    if not terms:
        raise UsageError(
            "a trajectory is that of a run: expected planes.Trajectory(states), or on the command line run:NAME"
        )
    span = Along(terms=terms, dimensions=dimensions, normalize=normalize, seed=seed)
    span.check()
    return span


def check(steps: int, distance: float | None, dimensions: int, center: Sequence[float] = ()) -> None:
    """Refuse what can't be scanned, before anything is loaded.

    Args:
        steps: Points along each direction.
        distance: How far to go.
        dimensions: 1 or 2.
        center: Where the middle is.

    Raises:
        UsageError: If one of them makes no sense.
    """
    odd_steps(steps)
    far = above_zero(1.0 if distance is None else distance)
    if dimensions not in {1, 2}:
        raise UsageError(f"can't scan {dimensions} dimensions: expected 1 (a line) or 2 (a plane)")
    _placed(steps, far, dimensions, center)


def _placed(steps: int, distance: float, dimensions: int, center: Sequence[float]) -> None:
    """Refuse a middle that is no point of the line or the plane, or where all points would fall together."""
    told = ",".join(f"{step:g}" for step in center)
    if center and len(finite_steps(center)) != dimensions:
        kind, wanted = ("line", "α alone, as in 0.3") if dimensions == 1 else ("plane", "α,β, as in 0.3,-0.2")
        raise UsageError(f"can't scan a {kind} around {told}: expected {wanted}")
    if any(step + distance / (steps // 2) == step for step in center):
        raise UsageError(
            f"can't scan a distance of {distance:g} around {told}: its points fall together; expected numbers of a "
            "like size; try a larger distance"
        )
