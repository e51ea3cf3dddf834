"""The pictures of shapes that are networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Array, Figure, Heatmap, Lines, Scene, Series, Table, number
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.scene3d.implicit_nets import Look
    from dltui.scene.geometry import Geometry
    from dltui.scene.mesh import Measures

Doubles = NDArray[np.float64]
Field = Callable[[Doubles], Doubles]

ACROSS = 72  # places along each side of a slice
REACH = 1.1
CLAY, AMBER = (216, 199, 173), (255, 170, 40)


def _slice(cut: float) -> tuple[Doubles, Doubles]:
    """Return the places of a slice across z, (n, n, 3), and the coordinates along its sides."""
    line = np.linspace(-REACH, REACH, ACROSS)
    x, y = np.meshgrid(line, line)
    return np.stack([x, y, np.full_like(x, cut)], axis=-1), line


def distance_slice(field: Field, exact: Field, cut: float, clamp: float) -> Heatmap:
    """Return the distances that are told on a slice."""
    places, line = _slice(cut)
    share = float(((field(places) < 0) == (exact(places) < 0)).mean())
    return Heatmap(
        title=f"Distance s = f(p, z) on the slice z = {number(cut)}",
        caption=f"below 0 is inside; {share:.1%} of the slice on the right side; learnt within ±{number(clamp)}",
        values=field(places),
        x=line,
        y=line,
        value_label="s",
        colormap="coolwarm",
        contours=True,
        equal=True,
    )


def occupancy_slice(field: Field, cut: float) -> Heatmap:
    """Return the probability of being inside on a slice."""
    places, line = _slice(cut)
    return Heatmap(
        title=f"Occupancy: P(inside) on the slice z = {number(cut)}",
        caption="the surface is where it is 0.5",
        values=0.5 - field(places),
        x=line,
        y=line,
        value_label="probability",
        limits=(0.0, 1.0),
        contours=True,
        equal=True,
    )


def error_slice(field: Field, exact: Field, cut: float) -> Heatmap:
    """Return how far the distance is off on a slice."""
    places, line = _slice(cut)
    return Heatmap(
        title="Error of the distance, |s − d|",
        caption="small near the surface, where it learnt; beyond the clamp nothing says how far away one is",
        values=np.abs(field(places) - exact(places)),
        x=line,
        y=line,
        value_label="|s − d|",
        colormap="magma",
        equal=True,
    )


def along(fields: dict[str, Field], exact: Field, cut: float) -> Lines:
    """Return both answers and the truth along a line."""
    x = np.linspace(-REACH, REACH, 160)
    places = np.stack([x, 0 * x, np.full_like(x, cut)], axis=1)
    return Lines(
        title=f"Along the line y = 0, z = {number(cut)}",
        series=(
            Series(name="exact distance", x=x, y=exact(places)),
            Series(name="DeepSDF", x=x, y=fields["distance"](places)),
            Series(name="½ − P(inside)", x=x, y=fields["occupancy"](places)),
        ),
        x_label="x",
        y_label="below 0 inside",
        levels=((0.0, "surface"),),
    )


def surface(mesh: Geometry, title: str, found: Measures | None) -> Scene:
    """Return a mesh, or an empty space where the field has no surface."""
    told = "no place is inside yet" if not len(mesh.faces) else f"{len(mesh.faces):,} triangles"
    if found:
        told += f"; {'closed' if found.watertight else 'open'}, V − E + F = {found.euler}"
    return Scene(
        title=title,
        caption=told,
        vertices=mesh.vertices,
        faces=mesh.faces,
        vertex_rgb=np.full((len(mesh.vertices), 3), CLAY, np.uint8),
        up="y",
    )


def fits(past: list[dict[str, float]]) -> Lines:
    """Return intersection over union over the batches."""
    x = np.array([one["step"] for one in past])
    names = {"iou_distance": "DeepSDF", "iou_occupancy": "occupancy"}
    return Lines(
        title="Intersection over union with the true shape",
        series=tuple(
            Series(name=name, x=x, y=np.array([one[key] for one in past])) for key, name in names.items()
        ),
        x_label="batch",
        y_label="IoU",
        levels=((0.9, "0.9"),),
    )


def errors(past: list[dict[str, float]]) -> Lines:
    """Return the error of the distance over the batches."""
    x = np.array([one["step"] for one in past])
    return Lines(
        title="Mean error of the distance within 0.1 of the surface",
        series=(Series(name="|s − d|", x=x, y=np.array([one["sdf_error"] for one in past])),),
        x_label="batch",
        y_label="error",
        levels=((0.02, "0.02"),),
    )


def completion(
    visible: Array, made: Geometry, gaps: tuple[float | None, float | None], hidden: float
) -> Scene:
    """Return what is seen of a shape, and the whole that the network makes of it."""
    before, after = ("none" if one is None else number(one, 3) for one in gaps)
    return Scene(
        title=f"Completion: {hidden:.0%} hidden, the code searched on what is seen",
        caption=f"points: what is seen; grey: what is made of it; Chamfer to the whole {before} → {after}",
        points=visible.astype(np.float32),
        point_rgb=np.full((len(visible), 3), AMBER, np.uint8),
        vertices=made.vertices,
        faces=made.faces,
        vertex_rgb=np.full((len(made.vertices), 3), CLAY, np.uint8),
        shade="wire",
        size=2,
        up="y",
    )


def window(values: Doubles, side: Doubles, whole: int) -> Heatmap:
    """Return a window into a fine grid."""
    return Heatmap(
        title=f"A window of {len(values)} × {len(values)} into a grid of {whole}³, from the same weights",
        caption=f"one cell is {number(2 * REACH / (whole - 1))} wide; the whole has {whole**3:,} corners",
        values=values,
        x=side[0],
        y=side[1],
        value_label="s, or ½ − P(inside)",
        colormap="coolwarm",
        contours=True,
        equal=True,
    )


def resolutions(sizes: list[tuple[int, Geometry]], weights: int) -> Table:
    """Return what grids of several sizes cost, and what the weights do."""
    counts: dict[int, int | None] = {cells: len(mesh.faces) for cells, mesh in sizes}
    counts |= {256: None, 1024: None}
    rows = tuple(
        (
            f"{cells}³",
            cells**3,
            triangles if triangles is not None else "not meshed here",
            4 * cells**3,
            4 * weights,
        )
        for cells, triangles in counts.items()
    )
    return Table(
        title="The same weights at any resolution",
        caption="calls and bytes grow with N³, triangles with N²; the weights stay",
        columns=("grid", "calls", "triangles", "bytes of the grid", "bytes of the weights"),
        rows=rows,
    )


def worked(
    look: Look, net: str, shape: int, field: Field, seed: int, gaps: tuple[float | None, float | None], weights: int
) -> Figure:  # fmt: skip
    """Return one place, the bound of the weights and the completion with the numbers put in."""
    from dltui.lab.scene3d.implicit_nets import truth

    place = truth(seed).places[shape, 0].numpy().astype(float)
    told, right = float(field(place[None])[0]), float(truth(seed).values[shape, 0])
    spot = ", ".join(number(float(one)) for one in place)
    code = ", ".join(number(float(one), 2) for one in look.code(net, shape))
    said = f"s = {number(told)}" if net == "distance" else f"P(inside) = {number(0.5 - told)}"
    before, after = ("none" if one is None else number(one) for one in gaps)
    residual = float(((look.slopes(shape, seed) - 1) ** 2).mean())
    return written(
        (f"p = ({spot}), z = ({code})", "a place, and the code of the shape"),
        (f"{said}, exact distance d = {number(right)}", "inside" if told < 0 else "outside"),
        (f"mean (‖∇f‖ − 1)² = {number(residual)}", "eikonal residual near the surface"),
        (f"1024³ = {1024**3:,} calls; {weights:,} weights = {4 * weights:,} bytes; grid {4 * 1024**3:,}", ""),
        (f"Chamfer: seen {before}, completed {after}", "to the whole surface"),
    )
