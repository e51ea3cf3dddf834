"""An octree and the voxels that it saves: what is counted of both, and a convolution over few of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.scene.octree import Level, leaves, split, spread_out
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.parse import parse
from dltui.scene.sparse import dense_convolution, neighbours, sparse_convolution
from dltui.scene.voxels import at_the_surface, occupied

Doubles = NDArray[np.float64]
SOLIDS = {
    "sphere": "sphere(.8)",
    "torus": "torus(.6, .25)",
    "box": "box(.6)",
    "two balls": "smin(move(sphere(.42), -.4, 0, 0), move(sphere(.42), .4, 0, 0), .25)",
    "cut cube": "max(box(.6), -sphere(.7))",
}
IN, OUT = 4, 8  # channels of the convolution
FINEST = 5  # depth up to which it is done
MEBI = 2**20


@dataclass(frozen=True)
class Split:
    """A solid in the cube from −1 to 1, split.

    Attributes:
        name: The solid.
        depth: How often the cube is halved.
    """

    name: str
    depth: int

    @property
    def node(self) -> Node:
        """The solid."""
        return parse(SOLIDS[self.name])

    @cached_property
    def levels(self) -> list[Level]:
        """The levels from 1 on."""
        return split(self.node, reach=1.0, depth=self.depth)

    @cached_property
    def counts(self) -> list[int]:
        """Leaves if splitting stops at each level."""
        return leaves(self.levels)

    @property
    def asked(self) -> int:
        """For how many cells bounds were worked out."""
        return sum(len(level.cells) for level in self.levels)

    @cached_property
    def grids(self) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """State and depth of the leaf that each of the finest cells lies in."""
        return spread_out(self.levels)


@dataclass(frozen=True, eq=False)
class Convolved:
    """A convolution over the mixed cells, and over all.

    Attributes:
        depth: Of the cells.
        active: How many are mixed.
        pairs: How many pairs of a cell and one beside it there are.
        gap: Largest difference at the mixed cells.
        sparse: What it returned there, shape (n, k).
        values: What it read, shape (n, c).
        weight: Its weights, shape (k, c, 3, 3, 3).
        cells: Where, shape (n, 3).
    """

    depth: int
    active: int
    pairs: int
    gap: float
    sparse: Doubles
    values: Doubles
    weight: Doubles
    cells: NDArray[np.int64]

    @property
    def multiplications(self) -> tuple[int, int]:
        """Products that are added up over the mixed cells, and over the whole grid."""
        return self.pairs * IN * OUT, 8**self.depth * 27 * IN * OUT


def convolved(now: Split, seed: int) -> Convolved:
    """Return a convolution with random weights, over the mixed cells and over all.

    Args:
        now: What was split.
        seed: Seed of the weights.

    Returns:
        Both, compared; each cell bears its middle and its distance.
    """
    level = now.levels[min(now.depth, FINEST) - 1]
    side, cells = 2**level.depth, level.mixed
    middles = (cells + 0.5) * 2 / side - 1
    values = np.concatenate([middles, now.node(middles)[:, None]], axis=1)
    weight = np.random.default_rng(seed).normal(0, (27 * IN) ** -0.5, (OUT, IN, 3, 3, 3))
    around = neighbours(cells, side)
    sparse = sparse_convolution(values, around, weight)
    grid = np.zeros((side, side, side, IN))
    grid[tuple(cells.T)] = values
    dense = dense_convolution(grid, weight)[tuple(cells.T)]
    gap = float(np.abs(sparse - dense).max(initial=0.0))
    return Convolved(level.depth, len(cells), int((around >= 0).sum()), gap, sparse, values, weight, cells)


@dataclass(frozen=True)
class Voxels:
    """A solid as full and empty cells.

    Attributes:
        name: The solid.
        side: Cells N along each side.
    """

    name: str
    side: int

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Which cells have their middle inside."""
        return occupied(parse(SOLIDS[self.name]), reach=1.0, side=self.side)

    @property
    def full(self) -> int:
        """How many are full."""
        return int(self.filled.sum())

    @property
    def surface(self) -> int:
        """How many of them have an empty one beside them."""
        return int(at_the_surface(self.filled).sum())

    def memory(self, channels: int) -> tuple[float, float, float]:
        """Return bytes as bits, as float32, and with so many channels of float32."""
        cells = float(self.side) ** 3
        return cells / 8, cells * 4, cells * 4 * channels


def size(count: float) -> str:
    """Return bytes with their unit."""
    for unit, factor in (("GiB", 2**30), ("MiB", MEBI), ("KiB", 2**10)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count:.4g} B"
