"""Which way to keep a shape: the same one as cloud, mesh, patch, signed distance and voxels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.scene3d.compare_figures import figures
from dltui.lab.scene3d.kinds import KINDS, REACH, SHAPES, Five, five, timed
from dltui.lab.scene3d.rooms import Doubles
from dltui.scene.crossings import inside
from dltui.scene.geometry import Geometry
from dltui.scene.made import made
from dltui.scene.onto import distances
from dltui.scene.points.thinning import spread
from dltui.scene.sdf.nodes import Sphere
from dltui.scene.voxels import occupied

BALL = 0.8  # radius of the sphere


@exhibit(
    "repr-compare",
    family="scene3d",
    covers=(
        "002b:t-repr", "002c:repr-criteria", "002c:explicit-vs-implicit", "002c:explicit-sampling",
        "002c:mesh-inside-test", "002c:implicit-sampling-hard", "002c:psb", "002c:shapenet", "002c:objaverse",
    ),
    kin={
        "dltui lab run cloud-scan": "clouds, and how they come about",
        "dltui lab run mesh-workshop": "meshes, split and simplified",
        "dltui lab run parametric-patch": "patches",
        "dltui lab run implicit-level-set": "surfaces as zeros of a function",
        "dltui lab run octree-voxels": "voxels, and how to keep fewer of them",
        "dltui sdf 'sphere(.8)'": "the formula, traced, cut and meshed",
        "dltui mesh FILE": "a shape of your own, from OFF, OBJ, PLY or STL",
    },
    sources=(
        "Möller and Trumbore 1997", "Chang et al. 2015, arXiv:1512.03012", "Deitke et al. 2022, arXiv:2212.08051",
        "Shilane et al. 2004, doi:10.1109/SMI.2004.1314504",
    ),
)  # fmt: skip
def repr_compare(
    shape: Annotated[str, Choice(*SHAPES, help="the shape")] = "torus",
    resolution: Annotated[
        int, Slider(6, 64, help="N: voxels N × N × N; cloud and mesh of about 2N² points")
    ] = 20,
    x: Annotated[float, Slider(-1, 1, step=0.05, help="x of the probe")] = -0.6,
    y: Annotated[float, Slider(-1, 1, step=0.05, help="its y")] = -0.25,
    z: Annotated[float, Slider(-1, 1, step=0.05, help="its z")] = -0.1,
    seed: Annotated[int, Slider(0, 9999, help="seed of all random points")] = 0,
) -> Iterator[Frame]:
    """One shape kept in five ways: their bytes, and how each makes, draws, samples and tells inside.

    Try: --resolution 64, which voxels pay by its cube; move the probe by --x, --y, --z until its ray crosses the mesh
    another time; --shape ellipsoid, whose f is only a bound, so that the search takes longer.
    Notice: what describes the surface gives points of it at once, and knows inside only by long tests; what describes
    space knows inside at once, and has to search for the surface. No way is best at everything.

    Explicit: the pieces of the surface are told, as points, triangles or a formula f(u, v). A point of it is one draw,
    in a mesh a triangle by its area and in it 1 − √a, √a(1 − b), √a·b of its corners. Inside: shoot a ray, and count
    what it crosses; odd is inside.

    Implicit: a rule is told, f(x, y, z) < 0 inside. Inside is one sign. A point of the surface is an equation, f = 0:
    from anywhere p ← p − f·∇f/‖∇f‖² until |f| is small, or by marching cubes on a grid.

    Four things to judge by: storage and creation; operations such as edit, simplify, smooth; rendering; animation.
    """
    one, took = timed(shape, resolution, seed)
    probe = np.array([x, y, z])
    truth = one.node(one.asked) < 0
    verdicts = {kind: one.verdict(kind) for kind in KINDS}
    agree = [None if found is None else float((found == truth).mean()) for found in verdicts.values()]
    off = [float(np.abs(one.node(one.sampled(kind))).max()) for kind in KINDS]
    off_told = [gap if np.isfinite(gap) else None for gap in off]
    odd, crossed = inside(probe[None], one.mesh.vertices, one.mesh.faces)
    frame = Frame(
        figures=figures(one, probe, crossed, agree, off_told, took),
        numbers={
            "kinds": ", ".join(KINDS),
            "bytes": one.bytes,
            "points": [len(one.cloud.vertices), len(one.mesh.vertices), None, None, None],
            "triangles": len(one.mesh.faces),
            "cells_full": int(one.voxels.sum()),
            "share_full": float(one.voxels.mean()),
            "work_inside": work(one),
            "agree": agree,
            "off": off_told,
            "density_by_area": _ends(one.crowding[0]),
            "density_by_triangle": _ends(one.crowding[1]),
            "landing_steps": float(one.landed.steps.mean()),
            "probe_crossings": len(crossed.distance),
            "probe_inside": bool(odd[0]),
            "probe_distance": float(one.node(probe[None])[0]),
        },
        caption=f"{shape}, N = {resolution}: {', '.join(f'{b:,}' for b in one.bytes)} bytes",
        total=1,
    )
    yield frame


def _ends(density: Doubles) -> list[float]:
    """Return the least and the largest density among the middle 98 % of triangles."""
    low, high = np.quantile(density, (0.01, 0.99))
    return [float(low), float(high)]


def work(one: Five) -> list[float | None]:
    """Return how many points, triangles, numbers or cells are looked at to tell one place inside."""
    return [len(one.cloud.vertices), one.crossed[1].tested / len(one.asked), None, 1.0, 1.0]


@repr_compare.check
def bytes_are_array_sizes() -> None:
    """12 bytes a point, 12 a vertex and 12 a triangle, a character of a formula each, N³/8 for cells."""
    for shape in SHAPES:
        for n in (7, 16):
            shown = repr_compare.last(shape=shape, resolution=n).numbers
            points, triangles = np.array(shown["points"][:2], float), shown["triangles"]  # type: ignore[index]
            known = [12 * points[0], 12 * points[1] + 12 * triangles, len(SHAPES[shape].formula)]  # type: ignore[operator]
            near("bytes", shown["bytes"], [*known, len(SHAPES[shape].distance), -(-(n**3) // 8)], 0)


@repr_compare.check
def parity_is_the_analytic_sphere() -> None:
    """Ray parity against ‖p‖ < 0.8 on 1000 random places that are not within the mesh's own error: all agree."""
    mesh = five("sphere", 32, 0).mesh
    corners = mesh.vertices.astype(np.float64)[mesh.faces].mean(axis=1)
    error = BALL - np.linalg.norm(corners, axis=1).min()
    places = np.random.default_rng(7).uniform(-REACH, REACH, (1200, 3))
    places = places[np.abs(np.linalg.norm(places, axis=1) - BALL) > 2 * error][:1000]
    assert len(places) == 1000, f"only {len(places)} places are left: the mesh is {error:.3g} off"
    wrong = int(
        (inside(places, mesh.vertices, mesh.faces)[0] != (np.linalg.norm(places, axis=1) < BALL)).sum()
    )
    assert wrong == 0, f"{wrong} of 1000 verdicts differ"
    assert float(repr_compare.last(shape="sphere", resolution=32).numbers["agree"][1]) > 0.99  # type: ignore[index, arg-type]


