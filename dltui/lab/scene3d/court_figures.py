"""The pictures of a PointNet in court."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Bars, Figure, Heatmap, Lines, Scene, Series, Table, number
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.scene3d.court_nets import Floats, Look

ORDERS = 16  # other orders of the points that are tried
DIM, LIT = (110, 114, 126), np.array([[206, 84, 34], [255, 196, 64]])
BLUE, ORANGE = (86, 180, 233), (230, 159, 0)
CROSS = 0.045  # half a line of the cross on a critical point


def penalty(a: Array) -> float:
    """Return ‖I − A·Aᵀ‖² (Frobenius): 0 for rotations and reflections."""
    return float(((np.eye(len(a)) - a @ a.T) ** 2).sum())


def lit(cloud: Floats, counts: Array, pool: str) -> Scene:
    """Return the cloud, its critical points lit and crossed."""
    lit = np.flatnonzero(counts)
    share = counts[lit] / max(1, counts.max())
    rgb = np.tile(np.array(DIM, np.uint8), (len(cloud), 1))
    rgb[lit] = (LIT[0] + share[:, None] * (LIT[1] - LIT[0])).astype(np.uint8)
    arms = CROSS * np.concatenate([np.eye(3), -np.eye(3)]).reshape(2, 3, 3).transpose(1, 0, 2)
    crosses = (cloud[lit, None, None] + arms).reshape(-1, 2, 3).astype(np.float32)
    told = f"{len(lit)} of {len(cloud)} points, crossed, win all features; the others may go"
    return Scene(
        title="Critical points" if pool == "max" else f"The cloud; its {pool} has no critical points",
        caption=told if pool == "max" else "every point takes part in every feature",
        points=cloud, point_rgb=rgb, size=1, segments=crosses, segment_rgb=np.repeat(rgb[lit], 3, axis=0),
        up="y",
    )  # fmt: skip


def changes(moved: dict[str, list[float | None]], look: Look) -> Bars:
    """Return how much the first two networks' answers change in each trial."""
    rows = [
        (f"{name} · {one.name}", row[i])
        for name, row in moved.items()
        for i, one in enumerate(look.nets[:2])
        if row[i] is not None
    ]
    return Bars(
        title="What changes the answer",
        caption="the largest change of any probability; where the MLP is missing it takes no such cloud at all",
        labels=tuple(label for label, _ in rows),
        values=np.array([value for _, value in rows], float),
        value_label="change",
    )


def learning(seen: list[Look]) -> Lines:
    """Return the share of held-out clouds told right over the steps."""
    x = np.array([one.step for one in seen], float)
    return Lines(
        title="Held-out clouds told right",
        series=tuple(Series(name=one.name, x=x, y=np.array(one.held)) for one in seen[-1].nets),
        x_label="batch",
        y_label="share",
        levels=((0.2, "guessing"),),
    )


def dropping(look: Look, cloud: Floats, counts: Array, shape: str, seed: int) -> Lines:
    """Return the probability of the right answer over the points that are left, in three orders of dropping."""
    from dltui.lab.scene3d.court_nets import CLASSES

    chance = np.random.default_rng([seed, 12]).permutation(len(cloud))
    ways = {"by chance": chance}
    if counts.any():
        order = chance[np.argsort(counts[chance], kind="stable")]
        ways |= {"critical ones last": order[::-1], "critical ones first": order}
    left = np.unique(np.geomspace(1, len(cloud), 10).astype(int))
    series = []
    for name, kept in ways.items():
        said = [look.nets[0].likely(cloud[np.sort(kept[:most])]) for most in left]
        right = np.array([0.0 if one is None else one[CLASSES.index(shape)] for one in said])
        series.append(Series(name=name, x=left.astype(float), y=right))
    return Lines(
        title=f"Probability of {shape} as points are dropped",
        series=tuple(series),
        x_label="points left",
        y_label="probability",
        x_scale="log",
    )


