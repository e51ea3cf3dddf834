"""Reading values off figures: which one is nearest, which one is next, and how it is told."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dltui.draw.overlay import cell_at, reading
from dltui.figures import Array, Field, Heatmap, Histogram, Lines, Overlay, Points, Series, number, span

Spot = tuple[float, float]


class Probe(Protocol):
    """Something that can be read value by value."""

    def start(self, middle: Spot) -> Spot:
        """Return where the cursor appears when it is first asked for."""

    def nearest(self, spot: Spot) -> Spot:
        """Return the value's place that is nearest to ``spot``."""

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the next value's place; ``column`` is how much of the abscissa a cell covers."""

    def tell(self, spot: Spot) -> str:
        """Return what stands at ``spot``."""

    def told(self) -> str:
        """Return what there is to read, while there is no cursor."""


class FieldProbe:
    """Reads a heat map cell by cell."""

    def __init__(self, field: Field) -> None:
        self._field = field

    def start(self, middle: Spot) -> Spot:
        """Return the cell in the middle."""
        return self.nearest(middle)

    def nearest(self, spot: Spot) -> Spot:
        """Return the middle of the cell under ``spot``."""
        column, row = self._cell(spot)
        return float(self._field.x[column]), float(self._field.y[row])

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the neighbouring cell."""
        del column
        at, row = self._cell(spot)
        at = int(np.clip(at + right, 0, len(self._field.x) - 1))
        row = int(np.clip(row + up, 0, len(self._field.y) - 1))
        return float(self._field.x[at]), float(self._field.y[row])

    def tell(self, spot: Spot) -> str:
        """Return both coordinates and the value."""
        column, row = self._cell(spot)
        field = self._field
        value = number(float(field.values[row, column]), 6)
        x, y = float(field.x[column]), float(field.y[row])
        if isinstance(field, Heatmap) and (field.row_names or field.column_names):
            return f"{field.column_at(x)}   {field.row_at(y)}   {field.value_label or 'value'} {value}"
        told = f"{field.x_label} {number(x)}   {field.y_label} {number(y)}"
        return f"{told}   {field.value_label or 'value'} {value}"

    def told(self) -> str:
        """Return the range of the values."""
        return f"{self._field.value_label or 'value'} {span(self._field.values)}"

    def _cell(self, spot: Spot) -> tuple[int, int]:
        """Return column and row of the cell nearest to ``spot``."""
        return _nearest(self._field.x, spot[0]), _nearest(self._field.y, spot[1])


class OverlayProbe:
    """Reads all maps over a picture at one of their cells."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay

    def start(self, middle: Spot) -> Spot:
        """Return the cell in the middle."""
        return self.nearest(middle)

    def nearest(self, spot: Spot) -> Spot:
        """Return the cell under ``spot``."""
        column, row = cell_at(self._overlay, *spot)
        return float(column), float(row)

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the next cell that the terminal can show."""
        far = max(1, round(column))
        return self.nearest((spot[0] + far * right, spot[1] + far * up))

    def tell(self, spot: Spot) -> str:
        """Return what every map has there."""
        return reading(self._overlay, *spot)

    def told(self) -> str:
        """Return the range of the values."""
        return f"{self._overlay.value_label or 'value'} {span(self._overlay.values)}"


class CurveProbe:
    """Reads curves point by point; left and right follow one, up and down change to another."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._curves = [curve for curve in lines.series if np.isfinite(curve.x).any()]
        self._followed = 0

    def start(self, middle: Spot) -> Spot:
        """Return the point of the first curve that is nearest to the middle."""
        return self._at(middle[0]) if self._curves else middle

    def nearest(self, spot: Spot) -> Spot:
        """Return the point at that abscissa, on the curve that passes nearest."""
        if not self._curves:
            return spot
        far = [abs(_ordinate(curve, spot[0]) - spot[1]) for curve in self._curves]
        if np.isfinite(far).any():
            self._followed = int(np.nanargmin(far))
        return self._at(spot[0])

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the next point that is at least a cell away, or the same abscissa on another curve."""
        if not self._curves:
            return spot
        self._followed = (self._followed - up) % len(self._curves)
        if not right:
            return self._at(spot[0])
        x = np.sort(self._curves[self._followed].x[np.isfinite(self._curves[self._followed].x)])
        place = _nearest(x, spot[0])
        beyond = (
            np.flatnonzero(x >= x[place] + column) if right > 0 else np.flatnonzero(x <= x[place] - column)
        )
        edge = len(x) - 1 if right > 0 else 0
        if abs(x[edge] - x[place]) < column or not beyond.size:
            return self._at(float(x[int(np.clip(place + right, 0, len(x) - 1))]))
        next_one = int(beyond[0] if right > 0 else beyond[-1])
        return self._at(float(x[next_one]))

    def tell(self, spot: Spot) -> str:
        """Return the abscissa, and what every curve has there; the one that is followed comes first."""
        if not self._curves:
            return self.told()
        order = self._curves[self._followed :] + self._curves[: self._followed]
        values = "   ".join(f"{curve.name} {number(_ordinate(curve, spot[0]), 5)}" for curve in order[:6])
        more = f"   and {len(order) - 6} more" if len(order) > 6 else ""
        return f"{self._lines.x_label or 'x'} {number(spot[0], 5)}   {values}{more}"

    def told(self) -> str:
        """Return the names of the curves with their ranges."""
        return "   ".join(f"{curve.name} {span(curve.y)}" for curve in self._lines.series[:4])

    def _at(self, x: float) -> Spot:
        """Return the point of the followed curve that is nearest to ``x``."""
        curve = self._curves[self._followed]
        place = _nearest(curve.x, x)
        return float(curve.x[place]), float(curve.y[place])


class BinProbe:
    """Reads a histogram bin by bin."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram

    def start(self, middle: Spot) -> Spot:
        """Return the bin in the middle."""
        return self.nearest(middle)

    def nearest(self, spot: Spot) -> Spot:
        """Return the top of the bin under ``spot``."""
        return self._top(self._bin(spot[0]))

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the neighbouring bin; up goes to the fullest one."""
        del column
        counts = self._histogram.counts
        if up > 0 and counts.size:
            return self._top(int(np.argmax(counts)))
        return self._top(int(np.clip(self._bin(spot[0]) + right, 0, max(0, len(counts) - 1))))

    def tell(self, spot: Spot) -> str:
        """Return borders and count of the bin."""
        edges, counts = self._histogram.edges, self._histogram.counts
        if not counts.size:
            return self.told()
        place = self._bin(spot[0])
        ends = f"{number(float(edges[place]))} … {number(float(edges[place + 1]))}"
        return f"{ends}   count {number(float(counts[place]), 6)}"

    def told(self) -> str:
        """Return how many entries there are, and their range."""
        total = number(float(self._histogram.counts.sum()), 6)
        return (
            f"{total} entries of {self._histogram.value_label or 'a value'} in {span(self._histogram.edges)}"
        )

    def _bin(self, x: float) -> int:
        """Return the number of the bin that ``x`` falls into, or of the one next to it."""
        place = int(np.searchsorted(self._histogram.edges, x, side="right")) - 1
        return int(np.clip(place, 0, max(0, len(self._histogram.counts) - 1)))

    def _top(self, place: int) -> Spot:
        """Return the middle of a bin and its count."""
        edges, counts = self._histogram.edges, self._histogram.counts
        if not counts.size:
            return (0.0, 0.0)
        return float(edges[place] + edges[place + 1]) / 2, float(counts[place])


class CloudProbe:
    """Reads the points of a flat cloud."""

    def __init__(self, points: Points) -> None:
        self._points = points
        extent = np.ptp(points.position, axis=0) if len(points.position) else np.ones(2)
        self._extent = np.where(extent > 0, extent, 1)

    def start(self, middle: Spot) -> Spot:
        """Return the point nearest to the middle."""
        return self.nearest(middle)

    def nearest(self, spot: Spot) -> Spot:
        """Return the nearest point, both axes counted alike."""
        if not len(self._points.position):
            return spot
        x, y = self._points.position[self._index(spot)]
        return float(x), float(y)

    def step(self, spot: Spot, right: int, up: int, column: float) -> Spot:
        """Return the nearest point that lies further in that direction."""
        del column
        away = (self._points.position - np.asarray(spot)) / self._extent
        along = away @ np.array([right, up], float)
        ahead = (along > 0) & (2 * along >= np.linalg.norm(away, axis=1))
        if not ahead.any():
            return spot
        far = np.where(ahead, (away**2).sum(axis=1), np.inf)
        x, y = self._points.position[int(np.argmin(far))]
        return float(x), float(y)

    def tell(self, spot: Spot) -> str:
        """Return the coordinates, and the class or value of the point."""
        points = self._points
        if not len(points.position):
            return self.told()
        place = self._index(spot)
        text = "   ".join(f"{points.axes[i]} {number(float(points.position[place, i]))}" for i in range(2))
        if points.group is not None:
            group = int(points.group[place])
            return f"{text}   {points.group_names[group] if group < len(points.group_names) else f'class {group}'}"
        return text if points.value is None else f"{text}   value {number(float(points.value[place]))}"

    def told(self) -> str:
        """Return how many points there are."""
        return f"{len(self._points.position)} points"

    def _index(self, spot: Spot) -> int:
        """Return the number of the point nearest to ``spot``."""
        return int(np.argmin((((self._points.position - np.asarray(spot)) / self._extent) ** 2).sum(axis=1)))


def probe_of(figure: Heatmap | Lines | Histogram | Overlay | Points) -> Probe:
    """Return what reads ``figure``."""
    if isinstance(figure, Heatmap):
        return FieldProbe(figure)
    if isinstance(figure, Overlay):
        return OverlayProbe(figure)
    if isinstance(figure, Lines):
        return CurveProbe(figure)
    return BinProbe(figure) if isinstance(figure, Histogram) else CloudProbe(figure)


def _nearest(values: Array, value: float) -> int:
    """Return the index of the finite entry nearest to ``value``."""
    return int(np.argmin(np.where(np.isfinite(values), np.abs(values - value), np.inf)))


def _ordinate(curve: Series, x: float) -> float:
    """Return what a curve has at the point nearest to ``x``."""
    return float(curve.y[_nearest(curve.x, x)])
