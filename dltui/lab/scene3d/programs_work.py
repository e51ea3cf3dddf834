"""What the exhibit `part-programs` computes and draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from dltui.figures import Array, Bars, Cell, Figure, Graph, Heatmap, Lines, Scene, Series, Table, number
from dltui.lab import Frame, near
from dltui.lab.scene3d.chairs import (
    KINDS,
    LATENT,
    STEPS,
    GraphVae,
    Learnt,
    chair,
    graphs,
    leaf_of,
    learnt,
    legs_on_seat,
)
from dltui.lab.scene3d.choices import LEAVES
from dltui.lab.scene3d.programs import NOTES, part_programs
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.written import written
from dltui.scene.parts import Part, contacts, execute, fitted, gap, overlap, spelled_out, together

EACH = 400  # points of a part
SAMPLES, ROW = 200, 5  # graphs that are drawn from the network; how many of them are shown
APART = 1.2  # between them, along x and along y: side by side as the eye stands at first
SLICE = 72  # places of the slice either way
NEARLY = 0.02  # how far fitted parts may be apart and still touch, at least
TREE = {"chair": ("seat", "back", "armrest", "legs"), "legs": ("strut", "wheel")}


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a chair before anything learns.

    Attributes:
        parts: Its parts.
        points: Points of its surface, shape (n, 3).
        whose: The part of each, shape (n,).
        found: Boxes and cylinders that were fitted to the points of each part.
        away: How far points lie from those, in the mean, each.
        joined: Fitted parts that touch, nearly.
        program: Calls that put the fitted parts together.
        iou: Of the fitted parts with the chair, and of what the program makes.
    """

    parts: list[Part]
    points: Doubles
    whose: Array
    found: list[Part]
    away: list[float]
    joined: list[tuple[int, int]]
    program: str
    iou: tuple[float, float]


def frames(
    *,
    program: str,
    width: float,
    leg: float,
    back: float,
    arms: bool,
    wheels: bool,
    node: str,
    explode: float,
    noise: float,
    z1: float,
    z2: float,
    seed: int,
) -> Iterator[Frame]:
    """Yield what the exhibit shows, its knobs set."""
    known = _known(width, leg, back, arms, wheels, noise, seed)
    made = execute(program)
    still = (
        _tree(known, node), _cloud(known, node), _touching(known.parts), _field(known.parts), *_executed(made, program),
        _table(known), _inferred(known),
    )  # fmt: skip
    inner, leaves = _nodes(known)
    edges = contacts(known.parts)
    fours: list[float] = []
    for moment in learnt(seed % 8):
        network = moment.network()
        drawn = _drawn(network, seed)
        legs = [legs_on_seat(*one) for one in drawn]
        fours.append(float(np.mean([count == 4 for count in legs])))
        yield Frame(
            figures=(
                _apart(known.parts, node, explode), *still,
                _samples(network, z1, z2, drawn), _counts(legs), _learning(moment),
            ),
            numbers={
                "nodes": len(inner) + len(leaves),
                "leaves": len(leaves),
                "points": [len(known.points), *(int(_lit(known, name).sum()) for name in leaves)],
                "leg_seat_edges": _between(known.parts, edges, "strut", "seat"),
                "iou_fitted": known.iou[0],
                "iou_program": known.iou[1],
                "calls_found": len(known.program.splitlines()),
                "program_parts": len(made),
                "program_edges": len(contacts(made)),
                "four_legs": fours[-1],
                "loss": list(moment.back),
            },
            caption=f"step {moment.step} of {STEPS}: {100 * fours[-1]:.0f} % of drawn chairs have 4 legs on a seat",
            total=STEPS // 60 + 1,
        )  # fmt: skip


