"""The pictures of networks on cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.figures import Array, Figure, Images, Lines, Scene, Series, Table
from dltui.lab.written import written
from dltui.scene.voxels import shell

SHOWN = 8  # channels of a layer that are drawn


def cells(filled: Array, title: str, caption: str) -> Scene:
    """Return the outer faces of full cells; y points up."""
    vertices, faces, _ = shell(filled, reach=1.1)
    return Scene(
        title=title,
        caption=f"{int(filled.sum()):,} of {filled.size:,} cells are full; {caption}",
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        vertex_values=vertices[:, 1],
        value_label="height",
        colormap="cividis",
        up="y",
    )


def morph(grids: Array, ways: Sequence[float]) -> Images:
    """Return flat and upright middle slices of grids on the way from one z to another."""
    half = grids.shape[1] // 2
    flat, upright = grids[:, :, half], grids[:, ::-1, :, half].transpose(0, 2, 1)[:, ::-1]
    return Images(
        title="On the way from one z to another: middle slices",
        caption="brightness is the probability of being full; first row seen from above, second from the side",
        pixels=np.concatenate([flat, upright]),
        names=tuple(f"t = {way:g}" for way in ways) * 2,
        each_row=len(ways),
    )


def channels(features: Array, layer: int) -> Images:
    """Return middle slices of the first channels of a layer, each from its least to its greatest value."""
    some = features[:SHOWN, :, :, features.shape[-1] // 2].transpose(0, 2, 1)[:, ::-1]
    low, high = some.min(axis=(1, 2), keepdims=True), some.max(axis=(1, 2), keepdims=True)
    side = features.shape[-1]
    return Images(
        title=f"Layer {layer}: {len(features)} channels of {side}³, middle slices of {len(some)}",
        caption="each from its least value, dark, to its greatest; all dark where it is the same everywhere",
        pixels=(some - low) / np.where(high > low, high - low, 1),
        names=tuple(f"{at}" for at in range(len(some))),
        each_row=SHOWN // 2,
    )


def duel(losses: dict[str, list[float]]) -> Lines:
    """Return losses of maker and judge over the batches."""
    return Lines(
        title="Maker against judge",
        series=tuple(
            Series(name=name, x=np.arange(1.0, len(losses[name]) + 1), y=np.array(losses[name]))
            for name in ("maker", "judge")
        ),
        x_label="batch",
        y_label="loss",
        levels=((float(np.log(2)), "ln 2: it can't tell"),),
    )


def learning(steps: list[int], held: list[float], chance: float) -> Lines:
    """Return the share of held-out grids that are told right."""
    return Lines(
        title="Held-out grids told right",
        series=(Series(name="classifier", x=np.array(steps, float), y=np.array(held)),),
        x_label="batch",
        y_label="share",
        levels=((chance, "chance"),),
    )


def traces(sides: list[int], sorter: list[tuple[int, int, int]], maker: list[tuple[int, int, int]]) -> Table:
    """Return channels, sides, cells and weights, layer by layer, of this classifier and of the papers' networks."""
    rows: list[tuple[str | int | None, ...]] = [
        ("this classifier", at or "grid", None, f"{side}³", side**3, None) for at, side in enumerate(sides)
    ]
    for name, found in (("3D ShapeNets", sorter), ("3D-GAN", maker)):
        rows += [
            (name, at or "input", channels, f"{side}³", channels * side**3, weights or None)
            for at, (channels, side, weights) in enumerate(found)
        ]
    return Table(
        title="Shapes, layer by layer",
        caption="numbers: channels times cells, of this classifier for one channel",
        columns=("network", "layer", "channels", "side", "numbers", "weights"),
        rows=tuple(rows),
    )


def worked(
    n: int, kernels: Sequence[tuple[int, int]], sides: list[int], maker: list[tuple[int, int, int]]
) -> Figure:
    """Return the sizes with the numbers put in."""
    lines = [
        (f"⌊({before} − {kernel}) / {stride}⌋ + 1 = {after}", f"convolution, k = {kernel}, s = {stride}")
        for (kernel, stride), before, after in zip(kernels, sides, sides[1:], strict=False)
    ]
    return written(
        *lines,
        (
            "(1 − 1)·1 − 0 + 4 = 4; (4 − 1)·2 − 2·1 + 4 = 8; … " + str(maker[-1][1]),
            "transposed, k = 4, s = 2, p = 1",
        ),
        ("3³ = 27 weights of a kernel over cells, 3² = 9 over pixels", "a third axis"),
        (f"{n}³ = {n**3:,} cells, {2 * n}³ = {(2 * n) ** 3:,}: eight times as many", "cubic cost"),
    )
