"""An implicit surface: seen, cut, meshed, probed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Images, Lines, Scene, Series, Table, number
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Implicit(Result):
    """The surface on which a function of space is 0.

    Attributes:
        expression: How it is spelled.
        exact: Whether the function is the distance itself.
        reach: Half the side of the cube that is looked at.
        vertices: Of the mesh by marching cubes, shape (v, 3).
        faces: Its triangles, shape (f, 3).
        resolution: Cells of the grid, either way.
        area: Of the mesh.
        volume: Enclosed, or None where the mesh is not closed within the cube.
        watertight: Whether it is closed.
        genus: Holes through it, or None.
        pieces: Parts that hang together.
        picture: As its rays see it, shape (height, width, 3), 0…1.
        evaluations: Distances asked for a pixel of the picture, in the mean.
        axis: The axis that the cut stands on.
        level: Where on it.
        across: Places along the cut, shape (n,).
        upward: Places up the cut, shape (n,).
        cut: Values there, shape (n, n).
        probes: Places, values, slopes ‖∇f‖ and whether they are inside.
        levels: Cells of an octree that the surface may pass through, at each level.
        asked: Distances that the octree asked for.
        dense: Distances that a full grid of its finest cells would ask for.
        voxels: Cells of a coarse grid whose middle is inside.
        voxel_side: Cells of that grid along an axis.
        voxel_vertices: Corners of the outer faces of those cells, shape (n, 3).
        voxel_faces: Their triangles, shape (f, 3).
    """

    schema: ClassVar[str] = "implicit/1"

    expression: str
    exact: bool
    reach: float
    vertices: Array
    faces: Array
    resolution: int
    area: float
    volume: float | None
    watertight: bool
    genus: int | None
    pieces: int
    picture: Array
    evaluations: float
    axis: str
    level: float
    across: Array
    upward: Array
    cut: Array
    probes: list[dict[str, Any]] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    asked: int = 0
    dense: int = 0
    voxels: int = 0
    voxel_side: int = 0
    voxel_vertices: Array = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    voxel_faces: Array = field(default_factory=lambda: np.zeros((0, 3), np.int32))

    def summary(self) -> dict[str, Any]:
        """Return what is known of the surface."""
        return {
            "expression": self.expression,
            "exact": self.exact,
            "reach": self.reach,
            "resolution": self.resolution,
            "vertices": len(self.vertices),
            "faces": len(self.faces),
            "area": self.area,
            "volume": self.volume,
            "watertight": self.watertight,
            "genus": self.genus,
            "pieces": self.pieces,
            "evaluations_per_pixel": self.evaluations,
            "probes": self.probes,
            "voxels": {"side": self.voxel_side, "inside": self.voxels, "volume": self._voxel_volume},
            "octree": {"cells": self.levels, "evaluations": self.asked, "dense": self.dense},
            "slice": {"axis": self.axis, "at": self.level},
        }

    def figures(self) -> list[Figure]:
        """Return the mesh, the picture of the rays, the cut with its bands, voxels, the octree, and the numbers."""
        shown: list[Figure] = []
        if len(self.faces):
            shown.append(
                Scene(
                    title=f"Surface · {self.expression}",
                    caption=self._caption(),
                    vertices=self.vertices,
                    faces=self.faces,
                    shade="smooth",
                )
            )
        shown += [
            Images(title=f"By its rays · {self.expression}", pixels=self.picture[None]),
            self.cut_figure(),
            *self._cells(),
            self._table(),
        ]
        return shown

    def cut_figure(self) -> Heatmap:
        """Return the cut with its bands."""
        flat = [name for name in "xyz" if name != self.axis]
        return Heatmap(
            title=f"Cut at {self.axis} = {number(self.level)} · {self.expression}",
            caption=f"negative inside, 0 on the surface; {'the distance' if self.exact else 'a bound on it'}",
            values=self.cut,
            x=self.across,
            y=self.upward,
            x_label=flat[0],
            y_label=flat[1],
            value_label="f",
            colormap="coolwarm",
            contours=True,
            equal=True,
        )

    @property
    def _voxel_volume(self) -> float | None:
        """Volume of the voxels; None where there is no grid of them."""
        return self.voxels * (2 * self.reach / self.voxel_side) ** 3 if self.voxel_side else None

    def _cells(self) -> list[Figure]:
        """Return the surface as voxels, and the cells of an octree beside those of a full grid."""
        shown: list[Figure] = []
        if len(self.voxel_faces):
            volume = number(self._voxel_volume or 0.0)
            shown.append(
                Scene(
                    title=f"Voxels · {self.expression}",
                    caption=f"{self.voxels:,} of {self.voxel_side}³ cells have their middle inside: volume {volume}",
                    vertices=self.voxel_vertices,
                    faces=self.voxel_faces,
                )
            )
        if self.levels:
            depth = np.arange(1, len(self.levels) + 1, dtype=np.float64)
            kept = f"{self.levels[-1]:,} of {8 ** len(self.levels):,}"
            shown.append(
                Lines(
                    title=f"Octree against the dense grid · {self.expression}",
                    caption=f"after {len(self.levels)} halvings the surface may pass through {kept} cells",
                    series=(
                        Series(name="dense grid", x=depth, y=8.0**depth),
                        Series(name="octree", x=depth, y=np.array(self.levels, np.float64)),
                    ),
                    x_label="halvings",
                    y_label="cells",
                    y_scale="log",
                )
            )
        return shown

    def _caption(self) -> str:
        closed = "closed" if self.watertight else "cut off by the cube, or open"
        volume = "" if self.volume is None else f", volume {number(self.volume)}"
        return (
            f"marching cubes on {self.resolution}³ cells of a cube of side {number(2 * self.reach)}: "
            f"{len(self.faces):,} triangles, {closed}; area {number(self.area)}{volume}"
        )

    def _table(self) -> Table:
        rows: list[tuple[str, str]] = [
            ("area", number(self.area, 6)),
            ("volume", "not closed" if self.volume is None else number(self.volume, 6)),
            ("genus", "not closed" if self.genus is None else str(self.genus)),
            ("pieces", str(self.pieces)),
            ("distances a pixel", number(self.evaluations, 3)),
        ]
        if self.levels:
            share = self.dense / max(self.asked, 1)
            rows.append((
                f"octree of {len(self.levels)} levels",
                f"{self.levels[-1]:,} cells, {self.asked:,} distances: 1/{number(share, 3)} of a full grid's",
            ))
        rows += [(_place(probe["at"]), _answer(probe)) for probe in self.probes]
        return Table(title=f"Numbers · {self.expression}", columns=("what", "value"), rows=tuple(rows))


def _place(at: list[float]) -> str:
    """Return what was asked about."""
    return "f at " + ", ".join(number(part) for part in at)


def told(probe: dict[str, Any]) -> str:
    """Return what was asked about and what was found there, as a sentence."""
    return f"{_place(probe['at'])}: {_answer(probe)}"


def _answer(probe: dict[str, Any]) -> str:
    """Return what was found there."""
    side = "inside" if probe["inside"] else "outside"
    return f"{number(probe['value'])}, ‖∇f‖ {number(probe['slope'])}, {side}"
