"""What the exhibit `part-programs` computes and draws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from dltui.figures import Array
from dltui.lab import Frame, near
from dltui.lab.scene3d.chairs import (
    STEPS,
    chair,
    graphs,
    learnt,
    legs_on_seat,
)
from dltui.lab.scene3d.choices import LEAVES
from dltui.lab.scene3d.programs import NOTES, part_programs
from dltui.lab.scene3d.programs_figures import (
    cloud,
    contact_graph,
    counts,
    executed,
    exploded,
    field,
    inferred,
    learning,
    samples,
    table,
    tree,
)
from dltui.lab.scene3d.programs_known import between, drawn_chairs, known_of, lit_points, nodes_of
from dltui.scene.parts import Part, contacts, execute, gap


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
    known = known_of(width, leg, back, arms, wheels, noise, seed)
    made = execute(program)
    still = (
        tree(known, node), cloud(known, node), contact_graph(known.parts), field(known.parts), *executed(made, program),
        table(known), inferred(known),
    )  # fmt: skip
    inner, leaves = nodes_of(known)
    edges = contacts(known.parts)
    fours: list[float] = []
    for moment in learnt(seed % 8):
        network = moment.network()
        drawn = drawn_chairs(network, seed)
        legs = [legs_on_seat(*one) for one in drawn]
        fours.append(float(np.mean([count == 4 for count in legs])))
        yield Frame(
            figures=(
                exploded(known.parts, node, explode), *still,
                samples(network, z1, z2, drawn), counts(legs), learning(moment),
            ),
            numbers={
                "nodes": len(inner) + len(leaves),
                "leaves": len(leaves),
                "points": [len(known.points), *(int(lit_points(known, name).sum()) for name in leaves)],
                "leg_seat_edges": between(known.parts, edges, "strut", "seat"),
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


def leaves_split_the_points() -> None:
    """Seven nodes, five leaves; every point lies in one leaf, and a node's points are its children's (notes 002c)."""
    shown = part_programs.last()
    near("nodes and leaves", [shown.value("nodes"), shown.value("leaves")], [7, 5])
    known = known_of(1.0, 0.5, 0.8, True, True, 0.005, 0)
    total = sum(lit_points(known, leaf).astype(int) for leaf in LEAVES)
    near("leaves of each point", total, np.ones(len(known.points)), 0)
    near("the root", lit_points(known, "chair"), np.ones(len(known.points)), 0)
    near("legs", lit_points(known, "legs"), lit_points(known, "strut") | lit_points(known, "wheel"), 0)
    clean = known_of(1.0, 0.5, 0.8, True, True, 0.0, 0)
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
    known = known_of(1.0, 0.5, 0.8, True, True, 0.005, 0)
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
    known = known_of(1.0, 0.5, 0.8, True, True, 0.005, 0)
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
    drawn = drawn_chairs(moment.network(), 3)
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
