"""Heat maps laid over a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dltui.figures.base import Array, Figure, number
from dltui.figures.fields import ColorMap, Mark

TOLD = 6  # maps that are said in words


@dataclass(frozen=True, eq=False, kw_only=True)
class Overlay(Figure):
    """Heat maps over one picture, side by side, with a colour bar.

    Where a map is at the colours' quiet end (0 of ``coolwarm``, the low end of others) the picture is seen through it.

    Attributes:
        picture: What lies below, grey (h, w) or (h, w, 1), or colour (h, w, 3); 0 is dark, 1 is bright.
        values: The maps, shape (n, rows, columns), row 0 on top; each is stretched over the whole picture, and NaN
            leaves the picture bare.
        names: What stands below each map; empty, or n of them.
        value_label: Name and unit of the values.
        limits: The values at the ends of each map's colours, n pairs; where they are empty all maps share one range.
        colormap: Perceptually uniform map; ``coolwarm`` for signed values, centred on 0.
        opacity: How much of the picture a map hides where it is strongest, 0…1; of 0 there is only the picture, in its
            own colours.
        bare: Show the picture by itself before the maps.
        marks: Named spots on every pane, by column and row of the maps.
    """

    picture: Array
    values: Array
    names: tuple[str, ...] = ()
    value_label: str = ""
    limits: tuple[tuple[float, float], ...] = ()
    colormap: ColorMap = "viridis"
    opacity: float = 0.8
    bare: bool = True
    marks: tuple[Mark, ...] = ()

    @property
    def veiled(self) -> bool:
        """Whether anything of the maps is seen."""
        return self.opacity > 0

    def words(self) -> str:
        """Return size and number of maps, and where each is strongest."""
        tall, wide = self.picture.shape[:2]
        count = len(self.values)
        head = f"{count} {'map' if count == 1 else 'maps'} of {self.value_label or 'a value'}"
        found = [self._strongest(i) for i in range(min(count, TOLD))]
        more = f" And {count - TOLD} more." if count > TOLD else ""
        marks = "".join(
            f" {mark.name} at row {number(mark.y)}, column {number(mark.x)}." for mark in self.marks
        )
        return f"{head} over a picture of {wide} × {tall} pixels. {'; '.join(found)}.{more}{marks}"

    def name_of(self, place: int) -> str:
        """Return what a map is called."""
        return self.names[place] if place < len(self.names) else f"map {place + 1}"

    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Return the values at the ends of each map's colours, n pairs."""
        if self.limits:
            return self.limits
        known = self.values[np.isfinite(self.values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if self.colormap == "coolwarm":
            high = max(abs(low), abs(high))
            low = -high
        return ((low, high),) * len(self.values)

    def _strongest(self, place: int) -> str:
        """Return a map in words: its extreme value and where that is."""
        size = np.where(np.isfinite(self.values[place]), np.abs(self.values[place]), -1.0)
        if not size.size or size.max() < 0:
            return f"{self.name_of(place)}: no finite value"
        row, column = np.unravel_index(int(size.argmax()), size.shape)
        value = number(float(self.values[place][row, column]))
        return f"{self.name_of(place)}: strongest {value} at row {row}, column {column}"