@lru_cache(maxsize=16)
def _known(width: float, leg: float, back: float, arms: bool, wheels: bool, noise: float, seed: int) -> Known:
    """Return a chair, points of it, and what can be told from the points."""
    parts = chair(width, 0.9, leg, back, arms=arms, wheels=wheels)
    points = np.concatenate([part.points(EACH, seed + i) for i, part in enumerate(parts)])
    points = points + np.random.default_rng([seed, 3]).normal(0, 1, points.shape) * noise
    whose = np.repeat(np.arange(len(parts)), EACH)
    pairs = [fitted(points[whose == i], part.name) for i, part in enumerate(parts)]
    found = [part for part, _ in pairs]
    joined = contacts(found, NEARLY + 3 * noise)
    program = spelled_out(found, joined)
    return Known(
        parts, points, whose, found, [away for _, away in pairs], joined, program,
        (overlap(parts, found), overlap(parts, execute(program))),
    )  # fmt: skip


def _drawn(network: GraphVae, seed: int) -> list[tuple[list[Part], list[tuple[int, int]]]]:
    """Return chairs of codes drawn from a normal distribution."""
    return network.chairs(torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(seed + 1)))


def _nodes(known: Known) -> tuple[list[str], list[str]]:
    """Return the inner nodes of the tree and its leaves: those that the chair has."""
    leaves = [leaf for leaf in LEAVES if any(leaf_of(part.name) == leaf for part in known.parts)]
    return ["chair", *(["legs"] if "wheel" in leaves else [])], leaves


def _under(node: str) -> tuple[str, ...]:
    """Return the leaves below a node, or itself."""
    return tuple(leaf for child in TREE[node] for leaf in _under(child)) if node in TREE else (node,)


def _lit(known: Known, node: str) -> Array:
    """Return which points belong to a node."""
    own = np.array([leaf_of(part.name) in _under(node) for part in known.parts])
    return np.asarray(own[known.whose])


def _between(parts: list[Part], edges: list[tuple[int, int]], one: str, other: str) -> int:
    """Return how many edges join parts of two leaves."""
    return sum({leaf_of(parts[i].name), leaf_of(parts[j].name)} == {one, other} for i, j in edges)


def _meshes(
    parts: list[Part], classes: list[int], shifts: Doubles | None = None
) -> tuple[Array, Array, Array]:
    """Return corners, triangles and the class of each corner of parts."""
    corners, faces, values, count = [], [], [], 0
    for place, part in enumerate(parts):
        mesh = part.mesh
        shift = 0.0 if shifts is None else shifts[place]
        corners.append(mesh.vertices + shift)
        faces.append(mesh.faces + count)
        values.append(np.full(len(mesh.vertices), classes[place]))
        count += len(mesh.vertices)
    return np.concatenate(corners).astype(np.float32), np.concatenate(faces), np.concatenate(values)


def _apart(parts: list[Part], node: str, explode: float) -> Scene:
    """Return the chair as parts, pulled apart, those of a node alone if it is not the root."""
    some = [part for part in parts if leaf_of(part.name) in _under(node)] or parts
    shifts = np.array([part.middle for part in some]) * explode
    classes = [LEAVES.index(leaf_of(part.name)) for part in some]
    corners, faces, values = _meshes(some, classes, shifts)
    told = f"{len(some)} of {len(parts)} parts: boxes and cylinders"
    missing = "" if len(some) < len(parts) or node == "chair" else f"; it has no {node}"
    return Scene(
        title="The chair as parts", caption=f"{told}{missing}", vertices=corners, faces=faces, vertex_values=values,
        value_names=LEAVES, shade="flat",
    )  # fmt: skip


def _touching(parts: list[Part]) -> Graph:
    """Return the relation graph."""
    edges = contacts(parts)
    return Graph(
        title="What touches what",
        caption=f"{len(parts)} parts, {len(edges)} edges, {_between(parts, edges, 'strut', 'seat')} of them from a leg "
        "to the seat",
        nodes=tuple(part.name for part in parts),
        edges=tuple(edges),
    )


def _tree(known: Known, node: str) -> Graph:
    """Return the hierarchy, with how many points lie below each node."""
    inner, leaves = _nodes(known)
    names = [*inner, *leaves]
    if "legs" not in inner:
        ways = [("chair", leaf) for leaf in leaves]
    else:
        ways = [(top, child) for top in inner for child in TREE[top] if child in names]
    return Graph(
        title="The tree of the chair",
        caption=f"{len(names)} nodes, {len(leaves)} of them leaves, which split {len(known.points):,} points",
        nodes=tuple(f"[{name}]" if name == node else name for name in names),
        notes=tuple(f"{int(_lit(known, name).sum()):,} points" for name in names),
        edges=tuple((names.index(one), names.index(other)) for one, other in ways),
    )


