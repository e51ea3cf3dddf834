"""The eye before a scene: from places in space to pixels, in perspective or parallel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dltui.draw.view import View
from dltui.figures import Figure, Scene

Floats = NDArray[np.float32]
FIELD = math.radians(40)  # angle that the sphere around the scene fills at zoom 1
CELL_ASPECT = 2.0  # how many times a cell is taller than wide
FILL = 0.94  # of the shorter side that the sphere takes in parallel projection


@dataclass(frozen=True, eq=False)
class Eye:
    """Where the eye stands, as a matrix.

    Attributes:
        matrix: Turns (x, y, z, 1) into (column · w, row · w, distance), shape (3, 4); w is the distance in
            perspective, else 1. Columns and rows are pixels, distances are positive before the eye.
        rotation: Rows are the directions to the right, up and away from the eye, shape (3, 3).
        perspective: Whether what is far is small.
        width: Pixels in a row.
        height: Number of rows.
        near: Distance below which nothing is seen.
    """

    matrix: Floats
    rotation: Floats
    perspective: bool
    width: int
    height: int
    near: float

    def see(self, columns: Floats) -> Floats:
        """Return column, row and distance of places, all of shape (3, n); behind the eye the distance is infinite."""
        seen = self.matrix[:, :3] @ columns
        seen += self.matrix[:, 3:]
        self.divide(seen)
        return seen

    def divide(self, seen: Floats) -> None:
        """Turn what the matrix gave into columns, rows and distances, in place."""
        far = seen[2]
        if far.size and not far.min() >= self.near:  # NaN too
            np.putmask(far, ~(far >= self.near), np.inf)
        if self.perspective:
            with np.errstate(invalid="ignore"):
                inverse = np.reciprocal(far)
                seen[0] *= inverse
                seen[1] *= inverse


def eye_of(figure: Scene, view: View, size: tuple[int, int], grain: tuple[int, int]) -> Eye:
    """Return the eye that sees the whole scene at zoom 1, from wherever it looks.

    Args:
        figure: What is looked at.
        view: Azimuth, elevation, zoom and shift; and the place of an eye that flies freely.
        size: Columns and rows of cells.
        grain: Pixels that a cell has across and down.

    Returns:
        The eye.
    """
    low, high = figure.bounds.astype(np.float64)
    middle = (low + high) / 2
    radius = reach_of(figure)
    rotation = turn(view.azimuth, view.elevation, figure.up)
    width, height = size[0] * grain[0], size[1] * grain[1]
    shorter = min(size[0], size[1] * CELL_ASPECT)  # in widths of a cell
    free = view.place is not None
    perspective = free or figure.projection == "perspective"
    distance = radius / math.sin(FIELD / 2)
    unit = shorter / 2 / (math.tan(FIELD / 2) if perspective else radius / FILL) * max(view.zoom, 1e-3)
    across, down = unit * grain[0], unit * grain[1] / CELL_ASPECT
    centre = (
        width / 2 + view.shift[0] * shorter * grain[0],
        height / 2 - view.shift[1] * shorter * grain[1] / CELL_ASPECT,
    )
    right, up, away = rotation
    rows = np.zeros((3, 4))
    rows[0, :3], rows[1, :3], rows[2, :3] = across * right, -down * up, away
    rows[:, 3] = -rows[:, :3] @ (middle if view.place is None else np.array(view.place, np.float64))
    rows[2, 3] += 0 if free else distance
    if perspective:
        rows[0] += centre[0] * rows[2]
        rows[1] += centre[1] * rows[2]
    else:
        rows[0, 3] += centre[0]
        rows[1, 3] += centre[1]
    return Eye(
        matrix=rows.astype(np.float32), rotation=rotation.astype(np.float32), perspective=perspective,
        width=width, height=height, near=distance * 1e-3,
    )  # fmt: skip


def place_of(figure: Scene, view: View) -> tuple[float, float, float]:
    """Return where the eye stands that sees the whole scene from a view, or flies."""
    if view.place is not None:
        return view.place
    low, high = figure.bounds.astype(np.float64)
    away = turn(view.azimuth, view.elevation, figure.up)[2]
    x, y, z = ((low + high) / 2 - away * reach_of(figure) / math.sin(FIELD / 2)).tolist()
    return x, y, z


def reach_of(figure: Scene) -> float:
    """Return the radius of the sphere around the scene that the eye has in view."""
    low, high = figure.bounds.astype(np.float64)
    return (float(np.linalg.norm(high - low)) / 2 if figure.box else figure.radius) or 1.0


def turn(azimuth: float, elevation: float, up: str = "z") -> NDArray[np.float64]:
    """Return the directions to the right, up and away from an eye, as rows.

    Args:
        azimuth: Degrees around the upright axis; at 0° the first axis grows to the right.
        elevation: Degrees above the ground.
        up: The upright axis, ``z`` or ``y``.

    Returns:
        An orthogonal matrix, shape (3, 3).
    """
    a, e = math.radians(azimuth % 360), math.radians(max(-90.0, min(90.0, elevation)))
    found = np.array([
        [math.cos(a), math.sin(a), 0],
        [-math.sin(a) * math.sin(e), math.cos(a) * math.sin(e), math.cos(e)],
        [-math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), -math.sin(e)],
    ])
    return found if up == "z" else found[:, [0, 2, 1]] * np.array([1, 1, -1])


def first_view(figure: Figure) -> View:
    """Return from where a figure is looked at first: a scene has a place of its own to be seen from."""
    if not isinstance(figure, Scene):
        return View()
    return View(
        azimuth=figure.azimuth,
        elevation=figure.elevation,
        zoom=figure.zoom,
        shift=figure.shift,
        place=figure.place,
    )


def seen_from(figure: Figure, view: View) -> Figure:
    """Return a scene that is first seen from a view, and any other figure as it is."""
    if not isinstance(figure, Scene):
        return figure
    return replace(
        figure,
        azimuth=view.azimuth,
        elevation=view.elevation,
        zoom=view.zoom,
        shift=view.shift,
        place=view.place,
    )
