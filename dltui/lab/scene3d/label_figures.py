"""The pictures of labelled points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Figure, Lines, Scene, Series, Table, number
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.scene3d.label_nets import Look
    from dltui.scene.furniture import Labelled

CROSSES = 150  # at most
CROSS = 0.018  # half a line of a cross, over the size of the cloud
RED, GREY, DIM = (220, 50, 47), (150, 150, 150), (110, 114, 126)
AMBER = (255, 196, 64)
RINGS, CORNERS = 5, 24  # balls that are drawn, and corners of a ring
HUBS = 10  # points whose edges are drawn


def told(places: Array, found: Array, right: Array, names: tuple[str, ...], title: str) -> Scene:
    """Return a cloud coloured by its labels, the wrong ones crossed."""
    wrong = np.flatnonzero(found != right)
    size = float(np.ptp(places, axis=0).max())
    said = (
        f"{len(wrong)} of {len(places)} points are wrong, crossed"
        if len(wrong)
        else "each point by its class"
    )
    return Scene(
        title=title,
        caption=said,
        points=places.astype(np.float32),
        point_values=found.astype(float),
        value_names=names,
        value_label="class",
        segments=_crosses(places[wrong], CROSS * size),
        segment_rgb=np.full((3 * len(wrong), 3), RED, np.uint8),
    )


def _crosses(places: Array, half: float) -> Array:
    """Return three lines through each place."""
    arms = half * np.stack([np.eye(3), -np.eye(3)], axis=1)
    return (places[:, None, None] + arms).reshape(-1, 2, 3).astype(np.float32)


def instances(places: Array, instance: Array, label: Array) -> Scene:
    """Return the truth of the room by instances."""
    chairs = ", ".join(str(i) for i in np.unique(instance[label == 2]))
    return Scene(
        title="The room by instances",
        caption=f"instances {chairs} are of one class, chair; floor and walls are of none",
        points=places.astype(np.float32),
        point_values=instance.astype(float),
        value_names=("none", "chair 1", "chair 2", "table"),
        value_label="instance",
    )


def learning(seen: list[Look], task: str) -> Lines:
    """Return mIoU on held-out clouds over the steps."""
    x = np.array([look.step for look in seen], float)
    return Lines(
        title=f"mIoU on held-out clouds: {task}",
        series=tuple(Series(name=one.name, x=x, y=np.array(one.scores)) for one in seen[-1].nets),
        x_label="batch",
        y_label="mIoU",
    )


def parts(look: Look, names: tuple[str, ...]) -> Table:
    """Return IoU of each class by each network."""
    rows: list[tuple[str | float | None, ...]] = [
        (name, *(None if np.isnan(one.each[at]) else float(one.each[at]) for one in look.nets))
        for at, name in enumerate(names)
    ]
    rows.append(("mean", *(one.scores[-1] for one in look.nets)))
    rows.append(("parameters", *(one.parameters for one in look.nets)))
    return Table(
        title="IoU of each class, on held-out clouds",
        columns=("class", *(one.name for one in look.nets)),
        rows=tuple(rows),
    )


def balls(places: Array, centres: Array, radius: float) -> Scene:
    """Return the centres of the first level of PointNet++, and the balls around the first of them."""
    angle = np.linspace(0, 2 * np.pi, CORNERS + 1)
    flat = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1) * radius
    rings = [
        np.stack([ring[:-1], ring[1:]], axis=1)
        for centre in places[centres[:RINGS]]
        for ring in (centre + flat, centre + flat[:, [0, 2, 1]])
    ]
    crosses = _crosses(places[centres], 0.04)
    lines = np.concatenate([*rings, crosses]).astype(np.float32)
    rgb = np.repeat(np.array([GREY, AMBER], np.uint8), [len(lines) - len(crosses), len(crosses)], axis=0)
    return Scene(
        title="PointNet++: centres and balls of the first level",
        caption=f"{len(centres)} of {len(places)} points, crossed, by farthest point sampling; balls of radius "
        f"{number(radius)} around the first {min(RINGS, len(centres))}",
        points=places.astype(np.float32),
        point_rgb=np.full((len(places), 3), DIM, np.uint8),
        segments=lines,
        segment_rgb=rgb,
    )


def gaps(found: Array) -> Lines:
    """Return how far each centre was from all before it."""
    return Lines(
        title="Farthest point sampling: how far each is from all before",
        series=(Series(name="gap", x=np.arange(1.0, len(found)), y=found[1:]),),
        x_label="centre",
        y_label="distance",
    )


def graph(places: Array, near: Array, name: str) -> Scene:
    """Return the edges of some points to their nearest ones."""
    hubs = np.unique(np.linspace(0, len(places) - 1, HUBS).astype(int))
    ends = np.stack([np.repeat(hubs, near.shape[1]), near[hubs].ravel()], axis=1)
    length = np.linalg.norm(places[ends[:, 0]] - places[ends[:, 1]], axis=1)
    return Scene(
        title=f"EdgeConv: nearest {name}",
        caption=f"edges of {len(hubs)} points to {near.shape[1]} nearest each, {number(float(length.mean()))} long in "
        "the mean",
        points=places.astype(np.float32),
        point_rgb=np.full((len(places), 3), DIM, np.uint8),
        segments=places[ends].astype(np.float32),
        segment_rgb=np.full((len(ends), 3), AMBER, np.uint8),
    )


def worked(look: Look, found: Array, cloud: Labelled, n: int, chosen: int) -> Figure:
    """Return widths, one edge and one IoU with the numbers put in."""
    from dltui.lab.scene3d.label_nets import GLOBAL, LOCAL

    at = int(np.bincount(cloud.label).argmax())
    both = int(((found == at) & (cloud.label == at)).sum())
    either = int(((found == at) | (cloud.label == at)).sum())
    i, j = cloud.places[0], cloud.places[1]
    way = ", ".join(number(float(one)) for one in j - i)
    here = ", ".join(number(float(one)) for one in i)
    share = number(both / either) if either else "none"
    return written(
        (
            f"{n}×3 → {n}×{LOCAL} → max → 1×{GLOBAL}; side by side {n}×({LOCAL} + {GLOBAL}) = {n}×{LOCAL + GLOBAL}",
            "what PointNet's head reads",
        ),
        (f"MLP(x_i, x_j − x_i) = MLP({here}; {way})", "an edge of EdgeConv"),
        (f"{n} → {max(n >> 2, 1)} → {max(n >> 4, 1)} points", "levels of PointNet++"),
        (f"IoU({cloud.names[at]}) = {both} / {either} = {share}", f"of what {look.nets[chosen].name} says"),
    )