@repr_compare.check
def samples_lie_in_their_triangles() -> None:
    """Points drawn from a mesh satisfy the plane equation of a triangle, and lie within it, to 1e-6."""
    for shape in SHAPES:
        one = five(shape, 12, 0)
        gap = distances(one.sampled("mesh")[:300], one.mesh.vertices, one.mesh.faces).max()
        assert gap < 1e-6, f"{shape}: a sample is {gap:.3g} off the mesh"


@repr_compare.check
def samples_follow_area() -> None:
    """12,000 points of a box of sides 1, 2, 3: counts of its triangles by area, chi-square below the 99.9 % point."""
    box = made("cube:n=8")
    places = box.vertices * np.array([0.5, 1, 1.5], np.float32)
    found = spread(Geometry(title="box", vertices=places, faces=box.faces), 12_000, 3).vertices.astype(
        np.float64
    )
    corners = places[box.faces].astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    near("area of the box", area.sum(), 22, 1e-6)
    gaps = np.stack([distances(found, places, face[None]) for face in box.faces])
    counts = np.bincount(gaps.argmin(axis=0), minlength=len(area))
    expected = 12_000 * area / area.sum()
    square = float(((counts - expected) ** 2 / expected).sum())
    near("degrees of freedom", len(area) - 1, 11)
    limit = 31.264  # the 99.9 % point for 11 degrees of freedom
    assert square < limit, f"χ² is {square:.3g}, more than {limit:.3g}"
    shown = repr_compare.last(shape="torus").numbers
    even, crowded = np.array(shown["density_by_area"], float), np.array(shown["density_by_triangle"], float)
    assert abs(even - 1).max() < 0.6, f"drawn by area the density goes from {even[0]:.3g} to {even[1]:.3g}"
    assert crowded[1] > 1.5, f"drawn by triangle it reaches {crowded[1]:.3g} only"


