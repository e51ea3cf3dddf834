"""Pictures of a tree of solids: mesh, bands, tree, truths, slope, a ray's steps, all rays, the numbers put in."""

from __future__ import annotations

import numpy as np

from dltui.figures import (
    Figure,
    Graph,
    Heatmap,
    Images,
    Lines,
    Path,
    Scene,
    Series,
    Steps,
    Table,
    number,
)
from dltui.lab.scene3d.cut_maps import cut_map, sides_of
from dltui.lab.scene3d.solid_trees import PLACE, Doubles, Made, boxes, slopes
from dltui.lab.written import written
from dltui.scene.mesh import Measures
from dltui.scene.sdf.joins import Complement, Intersection, Union
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.trace import walk
from dltui.scene.squares import contour
from dltui.scene.surface import cut, picture

SIZE, SIDE, ARROWS = (112, 84), 81, 9
BESIDE = 0.35  # of the window, by which a ray passes beside the probe


def figures_of(now: Made, place: PLACE, axis: str, at: float, a: Node, b: Node) -> tuple[Figure, ...]:
    """Return all pictures but that of the sweep."""
    return (
        _mesh(now, place),
        _bands(now, place, axis, at),
        _tree(now, place),
        _truths(now.node, a, b, place),
        _eikonal(now, axis, at),
        _steps(now, place),
        _rays(now),
        _worked(now, a, b, place),
    )


def _mesh(now: Made, place: PLACE) -> Scene:
    """Return the mesh with the probe."""
    vertices, faces = now.shown
    found = now.measures
    probed = np.array([place], np.float32)
    told = (
        f"{found.faces:,} triangles, {'closed' if found.watertight else 'not closed within the window'}, pieces "
        f"{found.parts}, holes {'unknown' if found.genus is None else found.genus}, volume "
        f"{'unknown' if found.volume is None else number(found.volume)}; dot: the probe, unless hidden inside"
    )
    return Scene(
        title="The solid",
        caption=told if len(faces) else "nothing is inside: the solid is empty; dot: the probe",
        points=probed,
        point_rgb=np.array([(255, 90, 60)], np.uint8),
        size=3,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        shade="smooth",
    )


def _plane(now: Made, axis: str, at: float, count: int) -> tuple[Doubles, Doubles, tuple[int, int]]:
    """Return places along a side of the cut, all places on it, shape (n, n, 3), and its two axes."""
    side = np.linspace(-now.half, now.half, count)
    flat = sides_of(axis)
    places = np.full((count, count, 3), at)
    places[..., flat[0]], places[..., flat[1]] = side[None], side[:, None]
    return side, places, flat


def _bands(now: Made, place: PLACE, axis: str, at: float) -> Heatmap:
    """Return the distance over a cut with its bands, the surface, and arrows along the gradient."""
    side, values = cut(now.node, now.half, axis, at, places=SIDE)
    x, y = contour(values, side, side)
    _, spots, (across, up) = _plane(now, axis, at, ARROWS)
    spots = spots[1:-1, 1:-1].reshape(-1, 3)
    ends = spots + slopes(now.node, spots) * now.half * 0.14
    arrows = np.stack([spots, ends, np.full_like(spots, np.nan)], axis=1)
    paths = [Path(name="f = 0", x=x, y=y, ends=False)] if x.size else []
    paths.append(Path(name="∇f", x=arrows[..., across].ravel(), y=arrows[..., up].ravel(), ends=False))
    return cut_map(
        values, side, axis, at, place, title=f"Bands of distance at {axis} = {number(at)}",
        caption="Negative inside; strokes lead along ∇f, away from the surface.", paths=paths, contours=True,
    )  # fmt: skip


def _eikonal(now: Made, axis: str, at: float) -> Heatmap:
    """Return how far the slope is from 1 over the cut."""
    side, places, (across, up) = _plane(now, axis, at, SIDE)
    away = np.abs(np.linalg.norm(slopes(now.node, places), axis=-1) - 1)
    share = float((away < 1e-3).mean())
    return Heatmap(
        title="|‖∇f‖ − 1|, 0 where f is a distance",
        caption=f"below 0.001 on {100 * share:.1f} % of the cut; a blend is flatter between its parts",
        values=away,
        x=side,
        y=side,
        x_label="xyz"[across],
        y_label="xyz"[up],
        value_label="residual",
        colormap="magma",
        equal=True,
        limits=(0.0, 1.0),
    )


