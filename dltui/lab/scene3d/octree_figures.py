"""Pictures of an octree and of voxels: the solid cut open, a layer, the race, the memory, the convolution."""

from __future__ import annotations

import numpy as np

from dltui.figures import Bars, Figure, Heatmap, Lines, Path, Scene, Series, Steps, Table, number
from dltui.lab.scene3d.cells import Convolved, Split, Voxels, size
from dltui.lab.written import written
from dltui.scene.octree import EMPTY, MIXED
from dltui.scene.voxels import shell

DRAWN = 6  # depth up to which the octree is drawn in space
OUTLINED = 5  # depth up to which cells of a layer are outlined
TONES = (
    (70, 80, 150),
    (80, 110, 180),
    (90, 145, 190),
    (110, 175, 180),
    (150, 200, 160),
    (205, 220, 140),
    (250, 235, 130),
)


def figures(now: Split, voxels: Voxels, net: Convolved, layer: float, channels: int) -> tuple[Figure, ...]:
    """Return the pictures at one depth."""
    return (
        _solid(now, layer),
        _layer(now, layer),
        _race(now),
        _counts(now),
        _voxels(voxels, layer),
        _memory(voxels, now, channels),
        _cost(voxels),
        _net(net),
        _worked(now, voxels, net),
    )


def _solid(now: Split, layer: float) -> Scene:
    """Return full and mixed leaves up to a layer, coloured by depth."""
    drawn = now if now.depth <= DRAWN else Split(now.name, DRAWN)
    state, depth = drawn.grids
    kept = state != EMPTY
    top = round(layer * len(kept))
    kept[:, :, max(top, 1) :] = False
    vertices, faces, cells = shell(kept, reach=1.0)
    tones = np.array(TONES, np.uint8)[depth[tuple(cells.T)] - 1]
    return Scene(
        title=f"The octree up to depth {drawn.depth}, cut at the layer",
        caption="one colour a depth: dark cells are large, bright ones small"
        + ("" if drawn is now else f"; depth {now.depth} is too fine to be drawn"),
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        vertex_rgb=np.repeat(tones, 4, axis=0),
        shade="flat",
    )


def _layer(now: Split, layer: float) -> Heatmap:
    """Return one layer: empty, mixed or full, with the outlines of the leaves."""
    state, depth = now.grids
    side = len(state)
    height = min(int(layer * side), side - 1)
    middles = (np.arange(side) + 0.5) * 2 / side - 1
    x, y = _outlines(depth[:, :, height])
    told = f"outlined up to depth {OUTLINED}; " if now.depth > OUTLINED else ""
    return Heatmap(
        title=f"Layer z = {number(float(middles[height]), 3)}",
        caption=f"0 empty, 1 mixed, 2 full; {told}{int((state[:, :, height] == MIXED).sum())} of {side**2:,} are mixed",
        values=state[:, :, height].T.astype(float),
        x=middles,
        y=middles,
        value_label="state",
        colormap="cividis",
        limits=(0.0, 2.0),
        equal=True,
        paths=(Path(name="leaves", x=x, y=y, ends=False),),
    )


