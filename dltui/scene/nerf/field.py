"""A radiance field on a grid of voxels: density and colour by direction at the corners, in between by eight neighbours.

After DVGO (Sun et al. 2022) and Plenoxels (Yu et al. 2021): hardly a network, so that it learns in seconds on one core.
Corners hold harmonics of degree 1 and three features. What shines is too sharp for such harmonics, and many of a higher
degree learn few pictures by heart. So one tiny network for all places makes of features and direction what is added to
the colours (as in SNeRG, Hedman et al. 2021): what it learns of a highlight in one place holds for all that are alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.scene.nerf.composite import Box, Found

Near = Callable[[Tensor, Tensor], Tensor]

PLAIN = 13  # a density, and four coefficients for each of three colours
FEATURES = 3  # what the shared network is told of a place
CHANNELS = PLAIN + FEATURES  # sixteen: twice as fast to add to as thirteen
WIDTH = 16  # of the shared network
BLOCK = 1 << 12  # samples whose gradients are spread at once: they stay in the cache
START = -1.0  # of the density before softplus: nearly clear
CLEAR = -15.0  # the same where there is nothing
DENSE, KEEN, VIVID = 25.0, 3.0, 2.5  # how strongly density and colour answer to the table
Y0, Y1 = 0.28209479, 0.48860251  # spherical harmonics of degree 0 and 1


class _Mix(torch.autograd.Function):
    """Rows of a table mixed by weights; no gradient to the weights, nor to the first rows that stay as they are."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, shares: Tensor, still: int) -> Tensor:
        """Return Σ shareᵢ · rowᵢ, shape (n, channels)."""
        ctx.save_for_backward(rows, shares)
        ctx.size, ctx.still = table.shape, still
        return functional.embedding_bag(rows, table, per_sample_weights=shares, mode="sum")

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient of the table."""
        rows, shares = ctx.saved_tensors
        found = torch.zeros(ctx.size, dtype=grad.dtype, device=grad.device)
        block = BLOCK if grad.device.type == "cpu" else max(len(rows), 1)
        for row, share, part in zip(
            *(torch.split(part, block) for part in (rows, shares, grad)), strict=True
        ):
            spread = (share[:, :, None] * part[:, None, :]).reshape(-1, grad.shape[1])
            found.index_add_(0, row.reshape(-1).long(), spread)
        found[: ctx.still] = 0
        return found, None, None, None


class GridField(nn.Module):
    """Density and colour in a box, kept only at the corners that lie near anything.

    Args:
        count: About how many corners the grid has in all; its cells are cubes as nearly as can be.
        box: Where it lies.
        shape: Corners along each axis, where they are known.
        voxel: Side of a cell, likewise.
        kept: Which corners have a row of the table, shape (corners,); all if None. Row 0 is that of all others: clear.
        gloss: The shared network; a fresh one, which adds nothing yet, if None.
    """

    kind, extra = "grid", 0
    across = 1
    row: Tensor
    _low: Tensor
    _per: Tensor
    _first: Tensor
    _last: Tensor
    _strides: Tensor
    _steps: Tensor

    def __init__(
        self,
        count: int,
        box: Box,
        *,
        shape: tuple[int, ...] = (),
        voxel: float | None = None,
        kept: Tensor | None = None,
        gloss: nn.Sequential | None = None,
    ) -> None:
        super().__init__()
        self.box = box
        self.voxel = voxel or (box.volume / count) ** (1 / 3)
        self.shape = shape or tuple(max(2, round(side / self.voxel)) for side in box.sides)
        if kept is None:
            kept = torch.ones(math.prod(self.shape), dtype=torch.bool)
        table = torch.zeros(int(kept.sum()) + 1, CHANNELS)
        table[:, 0] = START
        table[0, 0] = CLEAR
        self.table = nn.Parameter(table)
        self.gloss = gloss or _gloss()
        self.register_buffer("row", torch.where(kept, kept.cumsum(0), 0).int())
        low, high = box.corners(table.device)
        across = torch.tensor(self.shape, dtype=table.dtype)
        strides = torch.tensor([self.shape[1] * self.shape[2], self.shape[2], 1], dtype=torch.int32)
        around = torch.tensor([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=torch.int32)
        self.register_buffer("_low", low, persistent=False)
        self.register_buffer("_per", (across - 1) / (high - low), persistent=False)
        self.register_buffer("_last", across - 1, persistent=False)
        self.register_buffer("_first", (across - 2).int(), persistent=False)
        self.register_buffer("_strides", strides, persistent=False)
        self.register_buffer("_steps", (around * strides).sum(1, dtype=torch.int32), persistent=False)

    def find(self, places: Tensor) -> Found:
        """Return the places themselves: the table is asked only for colours."""
        return (places,)

    def corners(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows of the eight corners around places, and what share each has in them, both (n, 8)."""
        at = torch.minimum(((places - self._low) * self._per).clamp(min=0), self._last)
        low = torch.minimum(at.int(), self._first)
        part = at - low
        first = (low * self._strides).sum(1, dtype=torch.int32)
        rows = self.row.index_select(0, (first[:, None] + self._steps).reshape(-1)).reshape(-1, 8)
        x, y, z = torch.stack([1 - part, part], 2).unbind(1)  # (n, 2) each
        shares = ((x[:, :, None] * y[:, None, :]).reshape(-1, 4, 1) * z[:, None, :]).reshape(-1, 8)
        return rows, shares

    @torch.no_grad()
    def thick(self, found: Found) -> Tensor:
        """Return σ of what was found, shape (n,), without the colours and without a gradient."""
        (places,) = found
        volume = self.table[:, 0].contiguous().index_select(0, self.row).reshape(1, 1, *self.shape)
        at = (places - self._low) * self._per * (2 / self._last) - 1
        raw = functional.grid_sample(
            volume, at.flip(1)[None, None, None], padding_mode="border", align_corners=True
        )
        return DENSE * functional.softplus(KEEN * raw.reshape(-1))

    def coarsely(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n,), without a gradient."""
        return self.thick((places,))

    def lit(self, found: Found, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density and colour of what was found.

        Args:
            found: Places.
            way: Unit directions from which they are looked at, shape (n, 3).

        Returns:
            σ, shape (n,), and colours 0…1, shape (n, 3).
        """
        held = mixed(self.table, *self.corners(*found), 1)
        raw, own, told = torch.split(held, [1, PLAIN - 1, FEATURES], 1)
        basis = torch.cat([torch.full_like(way[:, :1], Y0), Y1 * way[:, [1, 2, 0]]], 1)
        colour = (own.reshape(-1, 3, 4) * basis[:, None]).sum(2) + self.gloss(torch.cat([told, way], 1))
        return DENSE * functional.softplus(KEEN * raw[:, 0]), torch.sigmoid(VIVID * colour)

    @torch.no_grad()
    def finer(self, count: int, near: Near | None = None) -> GridField:
        """Return the same field on a grid of another number of corners.

        Args:
            count: About how many.
            near: Tells which of given places, shape (n, 3), lie within given distances along the axes, shape (3,), of
                anything; all if None.

        Returns:
            The new field, with rows for corners that may matter.
        """
        gloss = deepcopy(self.gloss)
        plain = GridField(count, self.box, gloss=gloss).to(self.table)
        lines = [
            torch.linspace(low, high, size)
            for low, high, size in zip(self.box.low, self.box.high, plain.shape, strict=True)
        ]
        corners = torch.stack(torch.meshgrid(*lines, indexing="ij"), 3).reshape(-1, 3).to(self._low)
        if near is None:
            kept = torch.ones(len(corners), dtype=torch.bool, device=corners.device)
        else:
            kept = near(corners, 1 / plain._per)
        grown = GridField(count, self.box, kept=kept.cpu(), gloss=gloss).to(self.table)
        rows, shares = self.corners(corners[kept])
        grown.across = self.across
        grown.table[1:] = mixed(self.table, rows, shares)
        return grown


def _gloss() -> nn.Sequential:
    """Return a network of features and direction that adds nothing to any colour yet."""
    last = nn.Linear(WIDTH, 3)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    first, second = nn.Linear(FEATURES + 3, WIDTH), nn.Linear(WIDTH, WIDTH)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


def mixed(table: Tensor, rows: Tensor, shares: Tensor, still: int = 0) -> Tensor:
    """Return rows of a table mixed by shares; the first ``still`` rows never change."""
    found: Tensor = _Mix.apply(table, rows, shares, still)  # type: ignore[no-untyped-call]
    return found
