"""Figures in space: the eye goes around them, or flies through a scene."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from dltui.draw.look import Look
from dltui.draw.scene.eye import CELL_ASPECT, first_view, place_of, reach_of, turn
from dltui.draw.view import Drawing, View
from dltui.figures import Figure, Points, Scene, Surface, number, span
from dltui.tui.manners.base import clamp

STEP = 6.0  # degrees a key
DRAG = (1.5, 3.0)  # degrees a cell, across and up: cells are about twice as high as wide
PAN = 0.05  # of the shorter side a key
MAGNIFY = 1.15
ZOOM_ENDS = (0.4, 8.0)
CLOSE = 200.0  # how near one may come to a scene
TILT_ENDS = (-90.0, 90.0)
GO = 0.08  # of the radius of the scene that a key flies
LOOK = 4.0  # degrees that a key turns the eye that flies


class Turning:
    """Arrows and dragging turn the figure, + and − and the wheel come closer and go back.

    Once it flies they turn the eye instead, and the wheel, + and − go where it looks.
    """

    scope: ClassVar[str] = "turn"

    def __init__(self, figure: Surface | Points | Scene) -> None:
        self._range = _range(figure)
        self._scene = figure if isinstance(figure, Scene) else None

    def drawn(self, drawing: Drawing, view: View, look: Look) -> None:
        """Need nothing of the drawing."""

    def move(self, view: View, right: int, up: int) -> View:
        """Return the view one step around, or looking a step aside."""
        if view.place is not None:
            return _turned(view, -LOOK * right, -LOOK * up)
        return _turned(view, STEP * right, STEP * up)

    def shift(self, view: View, right: int, up: int) -> View:
        """Return a scene moved aside, anything else a quarter of a right angle around."""
        if view.place is not None:
            return self.go(view, right, up, 0)
        if self._scene is not None:
            across, height = view.shift
            return replace(view, shift=(across - PAN * right, height - PAN * up))
        return _turned(view, 22.5 * right, 22.5 * up)

    def zoom(self, view: View, steps: int, cell: tuple[int, int] | None = None) -> View:
        """Return the view nearer or farther; where the mouse points does not matter."""
        if view.place is not None:
            return self.go(view, 0, steps, 0)
        return replace(
            view,
            zoom=clamp(
                view.zoom * MAGNIFY**steps, ZOOM_ENDS[0], CLOSE if self._scene is not None else ZOOM_ENDS[1]
            ),
        )

    def drag(self, view: View, columns: int, rows: int) -> View:
        """Return the view turned as if the figure was held by the mouse, or what is seen by an eye that flies."""
        if view.place is not None:
            return _turned(view, DRAG[0] / 2 * columns, -DRAG[1] / 2 * rows)
        return _turned(view, -DRAG[0] * columns, DRAG[1] * rows)

    def carry(self, view: View, columns: int, rows: int, size: tuple[int, int]) -> View:
        """Return a scene moved aside with the mouse that holds it, on a widget of so many columns and rows."""
        if self._scene is None or view.place is not None:
            return self.drag(view, columns, rows)
        shorter = max(1.0, min(size[0], size[1] * CELL_ASPECT))
        across, height = view.shift
        return replace(view, shift=(across + columns / shorter, height - rows * CELL_ASPECT / shorter))

    def fly(self, view: View) -> View:
        """Return the view of an eye that flies from where it stands, or goes around the scene again."""
        if self._scene is None or view.place is not None:
            return View() if self._scene is None else first_view(self._scene)
        return replace(view, place=place_of(self._scene, view), shift=(0.0, 0.0))

    def go(self, view: View, right: int, ahead: int, up: int) -> View:
        """Return the view of an eye that flew a step to the right, ahead or upwards."""
        if self._scene is None or view.place is None:
            return view
        upright = np.array([0.0, 0, 1] if self._scene.up == "z" else [0.0, 1, 0])
        sideways, _, away = turn(view.azimuth, view.elevation, self._scene.up)
        step = GO * reach_of(self._scene) / max(view.zoom, 1.0)
        x, y, z = (np.array(view.place) + step * (right * sideways + ahead * away + up * upright)).tolist()
        return replace(view, place=(x, y, z))

    def point(self, view: View, column: int, row: int) -> View:
        """Return the view as it is: a spot of the screen is no single spot in space."""
        return view

    def readout(self, view: View) -> str:
        """Return the angles, the magnification, and the range of the values; the place of an eye that flies."""
        if view.place is not None:
            place = ", ".join(number(part, 3) for part in view.place)
            return f"at {place}   azimuth {view.azimuth:.0f}°   elevation {view.elevation:.0f}°"
        eye = f"azimuth {view.azimuth:.0f}°   elevation {view.elevation:.0f}°   zoom {number(view.zoom, 3)}×"
        return f"{eye}   {self._range}" if self._range else eye


def _turned(view: View, azimuth: float, elevation: float) -> View:
    """Return the view after a turn; it goes round sideways, and stops when seen from above or below."""
    return replace(
        view,
        azimuth=(view.azimuth + azimuth) % 360,
        elevation=clamp(view.elevation + elevation, *TILT_ENDS),
    )


def _range(figure: Figure) -> str:
    """Return what the colours mean."""
    if isinstance(figure, Surface):
        return f"{figure.value_label or 'value'} {span(figure.values)}"
    if isinstance(figure, Points) and figure.value is not None:
        return f"value {span(figure.value)}"
    if isinstance(figure, Scene):
        return figure.told()
    return ""