def _outlines(depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the borders between leaves of a layer, as stretches with NaN between them."""
    side = len(depth)
    place = np.minimum(depth, OUTLINED)
    wide = side // 2 ** place.astype(int)  # of a leaf, in the finest cells
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    first = (i % wide == 0) & (j % wide == 0)
    a, b, w = i[first], j[first], wide[first]
    hole = np.full(len(a), np.nan)
    x = np.stack([a, a + w, a + w, a, a, hole], axis=1) * 2 / side - 1
    y = np.stack([b, b, b + w, b + w, b, hole], axis=1) * 2 / side - 1
    return x.ravel(), y.ravel()


def _race(now: Split) -> Lines:
    """Return leaves against cells of the full grid, over depth."""
    d = np.arange(1, now.depth + 1, dtype=float)
    return Lines(
        title="Leaves against the full grid",
        caption="A factor of 8 a level for the grid, of about 4 for the leaves.",
        series=(
            Series(name="full grid 8^d", x=d, y=8**d),
            Series(name="leaves", x=d, y=np.array(now.counts, float)),
            Series(name="4^d", x=d, y=4**d),
        ),
        x_label="depth d",
        y_label="cells",
        y_scale="log",
    )


def _counts(now: Split) -> Table:
    """Return leaves, cells and their ratio at each depth."""
    rows = [
        (
            level.depth,
            2**level.depth,
            count,
            8**level.depth,
            number(8**level.depth / count, 3),
            number(count / before, 3) if before else "",
            len(level.mixed),
        )
        for level, count, before in zip(now.levels, now.counts, [0, *now.counts], strict=False)
    ]
    return Table(
        title="Leaves by depth",
        caption=f"Bounds were worked out for {now.asked:,} cells.",
        columns=("d", "N", "leaves", "8^d", "saved ×", "grew ×", "mixed"),
        rows=tuple(rows),
    )


def _voxels(voxels: Voxels, layer: float) -> Scene:
    """Return full voxels up to a layer."""
    kept = voxels.filled.copy()
    kept[:, :, max(round(layer * voxels.side), 1) :] = False
    vertices, faces, _ = shell(kept, reach=1.0)
    return Scene(
        title=f"{voxels.side}³ voxels, cut at the layer",
        caption=f"{voxels.full:,} of {voxels.side**3:,} are full ({100 * voxels.full / voxels.side**3:.1f} %), "
        f"{voxels.surface:,} of them at the surface ({100 * voxels.surface / voxels.side**3:.1f} %)",
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        shade="flat",
    )


def _memory(voxels: Voxels, now: Split, channels: int) -> Bars:
    """Return bytes of grids and of the octree."""
    small, large = voxels.memory(channels), Voxels(voxels.name, 256).memory(channels)
    entries = {
        f"{voxels.side}³, bits": small[0],
        f"{voxels.side}³, float32": small[1],
        f"{voxels.side}³, {channels} channels": small[2],
        "256³, bits": large[0],
        "256³, float32": large[1],
        f"256³, {channels} channels": large[2],
        f"{now.counts[-1]:,} leaves, {channels} ch.": 4.0 * channels * now.counts[-1],
    }
    return Bars(
        title="Memory",
        caption=f"256³ with {channels} channels: {size(large[2])}; the leaves at depth {now.depth}: "
        f"{size(4.0 * channels * now.counts[-1])}",
        labels=tuple(entries),
        values=np.array([*entries.values()]) / 2**20,
        value_label="MiB",
        scale="log",
    )


def _cost(voxels: Voxels) -> Lines:
    """Return how cells and surface cells grow with N."""
    counts = np.array([8, 12, 16, 24, 32, 48])
    surface = np.array([Voxels(voxels.name, int(n)).surface for n in counts], float)
    slope = float(np.polyfit(np.log(counts[1:]), np.log(surface[1:]), 1)[0])
    x = counts.astype(float)
    return Lines(
        title="Cost over N",
        caption=f"All cells grow as N³, those at the surface as N^{slope:.2f}; (256/30)³ = {number((256 / 30) ** 3)}.",
        series=(Series(name="all cells", x=x, y=x**3), Series(name="at the surface", x=x, y=surface)),
        x_label="N",
        y_label="cells",
        x_scale="log",
        y_scale="log",
    )


def _net(net: Convolved) -> Table:
    """Return what a convolution costs over the mixed cells, and over all."""
    sparse, dense = net.multiplications
    rows = (
        ("whole grid", 8**net.depth, dense, "1"),
        ("mixed cells", net.active, sparse, f"1/{number(dense / max(sparse, 1), 3)}"),
    )
    kernels, read = net.weight.shape[:2]
    return Table(
        title=f"A 3³ convolution at depth {net.depth}, {read} to {kernels} channels",
        caption=f"largest difference at the mixed cells: {number(net.gap, 2)}",
        columns=("over", "cells", "multiplications", "share"),
        rows=rows,
    )


def _worked(now: Split, voxels: Voxels, net: Convolved) -> Steps:
    """Return the numbers of the moment put in."""
    last = now.levels[-1]
    settled = now.counts[-1] - len(last.mixed)
    sparse, dense = net.multiplications
    n = voxels.side
    return written(
        (f"full grid = 8^{now.depth} = {8**now.depth:,}", f"{2**now.depth} cells a side"),
        (f"leaves = {settled:,} settled + {len(last.mixed):,} mixed = {now.counts[-1]:,}", ""),
        (
            f"saved = {8**now.depth:,} / {now.counts[-1]:,} = {number(8**now.depth / now.counts[-1], 3)}",
            "times",
        ),
        (f"voxels = {n}³ = {n**3:,}", f"{size(n**3 / 8)} as bits, {size(4.0 * n**3)} as float32"),
        ("256³ = 16,777,216", "2 MiB as bits, 64 MiB as float32, 4 GiB with 64 channels"),
        (f"(256/{n})³ = {number((256 / n) ** 3)}", "times the voxels"),
        (
            f"multiplications = {net.pairs:,} pairs · {dense // (27 * 8**net.depth)}",
            f"{sparse:,} of {dense:,}",
        ),
    )
