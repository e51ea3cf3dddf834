"""A mesh: its triangles, and what can be measured of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Array, Figure, Scene, Shade, Table, number
from dltui.results.base import Result
from dltui.results.cloud import RULER, measured, ruled

AXES = ("x", "y", "z")


@dataclass(frozen=True, eq=False, kw_only=True)
class Mesh(Result):
    """Triangles in space.

    Attributes:
        vertices: Places with the origin taken off, shape (n, 3), float32.
        faces: Corners of the triangles, shape (f, 3).
        origin: What was taken off, three numbers.
        rgb: Colours in 0…255, shape (n, 3), or None.
        channels: Names of the numbers that each vertex bears.
        values: Those numbers, shape (channels, n).
        colour: What colours the picture: a channel, ``height``, ``rgb`` or ``none``.
        shade: How it is lit: flat, smooth, wire, normal, depth or plain.
        up: The axis that points up.
        projection: ``perspective`` or ``orthographic``.
        box: Whether the box around it is drawn.
        azimuth: Degrees around, from where it is seen at first and on paper.
        elevation: Degrees above the ground.
        zoom: How many times nearer than what shows all.
        area: Sum of the areas of the triangles.
        volume: Enclosed volume, or None where it is not closed and turned one way.
        watertight: Whether every edge has two triangles.
        oriented: Whether neighbours are turned the same way.
        edges: How many there are.
        boundary: Edges of one triangle alone.
        crowded: Edges of more than two triangles.
        pieces: Parts that hang together.
        euler: V − E + F.
        genus: Holes through it, or None where it is not closed.
        flat: Triangles without area.
        distinct: Places that a triangle has a corner at.
        dropped: Vertices left out because a coordinate was not finite.
        file: What kind of file it came from; empty when none.
        remarks: What was guessed or done, in sentences.
        rulers: Ends of what was measured, the origin taken off, shape (r, 2, 3).
    """

    schema: ClassVar[str] = "mesh/1"

    vertices: Array
    faces: Array
    origin: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    rgb: Array | None = None
    channels: list[str] = field(default_factory=list)
    values: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    colour: str = "none"
    shade: Shade = "flat"
    up: Literal["z", "y"] = "z"
    projection: Literal["perspective", "orthographic"] = "perspective"
    box: bool = False
    azimuth: float = 35.0
    elevation: float = 30.0
    zoom: float = 1.0
    area: float
    volume: float | None
    watertight: bool
    oriented: bool
    edges: int
    boundary: int
    crowded: int
    pieces: int
    euler: int
    genus: int | None
    flat: int
    distinct: int
    dropped: int = 0
    file: str = ""
    remarks: list[str] = field(default_factory=list)
    rulers: Array = field(default_factory=lambda: np.zeros((0, 2, 3), np.float32))

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
        """Return the contract: vertices, faces, area, volume, watertight, euler, and what else is known."""
        low, high = self.bounds
        return {
            "vertices": len(self.vertices),
            "faces": len(self.faces),
            "area": self.area,
            "volume": self.volume,
            "watertight": self.watertight,
            "oriented": self.oriented,
            "euler": self.euler,
            "genus": self.genus,
            "edges": self.edges,
            "boundary_edges": self.boundary,
            "non_manifold_edges": self.crowded,
            "pieces": self.pieces,
            "flat_faces": self.flat,
            "distinct_vertices": self.distinct,
            "bounds": [low.tolist(), high.tolist()],
            "channels": [*self.channels, *(["rgb"] if self.rgb is not None else [])],
            "dropped": self.dropped,
            "format": self.file,
            "remarks": self.remarks,
            "rulers": measured(self.rulers, self.origin),
        }

    def scene(self) -> Scene:
        """Return the picture."""
        coloured = self.colour in self.channels or self.colour == "height"
        return Scene(
            title=self.title,
            caption=self._caption(),
            vertices=self.vertices,
            faces=self.faces,
            vertex_values=self.named(self.colour) if coloured else None,
            vertex_rgb=self.rgb if self.colour == "rgb" else None,
            segments=self.rulers,
            segment_rgb=np.broadcast_to(np.array(RULER, np.uint8), (len(self.rulers), 3)),
            value_label=self.colour if coloured else "",
            shade=self.shade,
            projection=self.projection,
            up=self.up,
            box=self.box,
            azimuth=self.azimuth,
            elevation=self.elevation,
            zoom=self.zoom,
            origin=tuple(self.origin),  # type: ignore[arg-type]
        )

    def figures(self) -> list[Figure]:
        """Return the picture and the numbers."""
        return [self.scene(), self._table()]

    def _caption(self) -> str:
        closed = (
            "watertight" if self.watertight else f"not closed: {self.boundary:,} edges of one triangle alone"
        )
        size = f"{len(self.vertices):,} vertices, {len(self.faces):,} triangles; {closed}"
        return "; ".join([size, *(ruled(ends) for ends in self.rulers), *self.remarks])

    def _table(self) -> Table:
        low, high = self.bounds
        rows = (
            ("vertices", f"{len(self.vertices):,}, {self.distinct:,} places"),
            ("edges", f"{self.edges:,}"),
            ("triangles", f"{len(self.faces):,}"),
            ("extent", " × ".join(number(float(side), 4) for side in high - low)),
            ("area", number(self.area, 6)),
            ("volume", "not closed" if self.volume is None else number(self.volume, 6)),
            ("watertight", "yes" if self.watertight else f"no: {self.boundary:,} boundary edges"),
            ("turned one way", "yes" if self.oriented else "no"),
            ("edges of more than two triangles", f"{self.crowded:,}"),
            ("pieces", f"{self.pieces:,}"),
            ("Euler number V − E + F", f"{self.euler:,}"),
            ("genus", "not closed" if self.genus is None else f"{self.genus:,}"),
            ("triangles without area", f"{self.flat:,}"),
        )
        return Table(
            title=f"Numbers · {self.title}",
            caption=f"vertices at one place count once for edges and what follows from them{self._kind()}",
            columns=("what", "value"),
            rows=rows,
        )

    def _kind(self) -> str:
        return f"; {self.file}" if self.file else ""
