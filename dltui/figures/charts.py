"""Charts: curves, bars, counts and clouds of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dltui.figures.base import Array, Figure, number, span

Scale = Literal["linear", "log", "symlog"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Series:
    """One curve of a chart.

    Attributes:
        name: What the legend calls it.
        x: Abscissae, shape (n,).
        y: Ordinates, shape (n,); NaN breaks the curve.
        low: Lower edge of an error band, shape (n,), or None.
        high: Upper edge of the band, shape (n,), or None.
        marks: Draw points instead of a joined line.
        tint: Which colour of the palette it has, from 0; None for the one of its place in the chart.
    """

    name: str
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None
    marks: bool = False
    tint: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Lines(Figure):
    """Curves over a common axis.

    Attributes:
        series: The curves, in the order of the legend.
        x_label: Name and unit of the abscissa.
        y_label: Name and unit of the ordinate.
        x_scale: How the abscissa is spaced.
        y_scale: How the ordinate is spaced; ``symlog`` is linear near 0.
        levels: Horizontal guide lines: (ordinate, what it says).
    """

    series: tuple[Series, ...]
    x_label: str = ""
    y_label: str = ""
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    levels: tuple[tuple[float, str], ...] = ()

    def tinted(self) -> list[tuple[int, Series]]:
        """Return the curves, each after its place in the palette."""
        return [(place if line.tint is None else line.tint, line) for place, line in enumerate(self.series)]

    def words(self) -> str:
        """Return range, trend and extreme of every curve."""
        count = len(self.series)
        return (
            f"{count} curve{'s' * (count != 1)} of {self.y_label or 'y'} over {self.x_label or 'x'}. "
            + " ".join(_curve(line) for line in self.series)
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Bars(Figure):
    """One bar for each name.

    Attributes:
        labels: Names, one a bar.
        values: Lengths, shape (n,).
        errors: Half widths of error bars, shape (n,), or None.
        value_label: Name and unit of the lengths.
        scale: How the lengths are spaced.
    """

    labels: tuple[str, ...]
    values: Array
    errors: Array | None = None
    value_label: str = ""
    scale: Scale = "linear"

    def words(self) -> str:
        """Return how many bars there are, and the longest and shortest by name."""
        finite = np.where(np.isfinite(self.values), self.values, np.nan)
        if not self.labels or np.isnan(finite).all():
            return f"{len(self.labels)} bars without a finite value."
        low, high = int(np.nanargmin(finite)), int(np.nanargmax(finite))
        return (
            f"{len(self.labels)} bars of {self.value_label or 'a value'}: largest {self.labels[high]} at "
            f"{number(self.values[high])}, smallest {self.labels[low]} at {number(self.values[low])}."
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Histogram(Figure):
    """How often values fall between edges.

    Attributes:
        edges: Borders of the bins, ascending, shape (n + 1,).
        counts: Entries of each bin, shape (n,).
        value_label: Name and unit of what was counted.
        scale: How the counts are spaced.
    """

    edges: Array
    counts: Array
    value_label: str = ""
    scale: Scale = "linear"

    def words(self) -> str:
        """Return the number of entries, their range, and the fullest bin."""
        if not self.counts.size:
            return "An empty histogram."
        top = int(np.argmax(self.counts))
        return (
            f"{number(float(self.counts.sum()))} entries of {self.value_label or 'a value'} in {span(self.edges)}; "
            f"the fullest bin, {number(self.edges[top])} to {number(self.edges[top + 1])}, "
            f"holds {number(self.counts[top])}."
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Points(Figure):
    """A cloud of points in the plane or in space.

    Attributes:
        position: Coordinates, shape (n, 2) or (n, 3).
        value: A number for each point that colours it, shape (n,), or None.
        rgb: Colours in 0…255, shape (n, 3), or None; wins over ``value``.
        group: Class of each point, whole numbers from 0, shape (n,), or None; wins over ``value``.
        group_names: What the classes are called.
        axes: Names of the two or three axes.
        equal: In the plane: one unit is as long across as up, so that a circle is round.
    """

    position: Array
    value: Array | None = None
    rgb: Array | None = None
    group: Array | None = None
    group_names: tuple[str, ...] = ()
    axes: tuple[str, ...] = ("x", "y", "z")
    equal: bool = False

    def words(self) -> str:
        """Return the number of points, the extent along each axis, and the sizes of the groups."""
        count, dims = self.position.shape
        extent = ", ".join(f"{self.axes[i]} {span(self.position[:, i])}" for i in range(dims))
        text = f"{count} points; {extent}."
        if self.group is not None and count:
            sizes = np.bincount(self.group.astype(int))
            names = self.group_names or tuple(str(i) for i in range(len(sizes)))
            text += " " + ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=False)) + "."
        return text


def _curve(line: Series) -> str:
    """Return one sentence about a curve: ends, extremes, and where it is lowest."""
    known = np.isfinite(line.y)
    if not known.any():
        return f"{line.name}: no finite value."
    x, y = line.x[known], line.y[known]
    low, high = int(np.argmin(y)), int(np.argmax(y))
    holes = f", {int((~known).sum())} points missing" if not known.all() else ""
    return (
        f"{line.name}: from {number(y[0])} to {number(y[-1])}, lowest {number(y[low])} at {number(x[low])}, "
        f"highest {number(y[high])} at {number(x[high])}{holes}."
    )
