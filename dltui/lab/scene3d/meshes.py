"""Triangle meshes at work: counted, split, collapsed, smoothed, and changed for coarser ones far away."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.draw import Depth, Look, draw
from dltui.figures import Scene
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.scene3d.bases import begun, cube, tetrahedron
from dltui.lab.scene3d.mesh_figures import Levels, Stage, figures, triangles
from dltui.lab.scene3d.rooms import Doubles
from dltui.scene.collapsing import collapsed
from dltui.scene.mesh import Measures, measure
from dltui.scene.onto import distances
from dltui.scene.smoothing import KINDS, least_angles, smoothed
from dltui.scene.splitting import SPLITS, Ints, catmull_clark, edges, loop

MOST = 40_000  # polygons beyond which nothing is split
SAMPLE = 200  # vertices whose distance from a coarser mesh is measured
COARSEST = 8  # triangles of the last level
PIXELS = 400  # of the screen in whose pixels a level's error is told
HALF = math.tan(math.radians(20))  # half of what an eye sees, at distance 1


def counted(polygons: Ints) -> tuple[int, int, int]:
    """Return how many vertices, edges and faces polygons have."""
    return len(np.unique(polygons)), len(edges(polygons).ends), len(polygons)


@dataclass(frozen=True, eq=False)
class Work:
    """What the knobs ask for.

    Attributes:
        shape: What it begins with.
        keep: Share of the triangles that is kept.
        scheme: How it is split.
        levels: How often.
        smooth: Steps of smoothing.
        kind: Of which kind.
    """

    shape: str
    keep: float
    scheme: str
    levels: int
    smooth: int
    kind: str


def stages(places: Doubles, polygons: Ints, work: Work) -> Iterator[Stage]:
    """Yield the mesh after every piece of work."""
    yield Stage("as it is", places, polygons, measured(places, polygons))
    if work.keep < 1:
        polygons = triangles(polygons)
        fewer = next(collapsed(places, polygons, [round(work.keep * len(polygons))]))
        places, polygons = fewer.vertices, fewer.faces
        yield Stage("collapsed", places, polygons, measured(places, polygons))
    if work.scheme != "Catmull-Clark":
        polygons = triangles(polygons)
    for level in range(work.levels):
        if len(polygons) * 4 > MOST:
            break
        before = places
        places, polygons = SPLITS[work.scheme](places, polygons)
        moved = float(np.linalg.norm(places[: len(before)] - before, axis=1).max())
        yield Stage(f"split {level + 1}×", places, polygons, measured(places, polygons), moved)
    if work.smooth:
        before, polygons = places, triangles(polygons)
        places = smoothed(places, polygons, work.smooth, work.kind)
        moved = float(np.linalg.norm(places - before, axis=1).max())
        yield Stage(f"smoothed {work.smooth}×", places, polygons, measured(places, polygons), moved)


def measured(places: Doubles, polygons: Ints) -> Measures:
    """Return the numbers of a mesh of polygons, cut into triangles."""
    return measure(places, triangles(polygons))


@lru_cache(maxsize=16)
def levels_of(shape: str, hole: float) -> Levels:
    """Return a shape and ever coarser ones, each with half the triangles, and how far each is off."""
    places, polygons = begun(shape, hole)
    faces = triangles(polygons)
    counts = [len(faces)]
    while counts[-1] // 2 >= COARSEST:
        counts.append(counts[-1] // 2)
    chain = list(collapsed(places, faces, counts))
    some = places[np.unique(np.linspace(0, len(places) - 1, SAMPLE).astype(int))]
    off = [0.0, *(float(distances(some, one.vertices, one.faces).max()) for one in chain[1:])]
    return Levels(tuple((one.vertices, one.faces) for one in chain), np.array(off))


def level_at(levels: Levels, distance: float) -> int:
    """Return the coarsest level whose error is at most a pixel from so far away."""
    pixel = 2 * distance * HALF / PIXELS
    return int(np.flatnonzero(levels.off <= pixel).max())


@lru_cache(maxsize=64)
def pace(shape: str, hole: float, level: int) -> float:
    """Return the milliseconds that drawing one level takes here, the least of three, measured once."""
    vertices, faces = levels_of(shape, hole).meshes[level]
    scene = Scene(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32))
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        draw(scene, Look(width=80, height=24, depth=Depth.TRUE))
        spent.append(time.perf_counter() - started)
    return 1000 * min(spent)


@exhibit(
    "mesh-workshop",
    family="scene3d",
    covers=(
        "002c:mesh", "002c:topology-genus", "002c:mesh-big-examples", "002c:mesh-upsample", "002c:mesh-simplify",
        "002c:lod", "002c:mesh-regularise", "002c:subdiv-surface",
    ),
    kin={
        "dltui lab run cloud-scan": "the same shapes without edges and faces",
        "dltui lab run marching-cubes": "where meshes of formulas and scans come from",
        "dltui lab run repr-compare": "what meshes are good at, beside other ways",
        "dltui mesh FILE": "a mesh of your own: lit, measured, closed or not",
        "dltui sdf 'torus(.5, .4)'": "the ball that becomes a ring, as a formula",
    },
    sources=(
        "Loop 1987", "Catmull and Clark 1978, doi:10.1016/0010-4485(78)90110-0",
        "Garland and Heckbert 1997, doi:10.1145/258734.258849", "Taubin 1995, doi:10.1145/218380.218473",
    ),
)  # fmt: skip
def mesh_workshop(
    shape: Annotated[
        str,
        Choice(
            "bunny", "tetrahedron", "cube", "icosahedron", "torus", "knot", "teapot", "ball to ring",
            help="what it begins with",
        ),
    ] = "bunny",
    hole: Annotated[float, Slider(0, 1, step=0.02, help="radius of the ring (shape ball to ring)")] = 0.6,
    keep: Annotated[float, Slider(0.01, 1, log=True, help="share of the triangles kept by collapsing edges")] = 0.06,
    scheme: Annotated[str, Choice(*SPLITS, help="how polygons are split")] = "Loop",
    levels: Annotated[int, Slider(0, 4, help="times that every polygon is split")] = 1,
    smooth: Annotated[int, Slider(0, 50, help="steps of smoothing")] = 3,
    kind: Annotated[str, Choice(*KINDS, help="how vertices are drawn to the mean of their neighbours")] = "tangential",
    distance: Annotated[float, Slider(1, 200, log=True, help="of the eye, for the level of detail")] = 12.0,
    vertex: Annotated[int, Slider(0, 200, help="vertex whose neighbours are lit")] = 199,
) -> Iterator[Frame]:  # fmt: skip
    """A mesh collapsed to fewer triangles, split into more, smoothed; its counts at every stage.

    Try: --shape tetrahedron --keep 1 --levels 3 --scheme midpoint; --shape cube --keep 1 --scheme Catmull-Clark;
    --shape "ball to ring" and turn --hole past 0.4; --smooth 50 --kind Laplacian shrinks; --distance 100.
    Notice: V − E + F = 2·parts − 2·genus stays the same whatever is split, collapsed or smoothed: edges know what hangs
    together, which a cloud never does. Flat regions collapse for nothing, and far away nobody sees the rest.

    A triangle mesh is a cloud with edges and faces. In a closed one every edge has two faces, 3F = 2E, and it can be
    asked who is whose neighbour.

    Splitting (subdivision): midpoint makes four of each triangle and leaves the shape; Loop moves old and new vertices
    to weighted means of their neighbours; Catmull-Clark does so for quadrangles. A coarse cage with a rule is a
    subdivision surface: in the limit it has no kinks, and the vertices move less from level to level.

    Collapsing: each vertex sums up the planes around it, Q = Σ area·ppᵀ; the edge whose new vertex v has the least
    vᵀQv goes first. Level of detail: of a chain of such meshes, each with half the triangles, the coarsest is drawn
    whose error is below a pixel from where the eye is.

    Smoothing (regularisation): vertices go to the mean of their neighbours; along the surface only (tangential) the
    triangles become more even and the shape stays, freely (Laplacian) it shrinks, with steps back (Taubin) hardly.
    """
    work = Work(shape, keep, scheme, levels, smooth, kind)
    done = list(stages(*begun(shape, hole), work))
    short = levels - sum(one.name.startswith("split") for one in done)
    chain = levels_of(shape, hole)
    at = level_at(chain, distance)
    took = pace(shape, hole, 0), pace(shape, hole, at)
    for last in range(len(done)):
        yield _frame(done[: last + 1], chain, at, distance, vertex, took, short, len(done))


def _frame(
    done: list[Stage],
    chain: Levels,
    at: int,
    distance: float,
    vertex: int,
    took: tuple[float, float],
    short: int,
    total: int,
) -> Frame:
    """Return pictures and numbers after one stage."""
    now, first = done[-1], done[0]
    v, e, f = counted(now.polygons)
    angles = [float(least_angles(one.places, one.triangles).mean()) for one in (first, now)]
    found = now.measures
    drift = (
        None
        if found.volume is None or not first.measures.volume
        else found.volume / first.measures.volume - 1
    )
    told = f"{now.name}: V {v:,}, E {e:,}, F {f:,}, V − E + F = {v - e + f}"
    told += (
        f"; split {short} times fewer, for there would be more than {MOST:,}"
        if short and total == len(done)
        else ""
    )
    return Frame(
        figures=figures(done, chain, at, distance, vertex, took),
        numbers={
            "counts": [v, e, f],
            "euler": found.euler,
            "genus": found.genus,
            "parts": found.parts,
            "border": found.boundary,
            "watertight": found.watertight,
            "area": found.area,
            "volume": found.volume,
            "volume_drift": drift,
            "angle_before": angles[0],
            "angle_after": angles[1],
            "moves": [one.moved for one in done if one.moved is not None],
            "lod_level": at,
            "lod_triangles": [len(faces) for _, faces in chain.meshes],
            "lod_errors": chain.off.tolist(),
        },
        caption=told,
        total=total,
    )


@mesh_workshop.check
def euler_and_genus() -> None:
    """V − E + F = 2 − 2g, counted by hand in sets: sphere-like 2, torus and knot 0; each edge used twice."""
    for shape, genus in (
        ("tetrahedron", 0),
        ("cube", 0),
        ("icosahedron", 0),
        ("bunny", 0),
        ("torus", 1),
        ("knot", 1),
    ):
        for scheme in SPLITS if genus == 0 and shape != "bunny" else ("Loop",):
            _, polygons = begun(shape, 0.6)
            last = mesh_workshop.last(shape=shape, scheme=scheme, keep=1, levels=1, smooth=0)
            assert last.numbers["genus"] == genus, (
                f"{shape} has genus {last.numbers['genus']}, known is {genus}"
            )
            near(f"χ of {shape}", last.value("euler"), 2 - 2 * genus)
            used: dict[frozenset[int], int] = {}
            for row in polygons.tolist():
                for one, other in zip(row, row[1:] + row[:1], strict=True):
                    used[frozenset((one, other))] = used.get(frozenset((one, other)), 0) + 1
            assert set(used.values()) == {2}, f"an edge of {shape} is used {max(used.values())} times"
            corners = {corner for row in polygons.tolist() for corner in row}
            near(f"V − E + F of {shape}", len(corners) - len(used) + len(polygons), 2 - 2 * genus)


@mesh_workshop.check
def counts_of_the_notes() -> None:
    """Midpoint, V E F: tetrahedron 4 6 4 → 10 24 16 → 34 96 64 → 130 384 256; icosahedron → 642 1920 1280."""
    for shape, known in (
        ("tetrahedron", ((4, 6, 4), (10, 24, 16), (34, 96, 64), (130, 384, 256))),
        ("icosahedron", ((12, 30, 20), (42, 120, 80), (162, 480, 320), (642, 1920, 1280))),
    ):
        for scheme in ("midpoint", "Loop"):
            for level, counts in enumerate(known):
                last = mesh_workshop.last(shape=shape, scheme=scheme, keep=1, levels=level, smooth=0)
                near(f"{shape}, {scheme}, {level}", last.numbers["counts"], counts)
                near("χ", last.value("euler"), 2)


@mesh_workshop.check
def cube_by_catmull_and_clark() -> None:
    """8 12 6 → 26 48 24; corners go to 5/9, edges to (¾, ¾, 0), walls stay at 1; the moves shrink."""
    last = mesh_workshop.last(shape="cube", scheme="Catmull-Clark", keep=1, levels=1, smooth=0)
    near("V, E, F", last.numbers["counts"], (26, 48, 24))
    places, _ = catmull_clark(*cube())
    near("corners", np.abs(places[:8]), np.full((8, 3), 5 / 9), 1e-12)
    near("edges", np.sort(np.abs(places[8:20]), axis=1), np.tile((0, 0.75, 0.75), (12, 1)), 1e-12)
    near("walls", np.sort(np.abs(places[20:]), axis=1), np.tile((0, 0, 1.0), (6, 1)), 1e-12)
    moves = np.array(
        mesh_workshop.last(shape="cube", scheme="Catmull-Clark", keep=1, levels=4, smooth=0).numbers["moves"]
    )
    assert (moves[1:] < 0.5 * moves[:-1]).all(), f"vertices move by {moves}: they don't come to rest"


@mesh_workshop.check
def loops_weights() -> None:
    """A tetrahedron's corners and edges shrink to ¼ and ½ of where midpoints are; flat regular ground stays flat."""
    corners, faces = tetrahedron()
    places, _ = loop(corners, faces)
    near("corners", places[:4], corners / 4, 1e-12)  # (1 − 3·3/16) − 3/16 = ¼, as the others sum to −v
    near("edges", places[4:], corners[edges(faces).ends].sum(axis=1) / 4, 1e-12)  # 3/8 − 1/8
    side = np.arange(6.0)
    x, y = (part.ravel() for part in np.meshgrid(side, side, indexing="ij"))
    flat = np.stack([x + y / 2, y * math.sqrt(3) / 2, 0 * x], axis=1)
    at = np.arange(36).reshape(6, 6)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    grown, _ = loop(flat, np.concatenate([np.stack([a, b, d], 1), np.stack([b, c, d], 1)]))
    near("inner vertices", grown[at[1:-1, 1:-1].ravel()], flat[at[1:-1, 1:-1].ravel()], 1e-12)


