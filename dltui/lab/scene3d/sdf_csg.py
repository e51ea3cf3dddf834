"""Solids joined by min, max and −, on the bands of their distance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np

from dltui.figures import Figure, Table, number
from dltui.lab import Choice, Frame, Slider, Typed, exhibit, near
from dltui.lab.scene3d.solid_figures import figures_of, table_of
from dltui.lab.scene3d.solid_trees import (
    FIRST,
    LETTERS,
    PLACE,
    SECOND,
    Made,
    filled,
    made,
    read,
    slopes,
    sweep,
)
from dltui.scene.sdf.formula import formula
from dltui.scene.sdf.march import march
from dltui.scene.sdf.parse import parse
from dltui.scene.sdf.trace import trace

TREES = (
    "smin(A, B, k)",
    "min(A, B)",
    "max(A, B)",
    "max(A, -B)",
    "smax(A, -B, k)",
    "mix(A, B, t)",
    "shell(A, k)",
)
SOLIDS = (FIRST, "box(.8)", "cylinder(.6, 1)", "torus(1, .35)", "cone(.9, .1, .8)")
OTHERS = (SECOND, "move(box(.6), .8, 0, 0)", "cylinder(.5, 1.5)", "torus(1, .35)")
Letter = Literal["k", "t", ""]


@exhibit(
    "sdf-csg",
    family="scene3d",
    covers=("002c:csg", "002c:sdf", "002c:implicit-blend"),
    kin={
        "dltui lab run implicit-level-set": "functions that are no distance",
        "dltui lab run octree-voxels": "bounds on a tree of solids tell which cells to split",
        "dltui sdf 'smin(sphere(1), move(sphere(1), 1, 0, 0), .3)'": "the same tree, larger",
    },
    sources=("Ricci 1973", "Hart 1996", "Quilez, iquilezles.org/articles/distfunctions"),
)
def sdf_csg(
    tree: Annotated[str, Typed(read, TREES, help="how A and B are joined; or any tree of solids")] = TREES[0],
    a: Annotated[str, Typed(parse, SOLIDS, help="the solid A")] = FIRST,
    b: Annotated[str, Typed(parse, OTHERS, help="the solid B")] = SECOND,
    k: Annotated[float, Slider(0.01, 1.5, help="width k of a blend")] = 0.3,
    t: Annotated[float, Slider(0, 1, help="share t of B in a mix")] = 0.5,
    px: Annotated[float, Slider(-3, 3, step=0.05, help="x of the probe")] = 0.25,
    py: Annotated[float, Slider(-3, 3, step=0.05, help="y of the probe")] = 0.0,
    pz: Annotated[float, Slider(-3, 3, step=0.05, help="z of the probe")] = 0.0,
    axis: Annotated[str, Choice("x", "y", "z", help="axis that the cut stands on")] = "z",
    at: Annotated[float, Slider(-2, 2, step=0.05, help="where on it the cut is")] = 0.0,
) -> Iterator[Frame]:
    r"""Two solids joined, cut or blended: bands of distance, the tree with its values, one ray's steps.

    Try: --tree "max(A, -B)" bites B out of A; --tree "mix(A, B, t)" --b "torus(1, .35)" --t 0.7; --k 1; --px -0.5;
    --tree "max(smin(A, B, k), -cylinder(.3, 2))".
    Notice: whatever k is, the mesh stays closed and never runs through itself, and the number of pieces and holes may
    change on the way: meshes can't do that.

    A signed distance f is how far the surface is, below 0 inside. Its gradient has length 1 almost everywhere and
    points straight away from the nearest place of the surface. Joins are pointwise: A ∪ B = min(a, b), A ∩ B =
    max(a, b), A \ B = max(a, −b). A blend of width k takes off up to k/4 where a = b; a mix goes from A to B.

    A ray may go on by f without passing anything: sphere tracing. Few steps reach the surface, the last ones short.

    What joins make is a bound, not always the distance: inside of a union min(a, b) may say too little, outside of an
    intersection max(a, b) does, and a blend's slope is below 1. A ray stays safe; it takes more steps.
    """
    now = made(filled(tree, a, b, k, t))
    place = (px, py, pz)
    letters = LETTERS.findall(tree)
    letter: Letter = "k" if "k" in letters else "t" if "t" in letters else ""
    figures = figures_of(now, place, axis, at, parse(a), parse(b))
    total = 2 if letter else 1
    yield _frame(now, place, figures, total)
    if letter:
        values = np.linspace(0.05, 1.5, 9) if letter == "k" else np.linspace(0, 1, 9)
        swept = list(sweep(tree, a, b, values, letter))
        yield _frame(now, place, (*figures[:3], table_of(swept, letter), *figures[3:]), total)


def _frame(now: Made, place: PLACE, figures: tuple[Figure, ...], total: int) -> Frame:
    """Return pictures and numbers."""
    found, value = now.measures, float(now.node(np.array(place)))
    slope = float(np.linalg.norm(slopes(now.node, np.array(place))))
    side = "inside" if value < 0 else "outside" if value > 0 else "on the surface"
    return Frame(
        figures=figures,
        numbers={
            "f": value,
            "side": side,
            "slope": slope,
            "volume": found.volume,
            "area": found.area,
            "closed": found.watertight and found.oriented,
            "pieces": found.parts,
            "genus": found.genus,
            "triangles": found.faces,
        },
        caption=f"f({', '.join(number(part) for part in place)}) = {number(value)}, {side}",
        total=total,
    )


def _balls(tree: str, *place: float) -> float:
    """Return f of the unit balls at (0, 0, 0) and (1, 0, 0), joined, as the exhibit tells it."""
    px, py, pz = place
    return next(iter(sdf_csg(tree=tree, a=FIRST, b=SECOND, px=px, py=py, pz=pz))).value("f")


@sdf_csg.check
def unit_balls_at_two_places() -> None:
    """Union, cut, difference: −.75, −.25, .25 at (.25, 0, 0); −.5, .5, −.5 at (−.5, 0, 0) (notes 002c)."""
    for place, known in (((0.25, 0, 0), (-0.75, -0.25, 0.25)), ((-0.5, 0, 0), (-0.5, 0.5, -0.5))):
        found = [_balls(tree, *place) for tree in ("min(A, B)", "max(A, B)", "max(A, -B)")]
        near(f"values at {place}", found, known, 1e-12)
    frame = next(iter(sdf_csg(tree="max(A, -B)")))
    table = next(one for one in frame.figures if isinstance(one, Table) and "Truth" in one.title)
    near("truth table", [row[2] for row in table.rows[2:5]], (-0.75, -0.25, 0.25), 1e-12)


@sdf_csg.check
def volumes_of_the_balls() -> None:
    """Meshes against the lens π(4r + d)(2r − d)²/12: union 7.06858, cut 1.30900, difference 2.87979, to 1 %."""
    lens = np.pi * 5 / 12
    known = {"min(A, B)": 8 * np.pi / 3 - lens, "max(A, B)": lens, "max(A, -B)": 4 * np.pi / 3 - lens}
    near("closed forms", list(known.values()), (7.06858, 1.30900, 2.87979), 1e-5)
    for tree, volume in known.items():
        near(f"volume of {tree}", next(iter(sdf_csg(tree=tree))).value("volume") / volume, 1.0, 0.01)


@sdf_csg.check
def slope_is_one() -> None:
    """‖∇f‖ = 1 to 1e-5 at 99 % of 4,000 random places, of solids and of joins without a blend."""
    places = np.random.default_rng(0).uniform(-2, 2, (4000, 3))
    for text in (*SOLIDS[:4], filled("min(A, B)"), filled("max(A, -B)")):
        away = np.abs(np.linalg.norm(slopes(parse(text), places), axis=1) - 1)
        assert float((away < 1e-5).mean()) > 0.99, (
            f"‖∇f‖ of {text} differs from 1 at {(away >= 1e-5).mean():.1%}"
        )
    squares = formula("x**2 + y**2 + z**2 - 1")
    near(
        "algebraic sphere and distance at (2, 0, 0)",
        [f(np.array([2, 0, 0])) for f in (squares, parse(FIRST))],
        (3, 1),
    )


@sdf_csg.check
def value_is_the_distance() -> None:
    """|f| of ring and box against the nearest of all vertices of their mesh, to the width of a cell."""
    from dltui.scene.points.neighbours import Tree

    for text in ("torus(1, .35)", "box(.8)"):
        one = made(text)
        places = np.random.default_rng(0).uniform(-1.5, 1.5, (400, 3))
        away = Tree(one.mesh(60)[0]).nearest(places)[0][:, 0]
        near(f"distance to {text}", np.abs(one.node(places)), away, 2 * one.half / 60)


@sdf_csg.check
def closed_for_every_k() -> None:
    """Every edge of the mesh is run along once in each direction, for nine widths and nine shares."""
    for tree, b, letter in (("smin(A, B, k)", SECOND, "k"), ("mix(A, B, t)", "torus(1, .35)", "t")):
        values = np.linspace(0.01, 1.5, 9) if letter == "k" else np.linspace(0, 1, 9)
        for value in values:
            vertices, faces = made(filled(tree, FIRST, b, **{letter: float(value)})).mesh(24)
            place = np.unique(vertices, axis=0, return_inverse=True)[1].ravel()[faces]
            place = place[[len({*row}) == 3 for row in place.tolist()]]
            run = [(row[i], row[(i + 1) % 3]) for row in place.tolist() for i in range(3)]
            assert len(run) == len({*run}) > 0, f"{tree} at {letter} = {value}: an edge is run along twice"
            assert {*run} == {(end, start) for start, end in run}, f"{tree} at {letter} = {value} is open"


@sdf_csg.check
def blend_takes_a_quarter_of_k() -> None:
    """The smooth minimum is min(a, b) − k/4 where a = b, min(a, b) where they differ by k, and between them else."""
    for k in (0.1, 0.5, 1.5):
        node, plain = (parse(filled(tree, k=k)) for tree in ("smin(A, B, k)", "min(A, B)"))
        middle = np.array([[0.5, y, 0.2] for y in np.linspace(-2, 2, 9)])
        near("where a = b", node(middle), plain(middle) - k / 4, 1e-9)
        places = np.random.default_rng(0).uniform(-2, 2, (2000, 3))
        taken = plain(places) - node(places)
        assert taken.min() >= -1e-12, "a blend adds something"
        assert taken.max() <= k / 4 + 1e-12, "a blend takes off more than k/4"
        apart = np.abs(parse(FIRST)(places) - parse(SECOND)(places)) >= k
        near("where they differ by k", taken[apart], np.zeros(int(apart.sum())), 1e-12)


@sdf_csg.check
def traced_like_marched() -> None:
    """Rays that step by f arrive where rays that look for the change of sign do, on a blend, to 0.02."""
    node = parse(filled("smin(A, B, k)"))
    turn = np.random.default_rng(0).normal(size=(3, 300))
    origin = (4 * turn / np.linalg.norm(turn, axis=0)).astype(np.float32)
    goal = np.random.default_rng(1).uniform(-0.7, 0.7, (3, 300))
    way = ((goal - origin) / np.linalg.norm(goal - origin, axis=0)).astype(np.float32)
    one, other = trace(node, origin, way, reach=2.2), march(node, origin, way, reach=2.2)
    both = one.hit & other.hit
    assert both.mean() > 0.95, f"only {both.mean():.0%} of the rays arrive by both"
    near("median gap", float(np.median(np.abs(one.distance[both] - other.distance[both]))), 0.0, 5e-3)
    assert one.evaluations < other.evaluations / 3, "tracing is no faster than marching"