def aligned(cloud: Floats, matrix: Floats) -> tuple[Figure, ...]:
    """Return the cloud before and after the first T-Net, and its matrix."""
    after = cloud @ matrix
    reach = 1.2 * max(float(np.abs(cloud).max()), float(np.abs(after).max()))
    aside = np.array([reach, 0, 0], np.float32)
    told = f"det A = {number(float(np.linalg.det(matrix)))}, ‖I − A·Aᵀ‖² = {number(penalty(matrix.astype(float)))}"
    return (
        Scene(
            title="T-Net: the cloud before, and after", size=1,
            caption="left, blue: as it came; right, orange: times A",
            points=np.concatenate([cloud - aside, after + aside]).astype(np.float32),
            point_rgb=np.repeat(np.array([BLUE, ORANGE], np.uint8), len(cloud), axis=0), up="y", box=True,
        ),
        Heatmap(
            title="T-Net: its matrix A for this cloud", caption=told, values=matrix.astype(float),
            x=np.arange(3.0), y=np.arange(3.0), x_label="to", y_label="from", value_label="A",
            colormap="coolwarm", downwards=True, row_names=("x", "y", "z"), column_names=("x′", "y′", "z′"),
        ),
    )  # fmt: skip


def upper(upper: Array, cloud: Floats, counts: Array) -> tuple[Figure, ...]:
    """Return all places at which a point may be added, with the critical points among them."""
    lit = cloud[counts > 0]
    places = np.concatenate([upper, lit]).astype(np.float32)
    rgb = np.repeat(np.array([DIM, LIT[1]], np.uint8), [len(upper), len(lit)], axis=0)
    return (
        Scene(
            title="Upper-bound shape", points=places, point_rgb=rgb, up="y",
            caption=f"a point at any of {len(upper):,} places of a 28³ grid changes nothing; bright: critical points",
        ),
    )  # fmt: skip


def trials(moved: dict[str, list[float | None]], look: Look) -> Table:
    """Return the change of every network's answer in every trial."""
    return Table(
        title="Every trial, every network",
        caption="largest change of any probability",
        columns=("trial", *(one.name for one in look.nets)),
        rows=tuple(
            (name, *("refused" if value is None else value for value in row)) for name, row in moved.items()
        ),
    )


def compared(look: Look, moved: dict[str, list[float | None]]) -> Table:
    """Return the networks beside each other."""
    inputs = {
        "PointNet": "a set of points",
        "flatten-MLP": "N·3 numbers in a row",
        "DGCNN": "a set, and who is near whom",
        "voxel CNN": "cells of a 12³ grid",
    }
    return Table(
        title="P(c | S) by four networks",
        columns=("network", "what it reads", "parameters", "right", "order changes"),
        rows=tuple(
            (one.name, inputs[one.name], one.parameters, one.held[-1], moved["other order"][i])
            for i, one in enumerate(look.nets)
        ),
    )


def symmetric(pools: dict[str, float]) -> Table:
    """Return what other orders do to the three symmetric functions."""
    notes = {
        "max": "bit for bit the same",
        "mean": "rounding alone: sums depend on their order",
        "sum": "the same, and it grows with N",
    }
    return Table(
        title=f"Symmetric functions of the same h(Pᵢ) in {ORDERS} other orders",
        columns=("function", "largest change / size", ""),
        rows=tuple((kind, value, notes[kind]) for kind, value in pools.items()),
    )


def worked(look: Look, cloud: Floats, pool: str, gap: tuple[float, int, int], seed: int) -> Figure:
    """Return one feature of three points, pooled in two orders, and the shapes on the way."""
    from dltui.lab.scene3d.court_nets import features, over_points

    h = features(look.net, cloud)
    rows = np.random.default_rng([seed, 13]).choice(len(cloud), 3, replace=False)
    best = int(h[rows].std(dim=0).argmax())
    a, b, c = (float(h[row, best]) for row in rows)
    told = ", ".join(number(one) for one in (a, b, c))
    turned = ", ".join(number(one) for one in (c, a, b))
    wide = h.shape[1]
    one = float(over_points(h[None, rows], pool)[0, best])
    other = float(over_points(h[None, rows[[2, 0, 1]]], pool)[0, best])
    return written(
        (f"{len(cloud)}×3 → h → {len(cloud)}×{wide} → {pool} over N → 1×{wide} → γ → 5", "shapes"),
        (f"feature {best} of three points: h(P₁), h(P₂), h(P₃) = {told}", "the same h for each"),
        (f"{pool}{{h(P₁), h(P₂), h(P₃)}} = {pool}{{{told}}} = {number(one)}", ""),
        (f"{pool}{{h(P₃), h(P₁), h(P₂)}} = {pool}{{{turned}}} = {number(other)}", "the order is gone"),
        (
            f"Linear on each point and Conv1d(k=1): {gap[1]} and {gap[2]} weights, {number(gap[0])} apart",
            "a shared layer is a 1×1 convolution",
        ),
    )
