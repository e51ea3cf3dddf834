"""From what a scan shall go along to its directions, its window, and what else lies there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from dltui.errors import UsageError
from dltui.instruments.axes import Axes, Span
from dltui.instruments.landscape.window import Window
from dltui.instruments.limits import finite_steps
from dltui.instruments.planes.along import Along
from dltui.instruments.planes.spelled import spelled_directions


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
            'a trajectory is that of a run: expected Trajectory(iterates=iterates_of("run:NAME")), or on the command '
            "line run:NAME"
        )
    span = Along(terms=terms, dimensions=dimensions, normalize=normalize, seed=seed)
    span.check()
    return span


def window_of(axes: Axes, steps: int, distance: float | None, center: Sequence[float]) -> Window:
    """Return what is scanned: around what is asked for, else around what the plane goes through.

    Args:
        axes: The directions.
        steps: Points along each.
        distance: How far to go, or None.
        center: Where the middle is, or nothing.

    Returns:
        The window.

    Raises:
        UsageError: If it makes no sense.
    """
    dimensions = len(axes.directions)
    middle = tuple(center) or axes.middle or (0.0,) * dimensions
    reach = (distance,) * dimensions if distance is not None else axes.reach or (1.0,) * dimensions
    placed(steps, reach[0], dimensions, middle)
    return Window.around(middle, steps, reach)


def found_there(axes: Axes) -> dict[str, Any]:
    """Return what else lies in the plane, as the fields of a landscape."""
    found = {"spots": [asdict(spot) for spot in axes.spots], "measures": axes.measures}
    if axes.trail is None:
        return found
    parts = {f"trail_{part.name}": getattr(axes.trail, part.name) for part in fields(axes.trail)}
    return found | parts


def placed(steps: int, distance: float, dimensions: int, center: Sequence[float]) -> None:
    """Refuse a middle that is no point of the line or the plane, or where all points would fall together.

    Args:
        steps: Points along each direction.
        distance: How far to go.
        dimensions: 1 or 2.
        center: Where the middle is, or nothing.

    Raises:
        UsageError: If it can't be scanned there.
    """
    told = ",".join(f"{step:g}" for step in center)
    if center and len(finite_steps(center)) != dimensions:
        kind, wanted = ("line", "α alone, as in 0.3") if dimensions == 1 else ("plane", "α,β, as in 0.3,-0.2")
        raise UsageError(f"can't scan a {kind} around {told}: expected {wanted}")
    if any(step + distance / (steps // 2) == step for step in center):
        raise UsageError(
            f"can't scan a distance of {distance:g} around {told}: its points fall together; expected numbers of a "
            "like size; try a larger distance"
        )
