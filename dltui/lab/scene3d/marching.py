"""Marching cubes: one cell step by step, then the mesh of a solid or of a scanned head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.lab import Choice, Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.scene3d.marching_figures import SOURCES, Grid, as_obj, figures
from dltui.scene.cells import Cell
from dltui.scene.cubes import marching_cubes
from dltui.scene.mesh import measure
from dltui.scene.phantom import HEAD, head

STAGES = ("corners", "case", "crossings", "triangles", "whole mesh")


@exhibit(
    "marching-cubes",
    family="scene3d",
    covers=("002c:marching-cubes", "002c:level-set-grid", "002c:medical-volume"),
    kin={
        "dltui lab run implicit-level-set": "the functions that are meshed",
        "dltui lab run octree-voxels": "cells only where the surface passes",
        "dltui sdf 'sphere(.8)' --export ball.obj": "any solid as a mesh in a file",
    },
    sources=("Lorensen and Cline 1987", "Kak and Slaney 1988, ch. 3", "Toft 1996"),
)
def marching(
    source: Annotated[str, Choice(*SOURCES, help="what is meshed")] = "sphere",
    cells: Annotated[int, Slider(4, 64, help="cells M along each side of the grid")] = 16,
    cell: Annotated[int, Slider(0, 999, help="which of the cells that the surface passes")] = 516,
    iso: Annotated[float, Slider(-0.3, 0.3, step=0.01, help="level of the solids")] = 0.0,
    density: Annotated[float, Slider(0.05, 0.95, step=0.05, help="level of the scan")] = 0.25,
    height: Annotated[float, Slider(-1, 1, step=0.05, help="height z of the slice of the scan")] = 0.0,
    opened: Annotated[bool, Switch(help="cut a quarter out of the scan")] = True,
) -> Iterator[Frame]:
    """One cell of a grid: signs, case, crossings, triangles; then the whole mesh, or a scanned head.

    Try: --cells 48 makes it round; --cell 517 is the next one; --iso 0.1 swells it; --source phantom, --cells 48,
    and then --density 0.1 (brain and bone), 0.5 (bone), --height -0.15, --opened off.
    Notice: nothing is searched for. Eight signs choose one of 256 cases, the case says which edges carry the triangles,
    and the values at the ends of an edge say where on it. Neighbours see a shared face alike: the mesh is closed.

    Values are stored on the corners of M³ cells: a level set on a grid, or a scan, which comes as densities in the
    first place. The surface passes between the corners of unlike sign. On an edge with the values a and b it is where
    a straight line from a to b is 0: at the share a/(a − b), a quarter of the way from −0.1 to +0.3.

    The error of area and volume falls with the square of the cell's width h: twice the cells, a quarter of the error,
    for eight times the evaluations. M = 256 asks 256³ = 16,777,216 times.

    The scan is the Shepp-Logan head: ellipsoids whose densities add up, 1 in the skull, 0.2 in the brain, 0 in the
    ventricles. As in a scanner each number is the mean over the width of a cell: coarse ones blur the skull away.
    """
    now = Grid(source, cells, density if source == "phantom" else iso, opened)
    picked = now.pick(cell)
    for stage, name in enumerate(STAGES, start=1):
        caption = f"{name} of cell {picked}" if stage < len(STAGES) else _told(now)
        yield Frame(
            figures=figures(now, picked, stage, height),
            numbers=_numbers(now, picked),
            caption=caption,
            total=len(STAGES),
        )


def _told(now: Grid) -> str:
    """Return what the mesh is, in a few words."""
    found = now.measures
    closed = "closed" if found.watertight and found.faces else "not closed"
    return f"{now.cells}³ cells, {found.faces:,} triangles, {closed}"


def _numbers(now: Grid, picked: tuple[int, int, int] | None) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    found = now.measures
    one = None if picked is None else now.cell(picked)
    return {
        "cell": None if picked is None else list(picked),
        "case": None if one is None else one.case,
        "shares": None if one is None else [crossing.share for crossing in one.crossings],
        "evaluations": (now.cells + 1) ** 3,
        "passed": now.passed,
        "triangles": found.faces,
        "vertices": found.vertices,
        "closed": found.watertight and found.oriented,
        "euler": found.euler,
        "area": found.area,
        "volume": found.volume,
    }


@marching.check
def a_quarter_of_the_way() -> None:
    """Between −0.1 and +0.3 the crossing is at 0.25, in the cell and in the mesh (notes 002c)."""
    values = np.empty((2, 2, 2))
    values[0], values[1] = -0.1, 0.3
    shares = [crossing.share for crossing in Cell(values.ravel()).crossings]
    near("shares of the cell", shares, [0.25] * 4, 1e-12)
    vertices, faces = marching_cubes(values, np.zeros(3), np.ones(3))
    near("x of the mesh", vertices[:, 0], [0.25] * 4, 1e-12)
    assert len(faces) == 2, f"a plane through a cell has {len(faces)} triangles"


@marching.check
def sphere_of_the_notes() -> None:
    """A sphere of radius 0.8 is closed, V − E + F = 2, area 8.0425, volume 2.1447, to 0.3 %; |f| < h² at vertices."""
    frame = marching.last(cells=48)
    assert frame.numbers["closed"], "the sphere is not closed"
    near("V − E + F", frame.numbers["euler"], 2)
    near("area", frame.value("area") / 8.0425, 1.0, 3e-3)
    near("volume", frame.value("volume") / 2.1447, 1.0, 3e-3)
    vertices = Grid("sphere", 48, 0.0, opened=False).mesh[0]
    away = float(np.abs(np.linalg.norm(vertices, axis=1) - 0.8).max())
    assert away < (2 / 48) ** 2, f"a vertex lies {away} from the sphere"
    near("V − E + F of the torus", marching.last(source="torus", cells=32).numbers["euler"], 0)


@marching.check
def head_of_the_scan() -> None:
    """Densities at nine places against sums by hand (air 0, bone 1, brain .2, ventricles 0); their mass against ΣρV."""
    known = {
        (0.9, 0, 0): 0.0,
        (0, 0.9, 0): 1.0,
        (0, 0, 0.6): 0.2,
        (0.22, 0, 0): 0.0,
        (-0.22, 0, 0): 0.0,
        (0, 0.35, -0.15): 0.3,
        (0, 0.1, 0.25): 0.3,
        (0, -0.606, 0): 0.3,
        (0, -0.7, 0.3): 0.2,
    }
    x, y, z = np.array(list(known), np.float64).T
    near("densities", head(x, y, z), list(known.values()), 1e-12)
    side = (np.arange(80) + 0.5) / 40 - 1
    mean = float(head(*np.meshgrid(side, side, side, indexing="ij")).mean()) * 8
    near("mass", mean, sum(4 / 3 * np.pi * part.density * np.prod(part.axes) for part in HEAD), 2e-3)


@marching.check
def cases_that_are_known() -> None:
    """Nothing in cases 0 and 255, one triangle with one corner, and the same edges whichever side is inside."""
    values = 0.5 - np.array([[case >> corner & 1 for corner in range(8)] for case in range(256)], float)
    found = [Cell(one) for one in values]
    assert [one.case for one in found] == [*range(256)], "a case bears a wrong number"
    for one, other in zip(found, reversed(found), strict=True):
        assert {c.edge for c in one.crossings} == {c.edge for c in other.crossings}, f"case {one.case}"
        assert {*one.triangles.ravel()} == {c.edge for c in one.crossings}, (
            f"case {one.case} leaves an edge out"
        )
    near("triangles of one corner", [len(found[1 << c].triangles) for c in range(8)], [1] * 8)
    near("triangles of nothing", [len(found[0].triangles), len(found[255].triangles)], [0, 0])


@marching.check
def obj_is_read_back() -> None:
    """The lines of the OBJ file, read by hand, give the same area and volume."""
    now = Grid("torus", 16, 0.0, opened=False)
    rows = [line.split() for line in as_obj(now).splitlines()]
    places = np.array([row[1:] for row in rows if row[0] == "v"], float)
    corners = np.array([row[1:] for row in rows if row[0] == "f"], int) - 1
    found = measure(places, corners)
    near("area and volume", (found.area, found.volume), (now.measures.area, now.measures.volume), 1e-6)
    volume = np.linalg.det(places[corners]).sum() / 6
    near("volume by determinants", volume, now.measures.volume, 1e-6)
