"""A cloud of points: where they are, what each bears, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Array, Figure, Histogram, Scene, Table, number
from dltui.results.base import Result

BINS = 60
AXES = ("x", "y", "z")


@dataclass(frozen=True, eq=False, kw_only=True)
class Cloud(Result):
    """Points in space.

    Attributes:
        vertices: Places with the origin taken off, shape (n, 3), float32.
        origin: What was taken off, three numbers.
        rgb: Colours in 0…255, shape (n, 3), or None.
        normals: Unit normals, shape (n, 3), or None.
        channels: Names of the numbers that each point bears.
        values: Those numbers, shape (channels, n), float32.
        colour: What colours the picture: a channel, ``height``, ``depth``, ``normal``, ``rgb`` or ``none``.
        up: The axis that points up.
        projection: ``perspective`` or ``orthographic``.
        size: Pixels of a point; 0 for what suits their number.
        box: Whether the box around them is drawn.
        dropped: Points left out because a coordinate was not finite.
        duplicates: Points at a place that another one has.
        spacing: Mean distance to the nearest neighbour of a sample of points; NaN for fewer than two.
        file: What kind of file they came from; empty when none.
        remarks: What was guessed or done, in sentences.
    """

    schema: ClassVar[str] = "cloud/1"

    vertices: Array
    origin: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    rgb: Array | None = None
    normals: Array | None = None
    channels: list[str] = field(default_factory=list)
    values: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    colour: str = "none"
    up: Literal["z", "y"] = "z"
    projection: Literal["perspective", "orthographic"] = "perspective"
    size: int = 0
    box: bool = False
    dropped: int = 0
    duplicates: int = 0
    spacing: float = float("nan")
    file: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def bounds(self) -> Array:
        """Least and greatest coordinates, the origin put back, shape (2, 3)."""
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        return np.asarray(np.stack([low, high]).astype(np.float64) + np.array(self.origin))

    def named(self, name: str) -> Array:
        """Return the numbers of a channel, or heights."""
        if name == "height":
            axis = AXES.index(self.up)
            return np.asarray(self.vertices[:, axis] + np.float32(self.origin[axis]))
        return np.asarray(self.values[self.channels.index(name)])

    def summary(self) -> dict[str, Any]:
        """Return the contract: points, bounds, channels, dropped, and what else is known."""
        low, high = self.bounds
        volume = float(np.prod(high - low))
        return {
            "points": len(self.vertices),
            "bounds": [low.tolist(), high.tolist()],
            "extent": (high - low).tolist(),
            "channels": [*self.channels, *(["rgb"] if self.rgb is not None else [])],
            "has_normals": self.normals is not None,
            "dropped": self.dropped,
            "duplicates": self.duplicates,
            "spacing": self.spacing,
            "density": len(self.vertices) / volume if volume > 0 else None,
            "format": self.file,
            "colour": self.colour,
            "up": self.up,
            "remarks": self.remarks,
        }

    def scene(self) -> Scene:
        """Return the picture."""
        coloured = self.colour in self.channels or self.colour == "height"
        return Scene(
            title=self.title,
            caption=self._caption(),
            points=self.vertices,
            point_values=self.named(self.colour) if coloured else None,
            point_rgb=self.rgb if self.colour == "rgb" else None,
            normals=self.normals,
            value_label=self.colour if coloured else "",
            shade={"depth": "depth", "normal": "normal"}.get(self.colour, "flat"),  # type: ignore[arg-type]
            projection=self.projection,
            up=self.up,
            size=self.size,
            box=self.box,
        )

    def figures(self) -> list[Figure]:
        """Return the picture, how each number is spread, and the facts."""
        spreads: list[Figure] = []
        for name in ["height", *self.channels]:
            held = self.named(name).astype(np.float64)
            held = held[np.isfinite(held)]
            if held.size and held.min() < held.max():
                counts, edges = np.histogram(held, BINS)
                spreads.append(
                    Histogram(title=f"{name} · {self.title}", edges=edges, counts=counts, value_label=name)
                )
        return [self.scene(), self._table(), *spreads]

    def _caption(self) -> str:
        low, high = self.bounds
        size = " × ".join(number(float(side), 3) for side in high - low)
        parts = [f"{len(self.vertices):,} points, {size}"]
        parts += [f"{self.dropped:,} left out, not finite"] if self.dropped else []
        return "; ".join([*parts, *self.remarks])

    def _table(self) -> Table:
        """Return the facts, and least, mean and greatest of every number."""
        rows: list[tuple[str, float | str, float | str, float | str]] = []
        low, high = self.bounds
        middle = self.vertices.mean(axis=0, dtype=np.float64) + np.array(self.origin)
        rows += [(axis, float(low[i]), float(middle[i]), float(high[i])) for i, axis in enumerate(AXES)]
        for name in self.channels:
            held = self.named(name).astype(np.float64)
            held = held[np.isfinite(held)]
            if held.size:
                rows.append((name, float(held.min()), float(held.mean()), float(held.max())))
        gap = f"; mean distance to the nearest {number(self.spacing, 3)}" if np.isfinite(self.spacing) else ""
        return Table(
            title=f"Numbers · {self.title}",
            caption=f"{len(self.vertices):,} points, {self.duplicates:,} at a place that another one has{gap}"
            + (f"; {self.file}" if self.file else ""),
            columns=("number", "least", "mean", "greatest"),
            rows=tuple(rows),
        )