def _tree(now: Made, place: PLACE) -> Graph:
    """Return the tree with the value at the probe in each box."""
    names, notes, edges = boxes(now.node, place)
    return Graph(
        title="The tree at the probe",
        caption=now.node.text,
        nodes=tuple(names),
        edges=tuple(edges),
        notes=tuple(notes),
    )


def joined(a: Node, b: Node) -> dict[str, tuple[str, Node]]:
    """Return the joins of two solids by name, each with its formula."""
    return {
        "A": ("a", a),
        "B": ("b", b),
        "A ∪ B": ("min(a, b)", Union(a, b)),
        "A ∩ B": ("max(a, b)", Intersection(a, b)),
        "A \\ B": ("max(a, −b)", Intersection(a, Complement(b))),
        "B \\ A": ("max(b, −a)", Intersection(b, Complement(a))),
    }


def _truths(node: Node, a: Node, b: Node, place: PLACE) -> Table:
    """Return what each join says of the probe."""
    rows = [
        (name, form, float(one(np.array(place))), "inside" if one(np.array(place)) < 0 else "outside")
        for name, (form, one) in (joined(a, b) | {"the tree": ("f", node)}).items()
    ]
    return Table(
        title="Truth table at the probe", columns=("solid", "formula", "value", "probe is"), rows=tuple(rows)
    )


def _steps(now: Made, place: PLACE) -> Lines:
    """Return f along a ray that comes in beside the probe, and where its steps end."""
    far, y = 1.6 * now.half, place[1] + BESIDE * now.half
    start, way = np.array([-far, y, place[2]], np.float32), np.array([1, 0, 0], np.float32)
    stops = -far + walk(now.node, start, way, reach=far)
    stops = stops[stops <= far]
    x = np.linspace(-far, far, 241)
    curve, there = (
        np.asarray(
            now.node(np.stack([one, np.full_like(one, y), np.full_like(one, place[2])], axis=1)), np.float64
        )
        for one in (x, stops)
    )
    told = f"it arrives at x = {number(float(stops[-1]), 3)}" if there[-1] < 0.01 * far else "it passes by"
    return Lines(
        title=f"A ray that comes in along x, at y = {number(y, 3)}",
        caption=f"Each step is as long as f: after {len(stops) - 1} {told}.",
        series=(Series(name="f", x=x, y=curve), Series(name="stops", x=stops, y=there, marks=True)),
        x_label="x",
        y_label="f",
        levels=((0.0, "surface"),),
    )


def _rays(now: Made) -> Images:
    """Return the solid as traced rays see it."""
    pixels, asked = picture(now.node, now.half / 1.4, 35, 30, size=SIZE)
    return Images(
        title=f"By {SIZE[0]} × {SIZE[1]} rays that are traced",
        caption=f"{number(asked, 3)} distances a ray, in the mean",
        pixels=pixels[None],
    )


def table_of(swept: list[tuple[float, Measures]], letter: str) -> Table:
    """Return what becomes of the mesh as the blend grows."""
    rows = tuple(
        (
            number(value, 3),
            "yes" if one.watertight and one.oriented else "no",
            str(one.parts),
            "–" if one.genus is None else str(one.genus),
            "–" if one.volume is None else number(one.volume),
        )
        for value, one in swept
    )
    return Table(
        title=f"The mesh for every {letter}",
        caption="24³ cells; closed: each edge has two triangles that run along it in opposite directions",
        columns=(letter, "closed", "pieces", "holes", "volume"),
        rows=rows,
    )


def _worked(now: Made, a: Node, b: Node, place: PLACE) -> Steps:
    """Return the numbers of the moment put in."""
    one, other, value = (float(node(np.array(place))) for node in (a, b, now.node))
    slope = slopes(now.node, np.array(place))
    p = ", ".join(number(part) for part in place)
    return written(
        (f"a({p}) = {number(one)}", a.text),
        (f"b({p}) = {number(other)}", b.text),
        (f"A ∪ B: min({number(one)}, {number(other)}) = {number(min(one, other))}", ""),
        (f"A ∩ B: max({number(one)}, {number(other)}) = {number(max(one, other))}", ""),
        (f"A \\ B: max({number(one)}, {number(-other)}) = {number(max(one, -other))}", ""),
        (f"f({p}) = {number(value)}", "the tree"),
        (
            f"∇f = ({', '.join(number(float(part), 3) for part in slope)})",
            f"length {number(float(np.linalg.norm(slope)))}",
        ),
        ("‖(2, 0, 0)‖ − 1 = 1, but 2² − 1² = 3", "distance to the unit sphere, and x² + y² + z² − r²"),
    )
