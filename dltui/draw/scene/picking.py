"""Which place of a scene lies under a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.look import Look
from dltui.draw.scene.drawing import front_of, room
from dltui.draw.scene.eye import CELL_ASPECT, Eye
from dltui.draw.view import View
from dltui.figures import Scene

GRAIN = (2, 4)  # pixels of a cell by which it is looked for
REACH = 3.0  # widths of a cell within which something must be


def picked(
    figure: Scene, look: Look, view: View, cell: tuple[int, int] | None = None
) -> NDArray[np.float64] | None:
    """Return the place in front that lies nearest to a cell.

    Args:
        figure: What is looked at.
        look: How it was drawn.
        view: From where.
        cell: Column and row of the canvas; the middle of the picture when None.

    Returns:
        A point of the cloud, or the spot on a triangle, shape (3,); None where nothing is near.
    """
    _, top, rows, width, _ = room(figure, look)
    column, row = (width / 2, rows / 2) if cell is None else (cell[0] + 0.5, cell[1] - top + 0.5)
    front, eye = front_of(figure, view, (width, rows), GRAIN)
    count = len(figure.points)
    down, across = np.nonzero((front.number >= 0) & (front.number < count + len(figure.faces)))
    if not across.size:
        return None
    aside, below = (across + 0.5) / GRAIN[0] - column, ((down + 0.5) / GRAIN[1] - row) * CELL_ASPECT
    away = np.hypot(aside, below)
    best = int(np.argmin(away))
    if away[best] > REACH:
        return None
    number = int(front.number[down[best], across[best]])
    if number < count:
        return np.asarray(figure.points[number], np.float64)
    far = float(front.distance[down[best], across[best]])
    return spot(eye, across[best] + 0.5, down[best] + 0.5, far)


def spot(eye: Eye, column: float, row: float, distance: float) -> NDArray[np.float64]:
    """Return the place that is seen at a pixel, so far away.

    Args:
        eye: Who looks.
        column: Pixels from the left.
        row: Pixels from above.
        distance: Along the axis of the eye.

    Returns:
        The place, shape (3,).
    """
    by = distance if eye.perspective else 1.0
    matrix = eye.matrix.astype(np.float64)
    wanted = np.array([column * by, row * by, distance]) - matrix[:, 3]
    return np.asarray(np.linalg.solve(matrix[:, :3], wanted))
