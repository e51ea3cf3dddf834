"""Figures in a plane: a cursor reads values, and a part of the plane can be looked at alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

from dltui.draw.look import Look
from dltui.draw.scales import Axis
from dltui.draw.view import Drawing, Frame, View
from dltui.tui.manners.base import clamp
from dltui.tui.manners.probes import Probe

CLOSER = 0.8  # part of the range that is left after one step of zoom
SHIFT = 0.1  # part of the range that one key moves
NARROWEST = 1e-6  # part of the whole range below which zooming stops

Ends = tuple[float, float]


class Plane:
    """Arrows and hovering move a cursor; + and − and the wheel zoom; dragging moves the part that is shown."""

    scope: ClassVar[str] = "plane"

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._frame: Frame | None = None
        self._whole: tuple[Ends, Ends] | None = None

    def drawn(self, drawing: Drawing, view: View, look: Look) -> None:
        """Remember where the data lie, and how far they reach in all."""
        self._frame = drawing.frame
        if self._frame is not None and view.x_range is None and view.y_range is None:
            self._whole = (_sorted(self._frame.x_range), _sorted(self._frame.y_range))

    def move(self, view: View, right: int, up: int) -> View:
        """Return the view with the cursor on the next value; the picture follows it when it leaves."""
        if self._frame is None:
            return view
        if view.cursor is None:
            return replace(view, cursor=self._probe.start(self._middle()))
        upwards = up if self._frame.y_range[0] <= self._frame.y_range[1] else -up
        cursor = self._probe.step(view.cursor, right, upwards, self._reach(view.cursor[0], right))
        return self._following(replace(view, cursor=cursor))

    def shift(self, view: View, right: int, up: int) -> View:
        """Return the view with another part shown."""
        return self._panned(view, SHIFT * right, SHIFT * up)

    def drag(self, view: View, columns: int, rows: int) -> View:
        """Return the view with the plane dragged along."""
        if self._frame is None:
            return view
        return self._panned(view, -columns / max(1, self._frame.width), rows / max(1, self._frame.height))

    def zoom(self, view: View, steps: int, cell: tuple[int, int] | None = None) -> View:
        """Return the view with a smaller or larger part shown, around the mouse, the cursor, or the middle."""
        if self._frame is None or self._whole is None:
            return view
        spot = self._frame.data_at(*cell) if cell is not None else None
        x, y = spot or view.cursor or self._middle()
        part = CLOSER**steps
        across, upwards = self._axes(self._frame)
        return replace(
            view,
            x_range=_scaled(across, self._whole[0], x, part),
            y_range=_scaled(upwards, self._whole[1], y, part),
        )

    def point(self, view: View, column: int, row: int) -> View:
        """Return the view with the cursor on the value nearest to the mouse."""
        spot = self._frame.data_at(column, row) if self._frame is not None else None
        return view if spot is None else replace(view, cursor=self._probe.nearest(spot))

    def readout(self, view: View) -> str:
        """Return the values under the cursor, or what there is to be read."""
        return self._probe.told() if view.cursor is None else self._probe.tell(view.cursor)

    def _reach(self, x: float, right: int) -> float:
        """Return how much of the abscissa the next cell covers, seen from ``x``."""
        assert self._frame is not None
        across, _ = self._axes(self._frame)
        share = clamp(float(across.share(x)), 0.0, 1.0)
        return abs(across.value(share + (right or 1) / max(1, self._frame.width)) - across.value(share))

    def _middle(self) -> tuple[float, float]:
        """Return the data in the middle of what is shown."""
        assert self._frame is not None
        frame = self._frame
        spot = frame.data_at(frame.left + frame.width // 2, frame.top + frame.height // 2)
        return spot or (frame.x_range[0], frame.y_range[0])

    def _panned(self, view: View, right: float, up: float) -> View:
        """Return the view moved by parts of what is shown; the borders of the whole hold it."""
        if self._frame is None or self._whole is None:
            return view
        across, upwards = self._axes(self._frame)
        if self._frame.y_range[0] > self._frame.y_range[1]:
            up = -up
        if view.x_range is not None:
            view = replace(view, x_range=_moved(across, self._whole[0], right))
        if view.y_range is not None:
            view = replace(view, y_range=_moved(upwards, self._whole[1], up))
        return view

    def _axes(self, frame: Frame) -> tuple[Axis, Axis]:
        """Return how the shown part of both axes is spaced."""
        return (
            _axis(frame.x_range, log=frame.x_log, bend=frame.x_bend),
            _axis(frame.y_range, log=frame.y_log, bend=frame.y_bend),
        )

    def _following(self, view: View) -> View:
        """Return the view moved so that the cursor is inside."""
        assert view.cursor is not None
        x, y = view.cursor
        if view.x_range is not None:
            view = replace(view, x_range=_around(_sorted(view.x_range), x))
        if view.y_range is not None and math.isfinite(y):
            view = replace(view, y_range=_around(_sorted(view.y_range), y))
        return view


def _sorted(ends: Ends) -> Ends:
    """Return both ends, the lesser first."""
    return (min(ends), max(ends))


def _axis(ends: Ends, *, log: bool, bend: float) -> Axis:
    """Return the axis that a frame tells of, its lesser end first."""
    low, high = _sorted(ends)
    return Axis(low, high, "log" if log and low > 0 else "symlog" if bend > 0 else "linear", bend or 1.0)


def _scaled(axis: Axis, whole: Ends, at: float, part: float) -> Ends | None:
    """Return the range after zooming around ``at``, or None when all is shown again."""
    first, last = axis.share(whole).tolist()
    centre = clamp(float(axis.share(at)), 0.0, 1.0)
    low, high = centre - centre * part, centre + (1 - centre) * part
    if part < 1 and high - low < (last - first) * NARROWEST:
        return axis.low, axis.high
    if high - low >= (last - first) * 0.999:
        return None
    return _held(axis, low, high, first, last)


def _moved(axis: Axis, whole: Ends, share: float) -> Ends:
    """Return the range moved by a share of its width."""
    first, last = axis.share(whole).tolist()
    return _held(axis, share, 1 + share, first, last)


def _held(axis: Axis, low: float, high: float, first: float, last: float) -> Ends:
    """Return the range ``low … high`` pushed back inside ``first … last``, as values."""
    by = max(0.0, first - low) - max(0.0, high - last)
    return axis.value(low + by), axis.value(high + by)


def _around(ends: Ends, value: float) -> Ends:
    """Return the range moved just so far that ``value`` is inside."""
    by = min(0.0, value - ends[0]) + max(0.0, value - ends[1])
    return ends[0] + by, ends[1] + by