@mesh_workshop.check
def collapsing_keeps_it_closed() -> None:
    """Closed stays closed with the same genus down to a tenth; a split cube goes back to 12 triangles for nothing."""
    for shape, genus in (("bunny", 0), ("torus", 1), ("knot", 1)):
        last = mesh_workshop.last(shape=shape, keep=0.1, levels=0, smooth=0).numbers
        assert last["watertight"], f"{shape} is torn"
        assert last["genus"] == genus, f"{shape} has genus {last['genus']} after collapsing"
    places, faces = cube()[0], triangles(cube()[1])
    for _ in range(3):
        places, faces = SPLITS["midpoint"](places, faces)
    fewer = next(collapsed(places, faces, [12]))
    near("faces", len(fewer.faces), 12)
    near("cost", fewer.cost, 0, 1e-12)
    near("volume", measure(fewer.vertices, fewer.faces).volume, 8, 1e-9)


@mesh_workshop.check
def error_rises_as_faces_fall() -> None:
    """The Hausdorff distance over the chain of levels: 0 at first, then up at almost every halving."""
    for shape in ("bunny", "torus"):
        errors = np.array(mesh_workshop.last(shape=shape).numbers["lod_errors"])
        near("of itself", errors[0], 0)
        assert (np.diff(errors) > 0).mean() > 0.8, f"{shape}: {errors}"
        assert errors[-1] > 20 * errors[1], f"{shape}: {errors}"
    corners, faces = tetrahedron()
    near("from a corner", distances(2 * corners, corners, faces), np.full(4, math.sqrt(3)), 1e-12)
    near("from a wall", distances(-corners, corners, faces), np.full(4, 2 / math.sqrt(3)), 1e-12)


