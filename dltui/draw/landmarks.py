"""Marks and trails on a landscape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.camera import Camera
from dltui.draw.canvas import text_width
from dltui.draw.heatmap import on_top, trail_ink
from dltui.draw.layout import Key, Plot
from dltui.draw.lines import marker
from dltui.draw.look import Look
from dltui.draw.relief import Relief
from dltui.draw.scales import Floats
from dltui.draw.view import View
from dltui.draw.zbuffer import Hits
from dltui.figures import Mark, Surface, number
from dltui.figures.fields import Path

LIFT = 0.02  # how far above the ground landmarks float, so that the ground does not hide them
STEPS = 24  # pieces between two corners of a trail, so that it follows the ground


def landmark_keys(figure: Surface, look: Look) -> list[Key]:
    """Return the legend of the trails; marks are named where they stand."""
    return [
        Key(marker(i, look) if look.ascii else "━", path.name, trail_ink(i))
        for i, path in enumerate(figure.paths)
    ]


def put_landmarks(
    plot: Plot, figure: Surface, view: View, relief: Relief, camera: Camera, hits: Hits, look: Look
) -> None:
    """Draw trails, marks and the cursor where the land does not hide them."""
    if not relief.share.size:
        return
    for index, path in enumerate(figure.paths):
        _trail(plot, path, index, relief, camera, hits, look)
    marks = list(figure.marks)
    if view.cursor is not None:
        x, y = view.cursor
        share = relief.share_at(_boxed(plot, x, y)[0], _boxed(plot, x, y)[1])
        marks.append(
            Mark(
                name=f"{figure.x_label} {number(x, 3)}, {figure.y_label} {number(y, 3)}: {share:.0%} up",
                x=x,
                y=y,
            )
        )
    for index, mark in enumerate(marks):
        _mark(plot, mark, marker(index, look), relief, camera, hits)


def _boxed(plot: Plot, x: float, y: float) -> tuple[float, float]:
    """Return a spot in data units as a place on the ground of the box."""
    return 2 * float(plot.x.share(x)) - 1, 2 * float(plot.y.share(y)) - 1


def _mark(plot: Plot, mark: Mark, glyph: str, relief: Relief, camera: Camera, hits: Hits) -> None:
    """Put a glyph and a name on one spot; a hidden spot is hollow."""
    x, y = _boxed(plot, mark.x, mark.y)
    if not (abs(x) <= 1 and abs(y) <= 1):
        return
    share = relief.share_at(x, y)
    if not np.isfinite(share):
        return
    column, row, depth = camera.see(np.array([x]), np.array([y]), relief.height(np.array([share])) + LIFT)
    spot = plot.left + int(column[0]), plot.top + int(row[0])
    if not (plot.left <= spot[0] < plot.left + plot.width and plot.top <= spot[1] < plot.top + plot.height):
        return
    hidden = not bool(_visible(plot, hits, column, row, depth)[0])
    on_top(plot, *spot, "o" if hidden else glyph, 0)
    name = f" {mark.name}" if spot[0] + 2 + text_width(mark.name) < plot.left + plot.width else ""
    for place, letter in enumerate(name, 1):
        if spot[0] + place < plot.left + plot.width:
            on_top(plot, spot[0] + place, spot[1], letter, 0)


def _visible(plot: Plot, hits: Hits, column: Floats, row: Floats, depth: Floats) -> NDArray[np.bool_]:
    """Return which places in cells of the plot are on the screen and not behind the land."""
    across, down = hits.seen.shape[1] // plot.width, hits.seen.shape[0] // plot.height
    x, y = np.floor(column * across), np.floor(row * down)
    inside = (x >= 0) & (x < hits.seen.shape[1]) & (y >= 0) & (y < hits.seen.shape[0])
    ground = hits.depth[np.where(inside, y, 0).astype(int), np.where(inside, x, 0).astype(int)]
    seen: NDArray[np.bool_] = inside & (depth <= ground + 0.06)
    return seen


def _trail(
    plot: Plot, path: Path, index: int, relief: Relief, camera: Camera, hits: Hits, look: Look
) -> None:
    """Draw a trail that follows the ground."""
    x, y = 2 * plot.x.share(path.x) - 1, 2 * plot.y.share(path.y) - 1
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if x.size < 1:
        return
    places = np.linspace(0, len(x) - 1, (len(x) - 1) * STEPS + 1)
    x, y = np.interp(places, np.arange(len(x)), x), np.interp(places, np.arange(len(y)), y)
    grid = relief.share.reshape(len(relief.y), len(relief.x))
    column_at, row_at = (
        np.interp(x, relief.x, np.arange(len(relief.x))),
        np.interp(y, relief.y, np.arange(len(relief.y))),
    )
    share = grid[row_at.round().astype(int), column_at.round().astype(int)]
    column, row, depth = camera.see(x, y, relief.height(share) + LIFT)
    shown = np.isfinite(column) & np.isfinite(row)
    shown &= _visible(plot, hits, np.where(shown, column, -1), np.where(shown, row, -1), depth)
    cells = {(int(c), int(r)) for c, r in zip(column[shown].tolist(), row[shown].tolist(), strict=True)}
    for cell_column, cell_row in sorted(cells):
        on_top(plot, plot.left + cell_column, plot.top + cell_row, "*" if look.ascii else "•", index)