def _cloud(known: Known, node: str) -> Scene:
    """Return the points by leaf, those of a node alone in colour."""
    lit = _lit(known, node)
    classes = np.array([LEAVES.index(leaf_of(part.name)) for part in known.parts])[known.whose]
    return Scene(
        title=f"The points of {node}",
        caption=f"{int(lit.sum()):,} of {len(known.points):,} points are lit",
        points=known.points.astype(np.float32),
        point_values=np.where(lit, classes, len(LEAVES)),
        value_names=LEAVES if lit.all() else (*LEAVES, "not lit"),
    )


def _field(parts: list[Part]) -> Heatmap:
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


def _executed(made: list[Part], program: str) -> tuple[Figure, Figure]:
    """Return what a program makes, and how it was run."""
    corners, faces, values = _meshes(made, list(range(len(made))))
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


def _table(known: Known) -> Table:
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


def _inferred(known: Known) -> Figure:
    """Return the program that was found from the points."""
    calls = known.program.splitlines()
    return written(
        *((call, "") for call in calls),
        title="The program that the points tell",
        caption=f"run again, it makes a shape of IoU {known.iou[1]:.3f} with the chair",
    )


def _samples(
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
    corners, faces, values = _meshes(parts, classes)
    return Scene(
        title="Chairs that the network draws",
        caption=f"the first has z = ({z1:g}, {z2:g}, 0, …); lines are edges that it drew",
        vertices=corners, faces=faces, vertex_values=values, value_names=KINDS,
        segments=np.array(lines, np.float32).reshape(-1, 2, 3),
    )  # fmt: skip


def _counts(legs: list[int]) -> Bars:
    """Return how many legs the drawn chairs have on their seat."""
    most = max(4, *legs)
    return Bars(
        title="Legs on the seat of drawn chairs",
        caption=f"{len(legs)} codes from N(0, 1); learnt from chairs of which 95 in 100 have four",
        labels=(*(f"{count} legs" for count in range(most + 1)), "no seat"),
        values=np.array([legs.count(count) for count in (*range(most + 1), -1)], float),
        value_label="chairs",
    )


def _learning(moment: Learnt) -> Lines:
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


def leaves_split_the_points() -> None:
    """Seven nodes, five leaves; every point lies in one leaf, and a node's points are its children's (notes 002c)."""
    shown = part_programs.last()
    near("nodes and leaves", [shown.value("nodes"), shown.value("leaves")], [7, 5])
    known = _known(1.0, 0.5, 0.8, True, True, 0.005, 0)
    total = sum(_lit(known, leaf).astype(int) for leaf in LEAVES)
    near("leaves of each point", total, np.ones(len(known.points)), 0)
    near("the root", _lit(known, "chair"), np.ones(len(known.points)), 0)
    near("legs", _lit(known, "legs"), _lit(known, "strut") | _lit(known, "wheel"), 0)
    clean = _known(1.0, 0.5, 0.8, True, True, 0.0, 0)
    away = [
        np.abs(clean.parts[i].node(clean.points[clean.whose == i])).max() for i in range(len(clean.parts))
    ]
    near("points on their own part", np.max(away), 0.0, 4e-3)


def four_legs_touch_the_seat() -> None:
    """Four leg–seat edges, and all edges against the distances of dense points of the parts (notes 002c)."""
    near("edges", part_programs.last().numbers["leg_seat_edges"], 4, 0)
    for parts in (chair(), chair(1.4, 0.8, 0.3, 1.2, wheels=False)):
        clouds = [part.points(1500, 1) for part in parts]
        edges = contacts(parts)
        for i in range(len(parts)):
            for j in range(i + 1, len(parts)):
                least = np.sqrt(((clouds[i][:, None] - clouds[j][None]) ** 2).sum(axis=2).min())
                assert (least < 0.05) == ((i, j) in edges), (
                    f"{parts[i].name}, {parts[j].name}: {least:.3g} apart"
                )


def three_lines_make_a_table_leg() -> None:
    """The notes' three calls make a box and a cylinder that touch: the leg's top is the seat's underside."""
    seat, leg = execute(NOTES)
    assert (seat.kind, leg.kind) == ("box", "cylinder"), f"a {seat.kind} and a {leg.kind}"
    near("gap", gap(seat, leg), 0.0)
    near("faces", leg.middle[2] + leg.half[2], seat.middle[2] - seat.half[2])
    near("edges", part_programs.last(program=NOTES).numbers["program_edges"], 1, 0)
    free = execute("create_box(seat); create_cylinder(leg, 0.05, 0.02)")
    near("not attached: the leg stays within the seat", float(seat.node(np.array(free[1].middle))), -0.05)


def primitives_come_back() -> None:
    """IoU of fitted parts above .9, by 400,000 random places and closed formulas; kinds right; noise lowers it."""
    known = _known(1.0, 0.5, 0.8, True, True, 0.005, 0)
    draw = np.random.default_rng(2).uniform((-0.6, -0.5, -0.7), (0.6, 0.5, 0.9), (400_000, 3))

    def inside(parts: list[Part]) -> Array:
        found = np.zeros(len(draw), bool)
        for part in parts:
            away = np.abs(draw - part.middle)
            flat = np.hypot(away[:, 0], away[:, 1]) < part.half[0]
            box = (away[:, :2] < part.half[:2]).all(axis=1)
            found |= (flat if part.kind == "cylinder" else box) & (away[:, 2] < part.half[2])
        return found

    one, other = inside(known.parts), inside(known.found)
    iou = (one & other).sum() / (one | other).sum()
    near("IoU", known.iou[0], iou, 0.03)
    assert known.iou[0] > 0.9, f"IoU {known.iou[0]:.3g}"
    kinds = [part.kind for part in known.found]
    assert kinds == [part.kind for part in known.parts], f"kinds {kinds}"
    noisy = part_programs.last(noise=0.04).value("iou_fitted")
    assert noisy < known.iou[0] - 0.05, f"with noise {noisy:.3g}"


def program_is_found() -> None:
    """The program that the points tell makes the chair again: all parts, the same edges, IoU above .85."""
    known = _known(1.0, 0.5, 0.8, True, True, 0.005, 0)
    again = execute(known.program)
    assert {part.name for part in again} == {part.name for part in known.parts}, "a part is missing"
    truth = {frozenset((known.parts[i].name, known.parts[j].name)) for i, j in contacts(known.parts)}
    touching = {frozenset((again[i].name, again[j].name)) for i, j in contacts(again, 1e-3)}
    assert touching == truth, f"other edges: {touching ^ truth}"
    assert known.iou[1] > 0.85, f"IoU {known.iou[1]:.3g}"


def drawn_chairs_have_four_legs() -> None:
    """Over 90 % of chairs from random codes have four legs on one seat; an untrained network draws none (notes)."""
    for seed in (0, 1):
        assert (share := part_programs.last(seed=seed).value("four_legs")) > 0.9, f"seed {seed}: {share:.3g}"
    first, *_ = part_programs(seed=0)
    assert first.value("four_legs") < 0.5, f"untrained: {first.value('four_legs'):.3g}"
    *_, moment = learnt(0)
    drawn = _drawn(moment.network(), 3)
    apart = np.mean([gap(parts[i], parts[j]) for parts, joined in drawn for i, j in joined])
    assert apart < 0.05, f"parts that are said to touch are {apart:.3g} apart"


def messages_know_no_order() -> None:
    """Nodes in another order give the same code; the same nodes with other edges give another one."""
    *_, moment = learnt(0)
    network, whole = moment.network(), graphs(0)
    nodes, edges, there = whole.nodes[:4], whole.edges[:4], whole.there[:4]
    order = torch.randperm(nodes.shape[1], generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        one = network.encode(nodes, edges, there)[0]
        other = network.encode(nodes[:, order], edges[:, order][:, :, order], there[:, order])[0]
        cut = network.encode(nodes, torch.zeros_like(edges), there)[0]
    near("μ", other.numpy(), one.numpy(), 1e-4)
    assert float((cut - one).abs().max()) > 0.01, "edges make no difference"
