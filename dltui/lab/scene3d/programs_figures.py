"""Pictures of a chair as parts, graph, tree, cloud, field and program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from dltui.figures import Bars, Cell, Figure, Graph, Heatmap, Lines, Scene, Series, Table, number
from dltui.lab.scene3d.chairs import (
    KINDS,
    LATENT,
    GraphVae,
    Learnt,
    leaf_of,
)
from dltui.lab.scene3d.choices import LEAVES
from dltui.lab.scene3d.programs_known import ROW, TREE, Known, between, lit_points, meshes, nodes_of, under
from dltui.lab.written import written
from dltui.scene.parts import Part, contacts, execute, together

APART = 1.2  # between them, along x and along y: side by side as the eye stands at first
SLICE = 72  # places of the slice either way


def exploded(parts: list[Part], node: str, explode: float) -> Scene:
    """Return the chair as parts, pulled apart, those of a node alone if it is not the root."""
    some = [part for part in parts if leaf_of(part.name) in under(node)] or parts
    shifts = np.array([part.middle for part in some]) * explode
    classes = [LEAVES.index(leaf_of(part.name)) for part in some]
    corners, faces, values = meshes(some, classes, shifts)
    told = f"{len(some)} of {len(parts)} parts: boxes and cylinders"
    missing = "" if len(some) < len(parts) or node == "chair" else f"; it has no {node}"
    return Scene(
        title="The chair as parts", caption=f"{told}{missing}", vertices=corners, faces=faces, vertex_values=values,
        value_names=LEAVES, shade="flat",
    )  # fmt: skip


def contact_graph(parts: list[Part]) -> Graph:
    """Return the relation graph."""
    edges = contacts(parts)
    return Graph(
        title="What touches what",
        caption=f"{len(parts)} parts, {len(edges)} edges, {between(parts, edges, 'strut', 'seat')} of them from a leg "
        "to the seat",
        nodes=tuple(part.name for part in parts),
        edges=tuple(edges),
    )


def tree(known: Known, node: str) -> Graph:
    """Return the hierarchy, with how many points lie below each node."""
    inner, leaves = nodes_of(known)
    names = [*inner, *leaves]
    if "legs" not in inner:
        ways = [("chair", leaf) for leaf in leaves]
    else:
        ways = [(top, child) for top in inner for child in TREE[top] if child in names]
    return Graph(
        title="The tree of the chair",
        caption=f"{len(names)} nodes, {len(leaves)} of them leaves, which split {len(known.points):,} points",
        nodes=tuple(f"[{name}]" if name == node else name for name in names),
        notes=tuple(f"{int(lit_points(known, name).sum()):,} points" for name in names),
        edges=tuple((names.index(one), names.index(other)) for one, other in ways),
    )


def cloud(known: Known, node: str) -> Scene:
    """Return the points by leaf, those of a node alone in colour."""
    lit = lit_points(known, node)
    classes = np.array([LEAVES.index(leaf_of(part.name)) for part in known.parts])[known.whose]
    return Scene(
        title=f"The points of {node}",
        caption=f"{int(lit.sum()):,} of {len(known.points):,} points are lit",
        points=known.points.astype(np.float32),
        point_values=np.where(lit, classes, len(LEAVES)),
        value_names=LEAVES if lit.all() else (*LEAVES, "not lit"),
    )


def field(parts: list[Part]) -> Heatmap:
    """Return the chair as a field on an upright plane."""
    ends = np.array([[np.subtract(part.middle, part.half), np.add(part.middle, part.half)] for part in parts])
    low, high = ends[:, 0].min(axis=0) - 0.2, ends[:, 1].max(axis=0) + 0.2
    x, z = np.linspace(low[0], high[0], SLICE), np.linspace(low[2], high[2], SLICE)
    front = parts[0].middle[1] - parts[0].half[1] + 0.1
    across, up = np.meshgrid(x, z)
    return Heatmap(
        title="The same chair as a field",
        caption=f"signed distance on the plane y = {number(front)}, through the front legs: below 0 inside; no parts",
        values=np.asarray(together(parts).at(across, np.full_like(across, front), up)),
        x=x, y=z, y_label="z", value_label="f", colormap="coolwarm", contours=True, equal=True,
    )  # fmt: skip


def executed(made: list[Part], program: str) -> tuple[Figure, Figure]:
    """Return what a program makes, and how it was run."""
    corners, faces, values = meshes(made, list(range(len(made))))
    edges = contacts(made)
    calls = [call.strip() for call in program.replace("\n", ";").split(";") if call.strip()]
    told = []
    for place, call in enumerate(calls):
        now = execute(";".join(calls[: place + 1]))
        name = call.partition("(")[2].split(",")[0].strip(" )")
        part = next(part for part in now if part.name == name)
        size = " × ".join(number(2 * side, 3) for side in part.half)
        at = ", ".join(number(side, 3) for side in part.middle)
        told.append((call, f"{part.name}: {size} at ({at})"))
    pairs = ", ".join(f"{made[i].name} and {made[j].name}" for i, j in edges)
    return (
        Scene(
            title="What the program makes", caption=f"touching: {pairs or 'nothing'}", vertices=corners, faces=faces,
            vertex_values=values, value_names=tuple(f"{part.name} ({part.kind})" for part in made),
        ),
        written(*told, title="The program, call by call"),
    )  # fmt: skip


def table(known: Known) -> Table:
    """Return the parts that were fitted to the points."""
    rows: list[tuple[Cell, ...]] = [
        (part.name, part.kind, *(number(2 * side, 3) for side in part.half), number(away, 2))
        for part, away in zip(known.found, known.away, strict=True)
    ]
    return Table(
        title="Primitives fitted to the points",
        caption=f"IoU with the chair {known.iou[0]:.3f}; off: mean distance of points from the surface",
        columns=("part", "nearer", "x", "y", "z", "off"),
        rows=tuple(rows),
    )


def inferred(known: Known) -> Figure:
    """Return the program that was found from the points."""
    calls = known.program.splitlines()
    return written(
        *((call, "") for call in calls),
        title="The program that the points tell",
        caption=f"run again, it makes a shape of IoU {known.iou[1]:.3f} with the chair",
    )


def samples(
    network: GraphVae, z1: float, z2: float, drawn: list[tuple[list[Part], list[tuple[int, int]]]]
) -> Scene:
    """Return chairs that the network draws, side by side."""
    code = torch.zeros(1, LATENT)
    code[0, :2] = torch.tensor([z1, z2])
    shown = [network.chairs(code)[0], *drawn[: ROW - 1]]
    parts, classes, lines = [], [], []
    for place, (some, joined) in enumerate(shown):
        moved = [
            replace(part, middle=tuple(np.add(part.middle, (APART * place, APART * place, 0))))
            for part in some
        ]
        lines += [(moved[i].middle, moved[j].middle) for i, j in joined]
        parts += moved
        classes += [KINDS.index(part.name.rstrip("0123456789")) for part in some]
    if not parts:
        parts, classes = [Part("nothing", "box", (0.01, 0.01, 0.01))], [0]
    corners, faces, values = meshes(parts, classes)
    return Scene(
        title="Chairs that the network draws",
        caption=f"the first has z = ({z1:g}, {z2:g}, 0, …); lines are edges that it drew",
        vertices=corners, faces=faces, vertex_values=values, value_names=KINDS,
        segments=np.array(lines, np.float32).reshape(-1, 2, 3),
    )  # fmt: skip


def counts(legs: list[int]) -> Bars:
    """Return how many legs the drawn chairs have on their seat."""
    most = max(4, *legs)
    return Bars(
        title="Legs on the seat of drawn chairs",
        caption=f"{len(legs)} codes from N(0, 1); learnt from chairs of which 95 in 100 have four",
        labels=(*(f"{count} legs" for count in range(most + 1)), "no seat"),
        values=np.array([legs.count(count) for count in (*range(most + 1), -1)], float),
        value_label="chairs",
    )


def learning(moment: Learnt) -> Lines:
    """Return both parts of the loss."""
    x = np.arange(len(moment.back)) * 60.0
    return Lines(
        title="How the graph network learns",
        caption="loss = what comes back wrong + 0.01 · KL(q(z|graph) ‖ N(0, 1))",
        series=(
            Series(name="comes back wrong", x=x, y=np.array(moment.back)),
            Series(name="KL", x=x, y=np.array(moment.divergence)),
        ),
        x_label="step",
        y_label="loss",
    )
