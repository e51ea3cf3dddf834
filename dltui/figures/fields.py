"""Fields: numbers over a grid, seen from above, from the side, or as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dltui.figures.base import Array, Figure, number
from dltui.figures.charts import Scale

ColorMap = Literal["viridis", "cividis", "magma", "coolwarm", "gray"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Path:
    """A trail over a field.

    Attributes:
        name: What the legend calls it.
        x: Abscissae, shape (n,).
        y: Ordinates, shape (n,).
        ends: Whether its first and last point are marked: those of a way are, those of a line on a map are not.
    """

    name: str
    x: Array
    y: Array
    ends: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Mark:
    """A named spot on a field.

    Attributes:
        name: What it is.
        x: Abscissa.
        y: Ordinate.
    """

    name: str
    x: float
    y: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Field(Figure):
    """What heat maps and surfaces share.

    Attributes:
        values: The field, shape (len(y), len(x)); NaN is a hole and is drawn as one.
        x: Abscissae of the columns, ascending, shape (w,).
        y: Ordinates of the rows, ascending, shape (h,).
        x_label: Name and unit of the abscissa.
        y_label: Name and unit of the ordinate.
        value_label: Name and unit of the values.
        scale: How values are spaced in colour and height.
        limits: The values at the ends of the colours and heights, or None for the least and the largest one.
        paths: Trails drawn over the field.
        marks: Named spots drawn over the field.
    """

    values: Array
    x: Array
    y: Array
    x_label: str = "x"
    y_label: str = "y"
    value_label: str = ""
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None
    paths: tuple[Path, ...] = ()
    marks: tuple[Mark, ...] = ()

    def words(self) -> str:
        """Return size, range, where it is lowest and highest, and the holes."""
        height, width = self.values.shape
        known = np.isfinite(self.values)
        head = f"A field of {width} × {height} values of {self.value_label or 'a value'}"
        if not known.any():
            return f"{head}, none of them finite."
        low = self._spot(np.where(known, self.values, np.inf).argmin())
        high = self._spot(np.where(known, self.values, -np.inf).argmax())
        holes = f" {int((~known).sum())} cells are not finite." if not known.all() else ""
        return f"{head}: lowest {low}, highest {high}.{holes}"

    def _spot(self, flat: np.intp) -> str:
        """Return value and place of the cell with flat index ``flat``."""
        row, column = np.unravel_index(flat, self.values.shape)
        value = number(self.values[row, column])
        return f"{value} at {self.x_label} {number(self.x[column])}, {self.y_label} {number(self.y[row])}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Heatmap(Field):
    """A field seen from above.

    Attributes:
        colormap: Perceptually uniform map; ``coolwarm`` for signed values, centred on 0.
        contours: Draw lines of equal value.
        downwards: Row 0 on top, as matrices are written, instead of y growing upwards.
        row_names: What each row is called, where it is more than a number; rows are at y = 0, 1, 2 … then.
        column_names: What each column is called, likewise at x = 0, 1, 2 …
        fine: Many small patterns rather than one field: drawn in the finest glyphs there are, with bare holes.
        equal: One unit is as long across as up, so that a circle is round; on a terminal with rows enough for that.
    """

    colormap: ColorMap = "viridis"
    contours: bool = False
    downwards: bool = False
    row_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    fine: bool = False
    equal: bool = False

    def column_at(self, x: float) -> str:
        """Return what stands for an abscissa: the name of its column, or its number."""
        if not self.column_names:
            return f"{self.x_label} {number(x, 3)}"
        return self.column_names[int(np.clip(round(x), 0, len(self.column_names) - 1))]

    def row_at(self, y: float) -> str:
        """Return what stands for an ordinate: the name of its row, or its number."""
        if not self.row_names:
            return f"{self.y_label} {number(y, 3)}"
        return self.row_names[int(np.clip(round(y), 0, len(self.row_names) - 1))]

    def _spot(self, flat: np.intp) -> str:
        """Return value and place of the cell with flat index ``flat``."""
        if not (self.row_names or self.column_names):
            return super()._spot(flat)
        row, column = np.unravel_index(flat, self.values.shape)
        across, down = self.column_at(float(self.x[column])), self.row_at(float(self.y[row]))
        return f"{number(self.values[row, column])} at {across}, {down}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Surface(Field):
    """A field seen from the side, as a landscape that can be turned.

    Attributes:
        colormap: Perceptually uniform map of the heights.
    """

    colormap: ColorMap = "viridis"


@dataclass(frozen=True, eq=False, kw_only=True)
class Images(Figure):
    """Pictures side by side.

    Attributes:
        pixels: Grey pictures, shape (n, h, w), or colour, shape (n, h, w, 3); 0 is dark, 1 is bright.
        names: What stands below each picture; empty, or n of them.
        each_row: How many belong beside each other, where there is room; 0 for as many as fit.
    """

    pixels: Array
    names: tuple[str, ...] = ()
    each_row: int = 0

    def words(self) -> str:
        """Return how many pictures there are, their size, mean brightness and names."""
        count, height, width = self.pixels.shape[:3]
        kind = "colour" if self.pixels.ndim == 4 else "grey"
        named = f": {', '.join(self.names)}" if self.names else ""
        bright = float(np.nanmean(self.pixels, dtype=np.float64)) if self.pixels.size else 0.0
        mean = f" Mean brightness {number(bright)}." if self.pixels.size else ""
        return f"{count} {kind} picture{'s' * (count != 1)} of {width} × {height} pixels{named}.{mean}"
