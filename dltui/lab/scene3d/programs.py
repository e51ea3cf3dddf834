"""A chair as boxes, graph, tree and program: what it is made of, in place of what space it fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dltui.lab import Choice, Frame, Slider, Switch, Typed, exhibit
from dltui.lab.scene3d.choices import LEAVES
from dltui.scene.parts import execute

NOTES = "create_box(seat); create_cylinder(leg); attach(leg, seat)"
TABLE = (
    "create_box(top, 1.4, 0.8, 0.06); create_cylinder(pole, 0.06, 0.6); attach(pole, top); "
    "create_cylinder(foot, 0.35, 0.05); attach(foot, pole)"
)
LAMP = (
    "create_cylinder(foot, 0.3, 0.05); create_cylinder(pole, 0.03, 1); attach(pole, foot, 0, 0, above); "
    "create_box(shade, 0.5, 0.5, 0.3); attach(shade, pole, 0, 0, above)"
)


@exhibit(
    "part-programs",
    family="scene3d",
    covers=(
        "002c:structured-repr",
        "002c:part-sets",
        "002c:relation-graph",
        "002c:part-hierarchy",
        "002c:structurenet",
        "002c:shape-programs",
        "002c:partnet",
    ),
    kin={
        'dltui sdf "min(box(0.5,0.5,0.05), move(cylinder(0.05,0.3),0,0,-0.35))"': "parts as one field",
        "dltui cloud FILE": "a cloud of your own, to be split into parts",
    },
    sources=(
        "Mo et al. 2019 (PartNet), arXiv:1812.02713",
        "Mo et al. 2019 (StructureNet), arXiv:1908.00575",
        "Jones et al. 2020 (ShapeAssembly), arXiv:2009.08026",
        "Tulsiani et al. 2017, arXiv:1612.00404",
    ),
)
def part_programs(
    program: Annotated[
        str, Typed(execute, (NOTES, TABLE, LAMP), help="calls that make a shape, between semicolons")
    ] = NOTES,
    width: Annotated[float, Slider(0.6, 1.6, step=0.1, help="of the chair's seat")] = 1.0,
    leg: Annotated[float, Slider(0.2, 1, step=0.05, help="length of its legs")] = 0.5,
    back: Annotated[float, Slider(0.3, 1.4, step=0.1, help="height of its back")] = 0.8,
    arms: Annotated[bool, Switch(help="armrests")] = True,
    wheels: Annotated[bool, Switch(help="wheels under the legs")] = True,
    node: Annotated[str, Choice("chair", "legs", *LEAVES, help="node of the tree that is lit")] = "chair",
    explode: Annotated[float, Slider(0, 1, step=0.1, help="how far parts are pulled apart")] = 0.3,
    noise: Annotated[float, Slider(0, 0.06, step=0.005, help="std of the error of the points")] = 0.005,
    z1: Annotated[float, Slider(-3, 3, step=0.25, help="first number of the code z of a drawn chair")] = 0.0,
    z2: Annotated[float, Slider(-3, 3, step=0.25, help="second number of z")] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of points, chairs, weights and codes")] = 0,
) -> Iterator[Frame]:
    """A chair as parts: pulled apart, as a graph of what touches, as a tree, as a program, and drawn anew.

    Try: --node legs or --node wheel; --explode 1; --no-arms; --noise 0.04 spoils the fit; --z1 2 and --z1 -2 change the
    first drawn chair; a program of your own, such as --program "create_box(seat, 1, 1, 0.2); create_cylinder(leg)".
    Notice: a field only knows what is inside, a graph knows that four legs hold one seat, and a program can be edited:
    change one number and all that is attached moves along.

    People see a seat, a back and legs, not a fog of points. A part set lists primitives; a relation graph adds which of
    them touch; a hierarchy nests them: chair → seat, back, armrests, legs, and legs → struts and wheels. The leaves
    split the points: each belongs to one. PartNet has such trees for 27,000 shapes, by hand.

    Two upright parts touch when their outlines seen from above and their heights leave no gap: √(g₊² + h₊²) = 0.

    StructureNet reads a graph by messages between neighbours, h ← ReLU(A·h + B·Σ h of neighbours), twice, sums the
    nodes into a code z, and a decoder draws parts and edges from z. The small one here learns from 512 chairs, 95 of a
    hundred with four legs, by a variational autoencoder; codes drawn from N(0, 1) then are chairs that never were.

    A program is the most that can be edited, and the hardest to find: here it is inferred from the points by trying for
    each part which primitive lies nearer, and by walking along what touches.
    """
    from dltui.lab.scene3d.programs_work import frames

    yield from frames(
        program=program,
        width=width,
        leg=leg,
        back=back,
        arms=arms,
        wheels=wheels,
        node=node,
        explode=explode,
        noise=noise,
        z1=z1,
        z2=z2,
        seed=seed,
    )


@part_programs.check
def leaves_split_the_points() -> None:
    """Seven nodes, five leaves; every point lies in one leaf, and a node's points are its children's (notes 002c)."""
    from dltui.lab.scene3d import programs_work

    programs_work.leaves_split_the_points()


@part_programs.check
def four_legs_touch_the_seat() -> None:
    """Four leg–seat edges, and all edges against the distances of dense points of the parts (notes 002c)."""
    from dltui.lab.scene3d import programs_work

    programs_work.four_legs_touch_the_seat()


@part_programs.check
def three_lines_make_a_table_leg() -> None:
    """The notes' three calls make a box and a cylinder that touch: the leg's top is the seat's underside."""
    from dltui.lab.scene3d import programs_work

    programs_work.three_lines_make_a_table_leg()


@part_programs.check
def primitives_come_back() -> None:
    """IoU of fitted parts above .9, by 400,000 random places and closed formulas; kinds right; noise lowers it."""
    from dltui.lab.scene3d import programs_work

    programs_work.primitives_come_back()


@part_programs.check
def program_is_found() -> None:
    """The program that the points tell makes the chair again: all parts, the same edges, IoU above .85."""
    from dltui.lab.scene3d import programs_work

    programs_work.program_is_found()


@part_programs.check
def drawn_chairs_have_four_legs() -> None:
    """Over 90 % of chairs from random codes have four legs on one seat; an untrained network draws none (notes)."""
    from dltui.lab.scene3d import programs_work

    programs_work.drawn_chairs_have_four_legs()


@part_programs.check
def messages_know_no_order() -> None:
    """Nodes in another order give the same code; the same nodes with other edges give another one."""
    from dltui.lab.scene3d import programs_work

    programs_work.messages_know_no_order()
