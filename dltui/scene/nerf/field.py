"""A radiance field on a grid of voxels: density and colour by direction at the corners, in between by eight neighbours.

After DVGO (Sun et al. 2022) and Plenoxels (Yu et al. 2021): no network at all, so that it learns in seconds on one
core.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.scene.nerf.composite import Box

USED = 13  # a density, and four coefficients for each of three colours
CHANNELS = 16  # of a row in memory: twice as fast to add to as thirteen
BLOCK = 1 << 12  # samples whose gradients are spread at once: they stay in the cache
START = -3.0  # of the density before softplus: nearly clear
DENSE, VIVID = 25.0, 3.5  # how strongly density and colour answer to the table
Y0, Y1 = 0.28209479, 0.48860251  # spherical harmonics of degree 0 and 1


class _Mix(torch.autograd.Function):
    """Rows of a table mixed by weights; no gradient to the weights."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, shares: Tensor) -> Tensor:
        """Return Σ shareᵢ · rowᵢ, shape (n, channels)."""
        ctx.save_for_backward(rows, shares)
        ctx.size = table.shape
        return functional.embedding_bag(rows, table, per_sample_weights=shares, mode="sum")

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of the table."""
        rows, shares = ctx.saved_tensors
        found = torch.zeros(ctx.size, dtype=grad.dtype, device=grad.device)
        block = BLOCK if grad.device.type == "cpu" else max(len(rows), 1)
        for row, share, part in zip(
            *(torch.split(part, block) for part in (rows, shares, grad)), strict=True
        ):
            spread = (share[:, :, None] * part[:, None, :]).reshape(-1, grad.shape[1])
            found.index_add_(0, row.reshape(-1), spread)
        return found, None, None


class GridField(nn.Module):
    """Density and colour in a box.

    Args:
        count: About how many corners the grid has in all; its cells are cubes as nearly as can be.
        box: Where it lies.
        shape: Corners along each axis, where they are known.
        voxel: Side of a cell, likewise.
    """

    kind = "grid"
    _low: Tensor
    _per: Tensor
    _last: Tensor
    _strides: Tensor
    _steps: Tensor

    def __init__(
        self, count: int, box: Box, *, shape: tuple[int, ...] = (), voxel: float | None = None
    ) -> None:
        super().__init__()
        self.box = box
        self.voxel = voxel or (box.volume / count) ** (1 / 3)
        self.shape = shape or tuple(max(2, round(side / self.voxel)) for side in box.sides)
        corners = math.prod(self.shape)
        table = torch.zeros(corners, CHANNELS)
        table[:, 0] = START
        self.table = nn.Parameter(table)
        low, high = box.corners(table.device)
        across = torch.tensor(self.shape, dtype=table.dtype)
        strides = torch.tensor([self.shape[1] * self.shape[2], self.shape[2], 1])
        around = torch.tensor([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
        self.register_buffer("_low", low, persistent=False)
        self.register_buffer("_per", (across - 1) / (high - low), persistent=False)
        self.register_buffer("_last", across - 1.001, persistent=False)
        self.register_buffer("_strides", strides, persistent=False)
        self.register_buffer("_steps", around @ strides, persistent=False)

    def density(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n,)."""
        return DENSE * functional.softplus(mixed(self.table, *self._corners(places))[:, 0])

    def forward(self, places: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density and colour.

        Args:
            places: Where, shape (n, 3).
            way: Unit directions from which they are looked at, shape (n, 3).

        Returns:
            σ, shape (n,), and colours 0…1, shape (n, 3).
        """
        found = mixed(self.table, *self._corners(places))
        basis = torch.cat([torch.full_like(way[:, :1], Y0), Y1 * way[:, [1, 2, 0]]], 1)
        colour = (found[:, 1:USED].reshape(-1, 3, 4) * basis[:, None]).sum(2)
        return DENSE * functional.softplus(found[:, 0]), torch.sigmoid(VIVID * colour)

    def _corners(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the eight corners around places, and what share each has in them, both of shape (n, 8)."""
        at = torch.minimum(((places - self._low) * self._per).clamp(min=0), self._last)
        low = at.long()
        part = at - low
        first = (low * self._strides).sum(1)
        sides = torch.stack([1 - part, part], 2)  # (n, 3, 2)
        shares = (
            sides[:, 0, :, None, None] * sides[:, 1, None, :, None] * sides[:, 2, None, None, :]
        ).reshape(-1, 8)
        return first[:, None] + self._steps, shares

    @torch.no_grad()
    def finer(self, count: int) -> GridField:
        """Return the same field on a grid of another number of corners."""
        found = GridField(count, self.box).to(self.table)
        volume = self.table.reshape(1, *self.shape, CHANNELS).permute(0, 4, 1, 2, 3)
        grown = functional.interpolate(volume, size=found.shape, mode="trilinear", align_corners=True)
        found.table.copy_(grown.permute(0, 2, 3, 4, 1).reshape(-1, CHANNELS))
        return found


def mixed(table: Tensor, rows: Tensor, shares: Tensor) -> Tensor:
    """Return rows of a table mixed by shares."""
    found: Tensor = _Mix.apply(table, rows, shares)  # type: ignore[no-untyped-call]
    return found
