"""The grid that is meshed, and its pictures: a cell, its neighbours, the mesh, the file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Figure, Heatmap, Lines, Path, Scene, Series, Step, Steps, Table, number
from dltui.scene.cells import Cell, cell_of
from dltui.scene.cubes import CORNERS, EDGES, cases, marching_cubes
from dltui.scene.geometry import geometry_of
from dltui.scene.mesh import Measures, measure
from dltui.scene.phantom import head
from dltui.scene.sdf.parse import parse
from dltui.scene.squares import contour
from dltui.scene.write import obj

Doubles = NDArray[np.float64]
Place = tuple[int, int, int]
SOLIDS = {
    "sphere": "sphere(.8)",
    "torus": "torus(.6, .25)",
    "two balls": "smin(move(sphere(.42), -.4, 0, 0), move(sphere(.42), .4, 0, 0), .25)",
    "cut cube": "max(box(.6), -sphere(.7))",
}
SOURCES = (*SOLIDS, "phantom")
COUNTS = (6, 8, 12, 16, 24, 32)  # cells over which errors are shown
INSIDE, OUTSIDE, CROSSED = (255, 200, 60), (70, 90, 200), (240, 240, 240)


@dataclass(frozen=True)
class Grid:
    """Values on the corners of the cells of the cube from −1 to 1.

    Attributes:
        source: What they are of.
        cells: Along each side.
        level: Of the surface.
        opened: Whether a quarter of the scan is cut out.
    """

    source: str
    cells: int
    level: float
    opened: bool

    @property
    def width(self) -> float:
        """Width h of a cell."""
        return 2 / self.cells

    @cached_property
    def side(self) -> Doubles:
        """Places of the corners along each side."""
        return np.linspace(-1, 1, self.cells + 1)

    @cached_property
    def raw(self) -> Doubles:
        """What is stored: distances or densities, shape (M + 1, M + 1, M + 1)."""
        x, y, z = np.meshgrid(self.side, self.side, self.side, indexing="ij")
        if self.source != "phantom":
            return np.asarray(parse(SOLIDS[self.source]).at(x, y, z), np.float64)
        found = head(x, y, z, self.width)
        return np.where((x > 0) & (y < 0) & (z > 0), 0.0, found) if self.opened else found

    @cached_property
    def values(self) -> Doubles:
        """The same, below 0 inside of the surface."""
        return self.level - self.raw if self.source == "phantom" else self.raw - self.level

    @cached_property
    def mesh(self) -> tuple[Doubles, NDArray[np.int64]]:
        """The surface."""
        return marching_cubes(self.values, np.full(3, -1.0), np.full(3, self.width))

    @cached_property
    def measures(self) -> Measures:
        """What can be measured of it."""
        return measure(*self.mesh)

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """Number of the case of every cell."""
        return cases(self.values < 0)

    @cached_property
    def passed(self) -> int:
        """How many cells the surface passes."""
        return int(((self.kinds > 0) & (self.kinds < 255)).sum())

    def pick(self, count: int) -> Place | None:
        """Return one of the cells that the surface passes, or None where there is none."""
        found = np.argwhere((self.kinds > 0) & (self.kinds < 255))
        if not len(found):
            return None
        i, j, k = found[count % len(found)].tolist()
        return i, j, k

    def cell(self, place: Place) -> Cell:
        """Return a cell."""
        return cell_of(self.values, place)


def as_obj(now: Grid) -> str:
    """Return the mesh as the text of an OBJ file; nothing where there is none."""
    vertices, faces = now.mesh
    if not len(faces):
        return ""
    shape = geometry_of(vertices.astype(np.float32), title=now.source, faces=faces.astype(np.int32))
    return obj(vertices, shape).decode("ascii")


def figures(now: Grid, picked: Place | None, stage: int, height: float) -> tuple[Figure, ...]:
    """Return the pictures of a stage: 1 corners, 2 case, 3 crossings, 4 triangles, 5 the whole mesh."""
    shown: list[Figure] = [_mesh(now, picked)] if stage == 5 else []
    if picked is not None:
        one = now.cell(picked)
        shown += [_cell(now, picked, one, stage), _corners(now, picked, one)]
        shown += [_worked(one, stage), _slice(now, picked, height), _row(now, picked)]
    if stage == 5:
        shown += [_kinds(now), *_errors(now), _file(now)]
    return tuple(shown)


def _mesh(now: Grid, picked: Place | None) -> Scene:
    """Return the whole mesh, with the cell that is looked at."""
    vertices, faces = now.mesh
    found = now.measures
    closed = "closed" if found.watertight else "open"
    volume = "" if found.volume is None else f", volume {number(found.volume)}"
    told = f"{found.faces:,} triangles, {closed}, V − E + F = {number(found.euler)}; area {number(found.area)}{volume}"
    if not len(faces):
        told = f"no cell has corners on both sides of {number(now.level)}"
    frame = np.zeros((0, 2, 3)) if picked is None else -1 + now.width * (_frame() + np.array(picked))
    return Scene(
        title=f"{now.source}, {now.cells}³ cells"
        + (", a quarter cut out" if now.source == "phantom" and now.opened else ""),
        caption=told,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        segments=frame.astype(np.float32),
        segment_rgb=np.full((len(frame), 3), INSIDE, np.uint8),
        shade="smooth" if now.source == "phantom" else "flat",
    )


def _frame() -> Doubles:
    """Return the twelve edges of the unit cell, shape (12, 2, 3)."""
    return np.array([[CORNERS[a], CORNERS[b]] for a, b in EDGES], np.float64)


def _cell(now: Grid, picked: Place, one: Cell, stage: int) -> Scene:
    """Return one cell with its corners and what is known of it by this stage."""
    spots = np.array([crossing.place for crossing in one.crossings]).reshape(-1, 3)
    number_of = {crossing.edge: i for i, crossing in enumerate(one.crossings)}
    faces = np.array([[number_of[int(edge)] for edge in three] for three in one.triangles], np.int32).reshape(
        -1, 3
    )
    shown = spots if stage >= 3 else spots[:0]
    points = np.concatenate([np.array(CORNERS, np.float64), shown])
    colours = [INSIDE if inside else OUTSIDE for inside in one.inside] + [CROSSED] * len(shown)
    bright = "bright corners are inside, dark ones outside"
    return Scene(
        title=f"Cell ({', '.join(map(str, picked))}): case {one.case}" if stage >= 2 else "One cell",
        caption=f"{bright}; {len(spots)} edges are crossed, {len(faces)} triangles; h = {number(now.width)}",
        points=points.astype(np.float32),
        point_rgb=np.array(colours, np.uint8),
        size=2,
        vertices=spots.astype(np.float32) if stage >= 4 else np.zeros((0, 3), np.float32),
        faces=faces if stage >= 4 else faces[:0],
        segments=_frame().astype(np.float32),
        segment_rgb=np.full((12, 3), (130, 130, 130), np.uint8),
        shade="flat",
        relief=False,
    )


def _corners(now: Grid, picked: Place, one: Cell) -> Table:
    """Return what is stored at the corners, and the bits that it gives."""
    rows = []
    for corner, (place, value) in enumerate(zip(CORNERS, one.values, strict=True)):
        spot = tuple(i + offset for i, offset in zip(picked, place, strict=True))
        stored = float(now.raw[spot])
        rows.append((
            corner,
            "".join(map(str, place)),
            number(stored, 3),
            "inside" if value < 0 else "outside",
            2**corner if value < 0 else 0,
        ))
    what = "density" if now.source == "phantom" else "f"
    return Table(
        title="Corners",
        columns=("corner", "xyz", what, "is", "bit"),
        rows=tuple(rows),
        caption=f"case {one.case}",
    )


def _worked(one: Cell, stage: int) -> Steps:
    """Return case and crossings with their numbers."""
    bits = [str(2**corner) for corner in range(8) if one.inside[corner]]
    lines = [
        Step(formula=f"case = {' + '.join(bits) or '0'} = {one.case}", note="one bit a corner that is inside")
    ]
    for crossing in one.crossings if stage >= 3 else ():
        a, b = number(crossing.a, 3), number(crossing.b, 3)
        lines.append(
            Step(
                formula=f"{crossing.start}–{crossing.stop}: {a} / ({a} − {b}) = {number(crossing.share, 3)}".replace(
                    "− −", "+ "
                ),
                note=f"edge {crossing.edge}: that share of the way",
            )
        )
    if stage >= 4:
        lines += [
            Step(
                formula=f"triangle over the edges {', '.join(map(str, three))}",
                note="from the table of cases",
            )
            for three in one.triangles.tolist()
        ]
    return Steps(title="The cell worked out", caption="Values are less the level.", steps=tuple(lines))


def _slice(now: Grid, picked: Place, height: float) -> Heatmap:
    """Return the layer of the grid through the cell, or one of the scan, with the line that the mesh follows."""
    scan = now.source == "phantom"
    name, floor = ("Slice", round((height + 1) / now.width)) if scan else ("Layer", picked[2])
    layer = now.raw[:, :, floor].T
    x, y = contour(now.values[:, :, floor].T, now.side, now.side)
    corner = -1 + now.width * np.array(picked)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * now.width + corner[:2]
    paths = [Path(name=f"level {number(now.level)}", x=x, y=y, ends=False)] if x.size else []
    if floor in {picked[2], picked[2] + 1}:
        paths.append(Path(name="cell", x=square[:, 0], y=square[:, 1], ends=False))
    size = float(np.abs(layer).max()) or 1.0
    return Heatmap(
        title=f"{name} z = {number(float(now.side[floor]), 3)}",
        caption=f"{now.cells + 1}² stored numbers; {'densities of a scan' if scan else 'negative inside'}",
        values=layer,
        x=now.side,
        y=now.side,
        value_label="density" if scan else "f",
        colormap="gray" if scan else "coolwarm",
        limits=(0.0, 1.0) if scan else (-size, size),
        equal=True,
        paths=tuple(paths),
    )


def _row(now: Grid, picked: Place) -> Table:
    """Return a row of the grid through the cell, with the crossings between its numbers."""
    line, held = now.raw[:, picked[1], picked[2]], now.values[:, picked[1], picked[2]]
    start = min(max(picked[0] - 3, 0), max(now.cells - 7, 0))
    rows = []
    for i in range(start, min(start + 8, now.cells + 1)):
        passed = i < now.cells and (held[i] < 0) != (held[i + 1] < 0)
        share = float(held[i] / (held[i] - held[i + 1])) if passed else 0.0
        crossing = (
            f"at {number(share, 3)}: x = {number(float(now.side[i] + share * now.width), 3)}"
            if passed
            else ""
        )
        rows.append((
            number(float(now.side[i]), 3),
            number(float(line[i]), 3),
            "●" if held[i] < 0 else "○",
            crossing,
        ))
    return Table(
        title="A row of the grid along x, through the cell",
        caption="● inside, ○ outside; a crossing lies before the next row",
        columns=("x", "stored", "", "crossing"),
        rows=tuple(rows),
    )


def _kinds(now: Grid) -> Table:
    """Return which cases come up most."""
    counts = np.bincount(now.kinds.ravel(), minlength=256)
    most = [kind for kind in np.argsort(-counts, kind="stable").tolist() if counts[kind]][:10]
    rows = tuple(
        (kind, f"{kind:08b}", bin(kind).count("1"), len(Cell(_signs(kind)).triangles), int(counts[kind]))
        for kind in most
    )
    return Table(
        title=f"Cases that come up: {int((counts > 0).sum())} of 256",
        caption=f"The surface passes {now.passed:,} of {now.cells**3:,} cells.",
        columns=("case", "corners 7…0", "inside", "triangles", "cells"),
        rows=rows,
    )


def _signs(kind: int) -> Doubles:
    """Return values at the corners that make a case."""
    return np.array([-1.0 if kind >> corner & 1 else 1.0 for corner in range(8)])


def _errors(now: Grid) -> tuple[Figure, ...]:
    """Return how the errors of the sphere fall with the cells; nothing for what has no closed form."""
    r = 0.8 + now.level
    if now.source != "sphere" or r <= 0 or r > 0.99:
        return ()
    found = [Grid(now.source, count, now.level, opened=False).measures for count in COUNTS]
    counts = np.array(COUNTS, np.float64)
    area = np.array([abs(one.area / (4 * math.pi * r**2) - 1) for one in found])
    volume = np.array([abs((one.volume or 0.0) / (4 / 3 * math.pi * r**3) - 1) for one in found])
    order = float(-np.polyfit(np.log(counts[1:]), np.log(volume[1:]), 1)[0])
    return (
        Lines(
            title="Error of area and volume over the cells",
            caption=f"relative to 4πr² and 4πr³/3; the volume's falls as M^−{order:.2f}",
            series=(
                Series(name="area", x=counts, y=area),
                Series(name="volume", x=counts, y=volume),
                Series(name="∝ 1/M²", x=counts, y=2 * volume[0] * (counts[0] / counts) ** 2),
            ),
            x_label="cells M",
            y_label="relative error",
            x_scale="log",
            y_scale="log",
        ),
    )


def _file(now: Grid) -> Steps:
    """Return the beginning of the OBJ file."""
    vertices, faces = now.mesh
    text = as_obj(now).splitlines()
    places, corners = ([line for line in text if line[:2] == mark] for mark in ("v ", "f "))
    lines = [(line, "x, y, z of a vertex" if i == 0 else "") for i, line in enumerate(places[:3])]
    lines += [
        (line, "three vertices of a face, from 1" if i == 0 else "") for i, line in enumerate(corners[:3])
    ]
    return Steps(
        title="The mesh as an OBJ file",
        caption=f"{len(vertices):,} lines v, {len(faces):,} lines f; `dltui sdf … --export FILE.obj` writes one.",
        steps=tuple(
            Step(formula=line, note=note) for line, note in lines or [("(empty)", "there is no surface")]
        ),
    )
