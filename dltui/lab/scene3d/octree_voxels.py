"""Voxels, whose number grows with the cube, and an octree, which is split only where the surface passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.scene3d.cells import SOLIDS, Split, Voxels, convolved
from dltui.lab.scene3d.octree_figures import figures
from dltui.scene.octree import FULL, MIXED
from dltui.scene.voxels import occupied


@exhibit(
    "octree-voxels",
    family="scene3d",
    covers=("002c:voxels", "002c:cubic-cost", "002c:octree", "002c:octnet-ocnn"),
    kin={
        "dltui lab run marching-cubes": "a mesh from the same grid",
        "dltui lab run sdf-csg": "the functions that are bounded",
        "dltui sdf 'sphere(.8)'": "cells of an octree beside a full grid, for any solid",
    },
    sources=(
        "Meagher 1982",
        "OctNet, Riegler et al. 2017, arXiv:1611.05009",
        "O-CNN, Wang et al. 2017, arXiv:1712.01537",
    ),
)
def octree_voxels(
    solid: Annotated[str, Choice(*SOLIDS, help="what is split")] = "sphere",
    depth: Annotated[int, Slider(1, 7, help="how often the cube is halved")] = 5,
    n: Annotated[int, Slider(2, 64, help="voxels N along each side")] = 30,
    layer: Annotated[
        float, Slider(0, 1, step=0.02, help="layer that is looked at, from below to the top")
    ] = 0.5,
    channels: Annotated[int, Slider(1, 256, log=True, help="numbers that a net keeps for each cell")] = 64,
    seed: Annotated[int, Slider(0, 9999, help="seed of the weights of the convolution")] = 0,
) -> Iterator[Frame]:
    """Cells are split only where the surface passes; their number races that of the full grid.

    Try: --depth 7: 115,424 leaves against 2,097,152 cells; --layer 0.1 cuts lower; --n 64; --solid torus.
    Notice: each level has 8 times the cells, but only about 4 times the leaves: a surface grows with the square. The
    same holds for a net: a convolution over the mixed cells alone gives the same numbers there.

    A voxel grid says for N³ cells whether they are full (1) or empty (0). It keeps the inside too, and the cost grows
    with the cube: from 30³ to 256³ it is (256/30)³ = 621 times. 256³ = 16,777,216 cells take 2 MiB as bits, 64 MiB as
    float32, 4 GiB with 64 channels.

    An octree starts with the whole cube. A cell that is wholly empty or wholly full stays as it is, a mixed one is
    split into 8. What a cell is is decided by bounds on f over all of it, not by its corners, so that nothing slips
    through.

    A net on an octree keeps numbers for its cells only; empty ones count as 0 and stay so. Its convolution gathers the
    27 cells around each from a table of places.
    """
    voxels = Voxels(solid, n)
    for level in range(1, depth + 1):
        now = Split(solid, level)
        net = convolved(now, seed)
        count = now.counts[-1]
        yield Frame(
            figures=figures(now, voxels, net, layer, channels),
            numbers={
                "leaves": now.counts,
                "dense": 8**level,
                "mixed": len(now.levels[-1].mixed),
                "cells_asked": now.asked,
                "voxels": n**3,
                "full": voxels.full,
                "full_share": voxels.full / n**3,
                "surface_share": voxels.surface / n**3,
                "bytes": list(voxels.memory(channels)),
                "sparse_gap": net.gap,
                "multiplications": list(net.multiplications),
            },
            caption=f"depth {level}: {count:,} leaves, a full grid has {8**level:,} cells",
            total=depth,
        )


@octree_voxels.check
def leaves_of_the_notes() -> None:
    """Sphere of radius 0.8 in the cube from −1 to 1: 64, 456, 2024, 7456, 28848, 115424 leaves for depths 2 to 7."""
    found = octree_voxels.last(depth=7).numbers["leaves"]
    near("leaves", found, (8, 64, 456, 2024, 7456, 28848, 115424))
    known = []
    for depth in (
        2,
        3,
        4,
        5,
    ):  # which cells are mixed by geometry alone: nearest and farthest place of each cell
        settled, parents = 0, np.zeros((1, 3))
        for level in range(1, depth + 1):
            cells = np.array([2 * p + np.array(e) for p in parents for e in np.ndindex(2, 2, 2)])
            low, high = cells * 2 / 2**level - 1, (cells + 1) * 2 / 2**level - 1
            far = np.linalg.norm(np.maximum(np.abs(low), np.abs(high)), axis=1)
            close = np.linalg.norm(np.maximum(0, np.maximum(low, -high)), axis=1)
            mixed = (close <= 0.8) & (far >= 0.8)
            settled += int((~mixed).sum())
            parents = cells[mixed]
        known.append(settled + len(parents))
    near("leaves by geometry", known, (64, 456, 2024, 7456))


@octree_voxels.check
def voxels_of_the_notes() -> None:
    """30³ holds 7208 full cells and 64³ holds 70320; surface cells are 5.2 % and 2.6 %; a full share of .268083."""
    for n, full, share in ((30, 7208, 0.052), (64, 70320, 0.026)):
        frame = octree_voxels.last(depth=1, n=n)
        near(f"full cells of {n}³", frame.numbers["full"], full)
        near(f"surface cells of {n}³", frame.numbers["surface_share"], share, 5e-4)
    near("full share against 4πr³/3 over 8", frame.numbers["full_share"], 4 / 3 * np.pi * 0.8**3 / 8, 2e-4)


@octree_voxels.check
def memory_of_the_notes() -> None:
    """256³ = 16,777,216: 2 MiB as bits, 64 MiB as float32, 4 GiB with 64 channels; (256/30)³ = 621.4."""
    near("bytes", Voxels("sphere", 256).memory(64), (2 * 2**20, 64 * 2**20, 4 * 2**30))
    near("bits", 8 * Voxels("sphere", 256).memory(1)[0], 16_777_216)
    ratio = Voxels("sphere", 256).memory(1)[1] / Voxels("sphere", 30).memory(1)[1]
    near("(256/30)³", ratio, 621.4, 1e-4)


@octree_voxels.check
def octree_is_the_grid() -> None:
    """Wholly full and empty leaves against the signs at the middles of a full grid of 64³ cells, for five solids."""
    for name in SOLIDS:
        now = Split(name, 6)
        state = now.grids[0]
        dense = occupied(now.node, reach=1.0, side=64)
        settled = state != MIXED
        assert (dense == (state == FULL))[settled].all(), f"{name}: a leaf is not what its cells are"
        assert 0 < (~settled).mean() < 0.3, f"{name}: {(~settled).mean():.0%} of the cells are mixed"


@octree_voxels.check
def sparse_is_dense() -> None:
    """The convolution over the mixed cells against torch's conv3d over the whole grid, to 1e-5."""
    import torch
    from torch.nn import functional

    for name, depth in (("sphere", 4), ("torus", 5)):
        net = convolved(Split(name, depth), seed=1)
        grid = torch.zeros(1, net.values.shape[1], *(2**depth,) * 3, dtype=torch.float64)
        x, y, z = (torch.from_numpy(part) for part in net.cells.T)
        grid[0, :, x, y, z] = torch.from_numpy(net.values.T.copy())
        known = functional.conv3d(grid, torch.from_numpy(net.weight), padding=1)[0][:, x, y, z].T.numpy()
        near(f"convolution of the {name}", net.sparse, known, 1e-5)
        assert net.gap < 1e-12, f"the two ways differ by {net.gap}"


@octree_voxels.check
def leaves_grow_with_the_square() -> None:
    """From depth 5 on each level has 3.8 to 4.2 times the leaves, for the sphere and the torus; cells 8 times."""
    for name in ("sphere", "torus"):
        counts = np.array(octree_voxels.last(solid=name, depth=7).numbers["leaves"], float)
        ratios = counts[5:] / counts[4:-1]
        assert ((ratios > 3.8) & (ratios < 4.2)).all(), f"{name}: {ratios}"
    near("saved at depth 7", 8**7 / Split("sphere", 7).counts[-1], 18.2, 5e-3)
