"""The box around a landscape or a cloud: edges behind the data, ticks and names along them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.draw.braille import BLANK, Dots, cells_of, trace
from dltui.draw.camera import Camera
from dltui.draw.canvas import NO_COLOUR, text_width
from dltui.draw.colors import QUIET, packed_of
from dltui.draw.layout import Plot
from dltui.draw.scales import Axis

Spot = tuple[float, float, float]
SPACE = ord(" ")


def put_box(
    plot: Plot, camera: Camera, heights: Axis, tall: float, names: Sequence[str], *, labelled: bool
) -> None:
    """Draw the box behind what is on the plot, and label its edges.

    Args:
        plot: Canvas, place, and the axes of the ground.
        camera: The eye.
        heights: The upright axis.
        tall: Half the height of the box; its ground is −1…1 either way.
        names: Of the two axes of the ground, and of the upright one if it shall be named.
        labelled: Write ticks and names.
    """
    near_x, near_y = _near(camera)
    dots = np.zeros((4 * plot.height, 2 * plot.width), np.bool_)
    back, left, right = (-near_x, -near_y), (-near_x, near_y), (near_x, -near_y)
    front = (near_x, near_y)
    ground = [((*one, -tall), (*other, -tall)) for one in (back, front) for other in (left, right)]
    upright = [((*one, -tall), (*one, tall)) for one in (back, left, right)]
    rim = [((*back, tall), (*other, tall)) for other in (left, right)]
    ticks = heights.ticks(max(3, min(6, plot.height // 4)))
    levels = [(2 * float(heights.share(value)) - 1) * tall for value, _ in ticks]
    _edges(dots, camera, [*ground, *upright, *rim])
    _edges(dots, camera, [((*back, z), (*other, z)) for z in levels for other in (left, right)], sparse=True)
    _behind(plot, dots)
    if labelled:
        _ground_ticks(plot, camera, (near_x, near_y), tall, names)
        leftmost = min((left, right), key=lambda corner: _seen(camera, (*corner, 0.0))[0])
        _upright_ticks(plot, camera, leftmost, tall, heights)
        column, row = _seen(camera, (*leftmost, tall))
        if len(names) > 2:
            _beside(plot, column + 1, row - 1, names[2], leftwards=True, loud=True)


def _near(camera: Camera) -> tuple[float, float]:
    """Return the corner of the ground that is nearest to the eye."""
    cos_turn, sin_turn = camera.turn
    return (1.0 if sin_turn >= 0 else -1.0), (-1.0 if cos_turn >= 0 else 1.0)


def _seen(camera: Camera, spot: Spot) -> tuple[float, float]:
    """Return column and row of a place in the box."""
    x, y, z = np.array(spot)[:, None]
    column, row, _ = camera.see(x, y, z)
    return float(column[0]), float(row[0])


def _edges(dots: Dots, camera: Camera, edges: Sequence[tuple[Spot, Spot]], *, sparse: bool = False) -> None:
    """Set the dots of straight edges; only some of them where they shall be faint."""
    gap = (np.nan, np.nan, np.nan)
    column, row, _ = camera.see(
        *np.array([spot for one, other in edges for spot in (one, other, gap)]).reshape(-1, 3).T
    )
    columns, rows = trace(column * 2, row * 4, dots.shape[1], dots.shape[0])
    if sparse:
        columns, rows = columns[::4], rows[::4]
    dots[rows, columns] = True


def _behind(plot: Plot, dots: Dots) -> None:
    """Put dots into the cells that nothing has been drawn on."""
    pattern = cells_of(dots).astype(np.uint32)
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    canvas = plot.canvas
    free = (pattern > 0) & (canvas.glyph[area] == SPACE) & (canvas.back[area] == NO_COLOUR)
    canvas.glyph[area][free] = (BLANK + pattern)[free]
    canvas.front[area][free] = packed_of(QUIET)


def _ground_ticks(
    plot: Plot, camera: Camera, near: tuple[float, float], tall: float, names: Sequence[str]
) -> None:
    """Write numbers and names along the two edges of the ground that are nearest to the eye."""
    for place, axis in enumerate((plot.x, plot.y)):
        far_end = [near[0], near[1], -tall]
        far_end[place] = -near[place]
        end, corner = _seen(camera, (far_end[0], far_end[1], -tall)), _seen(camera, (*near, -tall))
        leftwards = end[0] < corner[0]
        if abs(end[0] - corner[0]) < 8:
            continue
        for value, text in axis.ticks(4):
            spot = list(far_end)
            spot[place] = 2 * float(axis.share(value)) - 1
            column, row = _seen(camera, (spot[0], spot[1], -tall))
            _beside(plot, column, row + 0.8, text, leftwards=leftwards)
        middle = ((end[0] + corner[0]) / 2 + (-5 if leftwards else 5), (end[1] + corner[1]) / 2 + 1.6)
        _beside(plot, *middle, names[place], leftwards=leftwards, loud=True)


def _upright_ticks(
    plot: Plot, camera: Camera, corner: tuple[float, float], tall: float, heights: Axis
) -> None:
    """Write numbers to the left of the leftmost upright edge."""
    for value, text in heights.ticks(max(3, min(6, plot.height // 4))):
        column, row = _seen(camera, (*corner, (2 * float(heights.share(value)) - 1) * tall))
        _beside(plot, column - 0.5, row, text, leftwards=True)


def _beside(plot: Plot, column: float, row: float, text: str, *, leftwards: bool, loud: bool = False) -> None:
    """Write a text that ends (leftwards) or begins at a place, if nothing but edges of the box is there."""
    wide = text_width(text)
    start = int(column) - wide if leftwards else int(column) + 1
    start, line = max(plot.left, min(start, plot.left + plot.width - wide)), plot.top + int(row)
    if not (wide and plot.top <= line < plot.top + plot.height and start >= plot.left):
        return
    around = plot.canvas.glyph[line, max(start - 1, 0) : start + wide + 1]
    clear = (around == SPACE) | ((around >= BLANK) & (around < BLANK + 256))
    if np.all(clear) and np.all(plot.canvas.back[line, start : start + wide] == NO_COLOUR):
        plot.canvas.text(start, line, text, None if loud else QUIET, bold=loud)
