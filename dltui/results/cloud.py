"""A cloud of points: where they are, what each bears, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Array, Figure, Histogram, Scene, Table, number
from dltui.figures.space import digits_of
from dltui.results.base import Result
from dltui.results.labels import classes_of

BINS = 60
AXES = ("x", "y", "z")
MINE, THEIRS, RULER = (120, 170, 255), (255, 160, 60), (255, 90, 160)  # colours of two clouds and of rulers
APART = {
    "there": "mean distance to the nearest there",
    "back": "mean distance from there back",
    "chamfer": "Chamfer distance",
    "chamfer_squared": "Chamfer distance, squared",
    "hausdorff": "Hausdorff distance",
    "emd": "earth mover's distance",
    "moved": "points of each that were moved",
}
FIT = {
    "rms": "root mean square of the pairs",
    "share": "share of the pairs that count",
    "steps": "iterations",
}


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
        azimuth: Degrees around, from where they are seen at first and on paper.
        elevation: Degrees above the ground.
        zoom: How many times nearer than what shows all.
        eye_dome: Whether points beside nearer ones are darkened.
        dropped: Points left out because a coordinate was not finite.
        duplicates: Points at a place that another one has.
        spacing: Mean distance to the nearest neighbour of a sample of points; NaN for fewer than two.
        file: What kind of file they came from; empty when none.
        remarks: What was guessed or done, in sentences.
        other: Points of a second cloud beside it, the same origin taken off, shape (m, 3).
        other_title: What the second cloud is called.
        apart: How far both are apart, by name, as ``Apart`` of ``dltui.scene.points.distances`` tells it.
        motion: What laid this cloud upon the other one, homogeneous, shape (4, 4), or None.
        fit: Root mean square of the pairs that counted for that, their share, and the iterations.
        rulers: Ends of what was measured, the origin taken off, shape (r, 2, 3).
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
    azimuth: float = 35.0
    elevation: float = 30.0
    zoom: float = 1.0
    eye_dome: bool = True
    dropped: int = 0
    duplicates: int = 0
    spacing: float = float("nan")
    file: str = ""
    remarks: list[str] = field(default_factory=list)
    other: Array = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    other_title: str = ""
    apart: dict[str, float] = field(default_factory=dict)
    motion: Array | None = None
    fit: dict[str, float] = field(default_factory=dict)
    rulers: Array = field(default_factory=lambda: np.zeros((0, 2, 3), np.float32))

    @property
    def bounds(self) -> Array:
        """Least and greatest coordinates, the origin put back, shape (2, 3)."""
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        return np.asarray(np.stack([low, high]).astype(np.float64) + np.array(self.origin))

    @property
    def density(self) -> float | None:
        """Points by the volume of the box around them; None where it is flat."""
        low, high = self.bounds
        volume = float(np.prod(high - low))
        return len(self.vertices) / volume if volume > 0 else None

    def named(self, name: str) -> Array:
        """Return the numbers of a channel, or heights."""
        if name == "height":
            axis = AXES.index(self.up)
            return np.asarray(self.vertices[:, axis] + np.float32(self.origin[axis]))
        return np.asarray(self.values[self.channels.index(name)])

    def summary(self) -> dict[str, Any]:
        """Return the contract: points, bounds, channels, dropped, and what else is known."""
        low, high = self.bounds
        return {
            "points": len(self.vertices),
            "bounds": [low.tolist(), high.tolist()],
            "extent": (high - low).tolist(),
            "channels": [*self.channels, *(["rgb"] if self.rgb is not None else [])],
            "has_normals": self.normals is not None,
            "dropped": self.dropped,
            "duplicates": self.duplicates,
            "spacing": self.spacing,
            "density": self.density,
            "format": self.file,
            "colour": self.colour,
            "up": self.up,
            "remarks": self.remarks,
            "rulers": measured(self.rulers, self.origin),
            **(
                {"against": {"points": len(self.other), "name": self.other_title} | self.apart}
                if self.apart
                else {}
            ),
            **({"motion": self.motion.tolist(), **self.fit} if self.motion is not None else {}),
        }

    def scene(self) -> Scene:
        """Return the picture."""
        coloured = self.colour in self.channels or self.colour == "height"
        both = bool(len(self.other))
        rgb = self.rgb if self.colour == "rgb" else None
        if both and not coloured:  # two clouds are told apart by their colours
            own = np.broadcast_to(np.array(MINE, np.uint8), self.vertices.shape) if rgb is None else rgb
            rgb = np.concatenate([own, np.broadcast_to(np.array(THEIRS, np.uint8), self.other.shape)])
        alone = both and coloured  # beside numbers there is no colour left for the other one
        values = self.named(self.colour) if coloured else None
        names: tuple[str, ...] = ()
        if values is not None and self.colour in self.channels:
            values, names = classes_of(self.colour, values, self.file)
        return Scene(
            title=self.title,
            caption=self._caption(),
            points=np.concatenate([self.vertices, self.other]) if both and not alone else self.vertices,
            point_values=values,
            value_names=names,
            point_rgb=rgb,
            normals=self.normals if not both or alone else None,
            segments=self.rulers,
            segment_rgb=np.broadcast_to(np.array(RULER, np.uint8), (len(self.rulers), 3)),
            value_label=self.colour if coloured else "",
            shade={"depth": "depth", "normal": "normal"}.get(self.colour, "flat"),  # type: ignore[arg-type]
            projection=self.projection,
            up=self.up,
            size=self.size,
            box=self.box,
            azimuth=self.azimuth,
            elevation=self.elevation,
            zoom=self.zoom,
            relief=self.eye_dome,
            origin=tuple(self.origin),  # type: ignore[arg-type]
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
        beside = [self._beside()] if self.apart else []
        return [self.scene(), self._table(), *beside, *spreads]

    def _beside(self) -> Table:
        """Return how far the two clouds are apart, and what laid one upon the other."""
        rows: list[tuple[str, float | str]] = [(APART[name], value) for name, value in self.apart.items()]
        if self.motion is not None:
            turn = np.asarray(self.motion, np.float64)
            angle = np.degrees(np.arccos(np.clip((np.trace(turn[:3, :3]) - 1) / 2, -1, 1)))
            rows.append(("turned by degrees", float(angle)))
            rows.append(("moved by", ", ".join(number(float(part), 5) for part in turn[:3, 3])))
            rows += [(FIT[name], value) for name, value in self.fit.items()]
        return Table(
            title=f"Beside {self.other_title}",
            caption=f"{len(self.vertices):,} and {len(self.other):,} points; {self.other_title} is orange",
            columns=("what", "value"),
            rows=tuple(rows),
        )

    def _caption(self) -> str:
        low, high = self.bounds
        size = " × ".join(number(float(side), 3) for side in high - low)
        parts = [f"{len(self.vertices):,} points, {size}"]
        parts += [f"{self.dropped:,} left out, not finite"] if self.dropped else []
        parts += [ruled(ends) for ends in self.rulers]
        return "; ".join([*parts, *self.remarks])

    def _table(self) -> Table:
        """Return the facts, and least, mean and greatest of every number."""
        rows: list[tuple[str, float | str, float | str, float | str]] = []
        low, high = self.bounds
        middle = self.vertices.mean(axis=0, dtype=np.float64) + np.array(self.origin)
        for axis, *ends in zip(AXES, low.tolist(), middle.tolist(), high.tolist(), strict=True):
            digits = digits_of(ends[0], ends[-1])  # more for a survey, far from 0
            least, mean, greatest = (end if digits == 4 else number(end, digits) for end in ends)
            rows.append((axis, least, mean, greatest))
        for name in self.channels:
            held = self.named(name).astype(np.float64)
            held = held[np.isfinite(held)]
            if held.size:
                rows.append((name, float(held.min()), float(held.mean()), float(held.max())))
        gap = f"; mean distance to the nearest {number(self.spacing, 3)}" if np.isfinite(self.spacing) else ""
        gap += f"; {number(self.density, 3)} points a unit of volume" if self.density is not None else ""
        return Table(
            title=f"Numbers · {self.title}",
            caption=f"{len(self.vertices):,} points, {self.duplicates:,} at a place that another one has{gap}"
            + (f"; {self.file}" if self.file else ""),
            columns=("number", "least", "mean", "greatest"),
            rows=tuple(rows),
        )


def ruled(ends: Array) -> str:
    """Return how long a ruler is, and how far it goes along each axis."""
    step = np.asarray(ends[1], np.float64) - np.asarray(ends[0], np.float64)
    if not step.any():
        return "one end of a ruler"
    along = ", ".join(f"Δ{axis} {number(float(part), 3)}" for axis, part in zip(AXES, step, strict=True))
    return f"ruler {number(float(np.linalg.norm(step)), 5)} ({along})"


def measured(rulers: Array, origin: list[float]) -> list[dict[str, Any]]:
    """Return rulers as numbers: their ends, the origin put back, and their length."""
    ends = np.asarray(rulers, np.float64)
    return [
        {"from": (a + origin).tolist(), "to": (b + origin).tolist(), "length": float(np.linalg.norm(b - a))}
        for a, b in ends
    ]
