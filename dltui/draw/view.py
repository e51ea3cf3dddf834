"""From where a figure is looked at, and what a drawing remembers of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dltui.draw.canvas import Canvas


@dataclass(frozen=True, slots=True)
class View:
    """Where the eye is; every part has a default that suits a still picture.

    Attributes:
        azimuth: Turn around the vertical axis, degrees (surfaces, clouds in space).
        elevation: Height of the eye above the ground plane, degrees.
        zoom: Magnification; 1 shows all.
        x_range: Part of the abscissa that is shown, in data units, or None for all (charts, fields).
        y_range: Part of the ordinate that is shown, in data units, or None for all.
        cursor: A spot to be marked, in data units, or None.
        place: Where the eye stands when it flies freely, and azimuth and elevation say where it looks; None where it
            goes around the figure (space).
        shift: How far the picture is moved right and up, in widths of its shorter side (space).
        offset: First row or picture that is shown, for what does not fit (tables, steps, prose, images).
    """

    azimuth: float = 35.0
    elevation: float = 30.0
    zoom: float = 1.0
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    cursor: tuple[float, float] | None = None
    offset: int = 0
    shift: tuple[float, float] = (0.0, 0.0)
    place: tuple[float, float, float] | None = None


def view_from(known: object) -> View | None:
    """Return the view that ``asdict`` made a dictionary of, also after JSON, or None when it is none.

    Args:
        known: Anything.

    Returns:
        A view whose numbers are finite and whose ranges and cursor are pairs.
    """
    if not isinstance(known, dict):
        return None
    try:
        parts: dict[str, Any] = {
            k: tuple(part) if isinstance(part, list) else part for k, part in known.items()
        }
        view = View(**parts)
        pairs = [part for part in (view.x_range, view.y_range, view.cursor, view.shift) if part is not None]
        numbers = [
            view.azimuth,
            view.elevation,
            view.zoom,
            view.offset,
            *(end for x, y in pairs for end in (x, y)),
        ]
        if view.place is not None:
            x, y, z = view.place
            numbers += [x, y, z]
        return view if all(map(math.isfinite, numbers)) and isinstance(view.offset, int) else None
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Frame:
    """Where on a canvas the data lie; the inverse of the axes.

    Attributes:
        left: First column of the plot area.
        top: First row of the plot area.
        width: Columns of the plot area.
        height: Rows of the plot area.
        x_range: Data at the left and right border.
        y_range: Data at the bottom and top border; the first is the larger where rows are drawn downwards.
        x_log: The abscissa is spaced by powers.
        y_log: The ordinate is spaced by powers.
        x_bend: Where a symlog abscissa turns from linear to logarithmic; 0 when it is none.
        y_bend: The same for the ordinate.
    """

    left: int
    top: int
    width: int
    height: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_log: bool = False
    y_log: bool = False
    x_bend: float = 0.0
    y_bend: float = 0.0

    def data_at(self, column: int, row: int) -> tuple[float, float] | None:
        """Return the data coordinates of a cell's middle, or None outside of the plot area."""
        if not (self.left <= column < self.left + self.width and self.top <= row < self.top + self.height):
            return None
        across = (column - self.left + 0.5) / self.width
        up = 1 - (row - self.top + 0.5) / self.height
        x = _between(self.x_range, across, log=self.x_log, bend=self.x_bend)
        return x, _between(self.y_range, up, log=self.y_log, bend=self.y_bend)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure drawn.

    Attributes:
        canvas: The cells.
        frame: Where the data lie on it, or None for figures without axes in the plane.
    """

    canvas: Canvas
    frame: Frame | None = None


def _between(ends: tuple[float, float], share: float, *, log: bool, bend: float) -> float:
    """Return the value at ``share`` of the way from the first end to the second."""
    if log and min(ends) > 0:
        return math.exp(math.log(ends[0]) + share * (math.log(ends[1]) - math.log(ends[0])))
    if bend > 0:
        start, stop = math.asinh(ends[0] / bend), math.asinh(ends[1] / bend)
        return bend * math.sinh(start + share * (stop - start))
    return ends[0] + share * (ends[1] - ends[0])