@mesh_workshop.check
def smoothing_evens_out() -> None:
    """The mean least angle grows, towards 60°; tangential keeps the volume to 1 %, Laplacian loses it."""
    kept = mesh_workshop.last(keep=1, levels=0, smooth=20)
    assert kept.value("angle_after") > kept.value("angle_before") + 2, f"{kept.numbers}"
    assert abs(kept.value("volume_drift")) < 0.01, f"the volume drifts by {kept.value('volume_drift'):.3g}"
    lost = mesh_workshop.last(keep=1, levels=0, smooth=20, kind="Laplacian")
    assert lost.value("volume_drift") < -0.1, f"the volume drifts by {lost.value('volume_drift'):.3g} only"
    regular = mesh_workshop.last(shape="tetrahedron", keep=1, levels=0, smooth=0)
    near("of a regular one", regular.value("angle_after"), 60, 1e-12)


@mesh_workshop.check
def levels_and_holes() -> None:
    """Farther off never means finer, and never an error above a pixel; a ball gets its hole as R passes r."""
    chain = levels_of("bunny", 0.6)
    chosen = [level_at(chain, away) for away in (1, 3, 10, 30, 100, 200)]
    assert chosen == sorted(chosen), f"levels over distance: {chosen}"
    assert chosen[0] < chosen[-1], f"the level never changes: {chosen}"
    for away, level in zip((1, 3, 10, 30, 100, 200), chosen, strict=True):
        assert chain.off[level] * PIXELS / 2 <= away * math.tan(math.radians(20)) + 1e-12, (
            "more than a pixel off"
        )
    for hole, genus in ((0.0, 0), (0.32, 0), (0.5, 1), (1.0, 1)):
        last = mesh_workshop.last(shape="ball to ring", hole=hole, keep=1, levels=0, smooth=0)
        assert last.numbers["genus"] == genus, f"R = {hole}: genus {last.numbers['genus']}, known is {genus}"
