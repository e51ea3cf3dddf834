"""A radiance field on a grid of voxels: density and colour by direction at the corners, in between by eight neighbours.

After DVGO (Sun et al. 2022) and Plenoxels (Yu et al. 2021): no network at all, so that it learns in seconds on one
core.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 13  # a density, and four coefficients for each of three colours
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
        parts = (shares[:, :, None] * grad[:, None, :]).reshape(-1, grad.shape[1])
        found.index_add_(0, rows.reshape(-1), parts)
        return found, None, None


class GridField(nn.Module):
    """Density and colour in a cube.

    Args:
        size: Corners of the grid, either way.
        half: Half the side of the cube.
    """

    def __init__(self, size: int, half: float) -> None:
        super().__init__()
        self.size, self.extent = size, half
        table = torch.zeros(size**3, CHANNELS)
        table[:, 0] = START
        self.table = nn.Parameter(table)

    @property
    def voxel(self) -> float:
        """Side of a cell."""
        return 2 * self.extent / (self.size - 1)

    def density(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n,)."""
        return DENSE * functional.softplus(self._mixed(places)[:, 0])

    def forward(self, places: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density and colour.

        Args:
            places: Where, shape (n, 3).
            way: Unit directions from which they are looked at, shape (n, 3).

        Returns:
            σ, shape (n,), and colours 0…1, shape (n, 3).
        """
        found = self._mixed(places)
        basis = torch.cat([torch.full_like(way[:, :1], Y0), Y1 * way[:, [1, 2, 0]]], 1)
        colour = (found[:, 1:].reshape(-1, 3, 4) * basis[:, None]).sum(2)
        return DENSE * functional.softplus(found[:, 0]), torch.sigmoid(VIVID * colour)

    def _mixed(self, places: Tensor) -> Tensor:
        """Return the table at places, by eight neighbours."""
        at = ((places + self.extent) / self.voxel).clamp(0, self.size - 1.001)
        low = at.long()
        part = at - low
        first = (low[:, 0] * self.size + low[:, 1]) * self.size + low[:, 2]
        across = self.size
        steps = torch.tensor(
            [(x * across + y) * across + z for x in (0, 1) for y in (0, 1) for z in (0, 1)],
            device=places.device,
        )
        sides = torch.stack([1 - part, part], 2)  # (n, 3, 2)
        shares = (
            sides[:, 0, :, None, None] * sides[:, 1, None, :, None] * sides[:, 2, None, None, :]
        ).reshape(-1, 8)
        mixed: Tensor = _Mix.apply(self.table, first[:, None] + steps, shares)  # type: ignore[no-untyped-call]
        return mixed

    @torch.no_grad()
    def finer(self, size: int) -> GridField:
        """Return the same field on a grid of another size."""
        across = self.size
        volume = self.table.reshape(1, across, across, across, CHANNELS).permute(0, 4, 1, 2, 3)
        grown = functional.interpolate(volume, size=(size,) * 3, mode="trilinear", align_corners=True)
        found = GridField(size, self.extent).to(self.table)
        found.table.copy_(grown.permute(0, 2, 3, 4, 1).reshape(size**3, CHANNELS))
        return found
