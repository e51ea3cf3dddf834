"""Pictures of a mesh at work: its wires, its counts, its errors, its levels of detail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array, Figure, Lines, Scene, Series, Steps, Table, number
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.written import written
from dltui.scene.fan import fan
from dltui.scene.mesh import Measures
from dltui.scene.smoothing import least_angles
from dltui.scene.splitting import Ints, edges

LIT, WIRE = (255, 200, 0), (130, 150, 170)
BINS = np.arange(0, 61, 3.0)
WIRES = 600  # edges up to which they are all drawn as lines
ROW = 5  # levels that stand in a row
HUGE = (("this mesh", 0), ("David, scanned", 5 * 10**7), ("Earth's cities", 10**12))
BESIDE = 1.5 * np.array([0.82, 0.57, 0.0])  # to the right, as the eye stands at first


@dataclass(frozen=True, eq=False)
class Stage:
    """A mesh after some piece of work.

    Attributes:
        name: What was done.
        places: Vertices, shape (n, 3).
        polygons: Corners, shape (f, k).
        measures: Its numbers.
        moved: How far an old vertex moved at most, or None.
    """

    name: str
    places: Doubles
    polygons: Ints
    measures: Measures
    moved: float | None = None

    @property
    def triangles(self) -> Ints:
        """The polygons as triangles."""
        return triangles(self.polygons)


def triangles(polygons: Ints) -> Ints:
    """Return polygons as triangles."""
    return fan(np.full(len(polygons), polygons.shape[1]), polygons.ravel())


@dataclass(frozen=True, eq=False)
class Levels:
    """A shape in ever fewer triangles.

    Attributes:
        meshes: Vertices and triangles, the finest first.
        off: How far the shape is from each, its radius being 1, shape (levels,).
    """

    meshes: tuple[tuple[Doubles, Ints], ...]
    off: Doubles


def figures(
    done: Sequence[Stage], chain: Levels, at: int, distance: float, vertex: int, took: tuple[float, float]
) -> tuple[Figure, ...]:
    """Return all pictures after one stage.

    Args:
        done: All stages so far.
        chain: Levels of detail.
        at: The one that is drawn.
        distance: From how far.
        vertex: Whose neighbours are lit.
        took: Milliseconds that it takes to draw the finest level and the chosen one.

    Returns:
        Wires, counts, errors, angles, levels, the eye's choice, huge meshes, the sums.
    """
    now = done[-1]
    return (
        _wires(now, vertex), _counts(done), _errors(chain, at), _evenness(done), _in_a_row(chain),
        _dolly(chain, at, distance, took), _huge(now), _worked(now, vertex),
    )  # fmt: skip


def neighbours(polygons: Ints, vertex: int) -> Array:
    """Return the vertices that share an edge with one."""
    ends = edges(polygons).ends
    found: Array = np.sort(np.concatenate([ends[ends[:, 0] == vertex, 1], ends[ends[:, 1] == vertex, 0]]))
    return found


def _wires(now: Stage, vertex: int) -> Scene:
    """Return the mesh as wires, the neighbours of a vertex lit."""
    chosen = vertex % len(now.places)
    near = neighbours(now.polygons, chosen)
    lift = 1.004  # lit edges lie above the others
    star = np.stack([np.repeat(now.places[[chosen]], len(near), axis=0), now.places[near]], axis=1) * lift
    ends = edges(now.polygons).ends
    lines = now.places[ends] if len(ends) <= WIRES else np.zeros((0, 2, 3))
    rgb = np.repeat(np.array([LIT, WIRE], np.uint8), [len(star), len(lines)], axis=0)
    return Scene(
        title=f"The mesh {now.name}",
        caption=f"yellow: vertex {chosen} and its {len(near)} neighbours",
        vertices=now.places.astype(np.float32),
        faces=now.triangles.astype(np.int32),
        segments=np.concatenate([star, lines]).astype(np.float32),
        segment_rgb=rgb,
    )


def _counts(done: Sequence[Stage]) -> Table:
    """Return the counts of every stage."""
    rows = []
    for one in done:
        found = one.measures
        v, e, f = len(np.unique(one.polygons)), len(edges(one.polygons).ends), len(one.polygons)
        rows.append(
            (one.name, v, e, f, found.euler, found.genus, found.parts, found.boundary + found.crowded,
             "" if one.moved is None else number(one.moved, 3))
        )  # fmt: skip
    return Table(
        title="Counted at every stage", caption="open: edges without two faces; moves: of an old vertex at most",
        columns=("stage", "V", "E", "F", "χ", "genus", "parts", "open", "moves"), rows=tuple(rows),
    )  # fmt: skip


def _errors(chain: Levels, at: int) -> Lines:
    """Return how far coarser meshes are off."""
    counts = np.array([len(faces) for _, faces in chain.meshes], float)
    shown = chain.off > 1e-12
    if not shown.any():
        shown[:] = True
    low = chain.off[shown].min()
    return Lines(
        title="Farther off with fewer triangles",
        series=(
            Series(name="Hausdorff distance", x=counts[shown][::-1], y=chain.off[shown][::-1]),
            Series(name="level drawn", x=counts[[at]], y=np.maximum(chain.off[[at]], low), marks=True),
        ),
        x_label="triangles", y_label="distance, radius 1", x_scale="log",
        y_scale="log" if (chain.off[shown] > 0).all() else "linear",
    )  # fmt: skip


def _evenness(done: Sequence[Stage]) -> Lines:
    """Return how the least angles of the triangles are spread at first, before the last piece of work, and now."""
    series = []
    for one in dict.fromkeys((done[0], done[max(len(done) - 2, 0)], done[-1])):
        found = least_angles(one.places, one.triangles)
        share = np.histogram(np.minimum(found, 60), bins=BINS)[0] / max(len(found), 1) * 100
        name = f"{one.name}: mean {number(float(found.mean()), 3)}°"
        series.append(Series(name=name, x=(BINS[1:] + BINS[:-1]) / 2, y=share))
    return Lines(
        title="Least angles of the triangles: 60° is best", series=tuple(series), x_label="degrees",
        y_label="% of triangles",
    )  # fmt: skip


def _in_a_row(chain: Levels) -> Scene:
    """Return some levels beside each other."""
    chosen = np.unique(np.linspace(0, len(chain.meshes) - 1, ROW).round().astype(int))
    places, faces, first = [], [], 0
    for stand, level in enumerate(chosen):
        vertices, corners = chain.meshes[level]
        places.append(vertices + stand * BESIDE)
        faces.append(corners + first)
        first += len(vertices)
    counts = ", ".join(f"{len(chain.meshes[level][1]):,}" for level in chosen)
    return Scene(
        title="Levels of detail in a row", caption=f"from left to right {counts} triangles",
        vertices=np.concatenate(places).astype(np.float32), faces=np.concatenate(faces).astype(np.int32),
    )  # fmt: skip


def _dolly(chain: Levels, at: int, distance: float, took: tuple[float, float]) -> Scene:
    """Return the level that the eye is shown, as large as it looks from there."""
    vertices, faces = chain.meshes[at]
    half = max(1.0, distance * math.tan(math.radians(20)))
    corners = half * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    ends = [
        (i, j) for i in range(8) for j in range(i + 1, 8) if np.abs(corners[i] - corners[j]).sum() == 2 * half
    ]
    return Scene(
        title=f"From {number(distance)} away: level {at}, {len(faces):,} triangles",
        caption=f"the box is what the eye takes in; drawn in {took[1]:.1f} ms here, the finest in {took[0]:.1f} ms",
        vertices=vertices.astype(np.float32), faces=faces.astype(np.int32),
        segments=corners[np.array(ends)].astype(np.float32),
    )  # fmt: skip


def _huge(now: Stage) -> Table:
    """Return what meshes need, this one and famous ones."""
    rows = []
    for name, count in HUGE:
        f = count or now.measures.faces
        v = f // 2 if count else len(now.places)
        rows.append((name, f"{f:,}", f"{v:,}", _bytes(12 * v + 12 * f), _bytes(12 * v)))
    return Table(
        title="Bytes of a mesh: 12 a vertex and 12 a triangle",
        caption="Michelangelo's David has tens of millions of triangles, Google Earth's cities over a trillion",
        columns=("mesh", "triangles", "vertices", "as mesh", "as cloud"), rows=tuple(rows),
    )  # fmt: skip


def _bytes(count: int) -> str:
    """Return a number of bytes with its unit."""
    size, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):  # noqa: B007
        if size < 1000:
            break
        size /= 1000
    return f"{number(size, 3)} {unit}"


def _worked(now: Stage, vertex: int) -> Steps:
    """Return Euler's number and the vertex with their numbers put in."""
    found, chosen = now.measures, vertex % len(now.places)
    near = neighbours(now.polygons, chosen)
    v, e, f, k = found.vertices, len(edges(now.polygons).ends), len(now.polygons), now.polygons.shape[1]
    n = len(near)
    beta = (5 / 8 - (3 / 8 + math.cos(2 * math.pi / max(n, 1)) / 4) ** 2) / max(n, 1)
    closed = found.genus is not None
    return written(
        (f"χ = V − E + F = {v:,} − {e:,} + {f:,} = {v - e + f}", "Euler's number"),
        (
            f"genus = (2·{found.parts} − {found.euler})/2 = {found.genus}" if closed else "no genus",
            "holes that go through it" if closed else "it is not closed, or not turned one way",
        ),
        (
            f"{k}F = {k * f:,}, 2E = {2 * e:,}",
            "every edge has two faces" if closed else "not every edge has two faces",
        ),
        (
            f"vertex {chosen} has n = {n} neighbours: {', '.join(map(str, near[:12]))}",
            "what a cloud can't tell",
        ),
        (
            f"β = (5/8 − (3/8 + ¼·cos 2π/{n})²)/{n} = {number(beta)}",
            f"Loop keeps {number(1 - n * beta)} of it",
        ),
    )