@repr_compare.check
def patches_give_points_of_the_surface() -> None:
    """Points drawn from f(u, v) have f(x, y, z) = 0, to 1e-6: the two formulas are one surface."""
    for place, shape in enumerate(SHAPES):
        shown = repr_compare.last(shape=shape, seed=place).numbers
        near(f"|f| of the {shape}", shown["off"][2], 0, 1e-6)  # type: ignore[index]


@repr_compare.check
def landing_ends_on_the_surface() -> None:
    """Random places brought down by Newton's steps have |f| < 1e-5; on a true distance two steps are enough."""
    for shape in SHAPES:
        one = five(shape, 20, 0)
        gap = float(np.abs(one.node(one.landed.places)).max())
        assert gap < 1e-5, f"{shape}: |f| is {gap:.3g} where a place landed"
        assert one.landed.steps.min() >= 1
    near("radius", np.linalg.norm(five("sphere", 20, 0).landed.places, axis=1), np.full(1000, BALL), 1e-5)
    assert five("sphere", 20, 0).landed.steps.max() <= 2, "a true distance needs more than two steps"


@repr_compare.check
def voxels_of_the_ball() -> None:
    """The ball of radius 0.8 fills 7208 of 30³ cells and 70,320 of 64³; its share tends to 0.268083 (notes 002c)."""
    shown = repr_compare.last(shape="sphere", resolution=30)
    near("cells at N = 30", shown.value("cells_full"), 7208, 0)
    near("share", shown.value("share_full"), 4 / 3 * np.pi * BALL**3 / 8, 2e-3)
    near("cells at N = 64", five("sphere", 64, 0).voxels.sum(), 70_320, 0)
    near("share of the notes", 4 / 3 * np.pi * BALL**3 / 8, 0.268083, 1e-6)
    assert not occupied(Sphere(BALL), reach=REACH, side=2).any(), (
        "the middles of 2³ cells lie 0.87 from the origin"
    )


@repr_compare.check
def memory_of_voxels() -> None:
    """Twice the resolution, eight times the bytes; 256³ = 16,777,216 cells: 2 MiB as bits, 64 MiB as float32."""
    few, many = (repr_compare.last(resolution=n).numbers["bytes"] for n in (8, 16))
    near("ratio", many[4] / few[4], 8, 0)  # type: ignore[index, operator]
    near("256³ bits", 256**3 / 8 / 2**20, 2, 0)
    near("256³ float32", 256**3 * 4 / 2**20, 64, 0)
    assert few[2:4] == many[2:4], "formulas grow with the resolution"  # type: ignore[index]


@repr_compare.check
def easy_one_way_hard_the_other() -> None:
    """Inside costs F triangles or one number; points cost one draw of (u, v), or one to several steps on f."""
    shown = repr_compare.last(shape="torus", resolution=20)
    cost = shown.numbers["work_inside"]
    near("triangles looked at", cost[1], shown.numbers["triangles"], 0)  # type: ignore[index]
    near("numbers and cells", cost[3:], (1, 1), 0)  # type: ignore[index]
    near("steps on a distance", shown.value("landing_steps"), 1, 0.01)
    steps = repr_compare.last(shape="ellipsoid", resolution=20).value("landing_steps")
    assert steps > 2, f"the ellipsoid's bound needs {steps:.3g} steps in the mean"
    agree = shown.numbers["agree"]
    near("by its sign", agree[3], 1, 0)  # type: ignore[index]
    assert agree[2] is None, "a patch alone tells inside"  # type: ignore[index]
    for x, known in ((-0.6, True), (0.0, False), (0.95, False)):
        told = repr_compare.last(shape="torus", x=x, y=0.0, z=0.05).numbers
        assert told["probe_inside"] is known, f"({x}, 0, .05) is told inside: {told['probe_inside']}"
        assert (told["probe_crossings"] % 2 == 1) is known  # type: ignore[operator]
