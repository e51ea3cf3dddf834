"""A radiance field as Instant NGP has it (Müller et al. 2022): hashed grids of several sizes, two small networks."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from dltui.scene.nerf.composite import Box, Found
from dltui.scene.nerf.field import mixed

LEVELS, COARSEST, FINEST = 8, 8, 96
ENTRIES, FEATURES = 1 << 14, 2
ACROSS = 64  # samples across the longest side, about
WIDTH, TOLD = 64, 16  # of hidden layers, and what the first network tells the second
PRIMES = (1, 2654435761 - (1 << 32), 805459861)  # as 32 bits with a sign
LAST = ENTRIES - 1


class HashField(nn.Module):
    """Density and colour in a box, from rows of a table that several places share by chance.

    Args:
        box: Where it lies.
    """

    kind, extra = "hash", 0
    across = 1
    _low: Tensor
    _across: Tensor
    _factors: Tensor
    _first: Tensor

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.box = box
        self._side = max(box.sides)
        self.voxel = self._side / ACROSS
        growth = (FINEST / COARSEST) ** (1 / (LEVELS - 1))
        sizes = [math.floor(COARSEST * growth**level + 0.5) for level in range(LEVELS)]
        self._own = sum((size + 1) ** 3 <= ENTRIES for size in sizes)  # levels with a row for every corner
        own = [((size + 1) ** 2, size + 1, 1) for size in sizes[: self._own]]
        factors = torch.tensor(own + [PRIMES] * (LEVELS - self._own), dtype=torch.int32)
        first = torch.arange(LEVELS, dtype=torch.int32) * ENTRIES
        self.table = nn.Parameter((torch.rand(LEVELS * ENTRIES, FEATURES) - 0.5) * 2e-2)
        self.dense = nn.Sequential(nn.Linear(LEVELS * FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, TOLD))
        self.vivid = nn.Sequential(nn.Linear(TOLD + 3, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3))
        self.register_buffer("_low", box.corners(factors.device)[0], persistent=False)
        self.register_buffer("_across", torch.tensor(sizes, dtype=torch.float32)[:, None], persistent=False)
        self.register_buffer("_factors", factors.T[:, :, None].contiguous(), persistent=False)
        self.register_buffer("_first", first[:, None], persistent=False)

    def thick(self, found: Found) -> Tensor:
        """Return σ of what was found, shape (n,), without a gradient."""
        with torch.no_grad():
            return _sigma(self.dense(self._mixed(found)))

    def coarsely(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n,), without a gradient."""
        return self.thick(self.find(places))

    def lit(self, found: Found, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density, shape (n,), and colours 0…1, shape (n, 3), of what was found, seen along unit directions."""
        told = self.dense(self._mixed(found))
        return _sigma(told), torch.sigmoid(self.vivid(torch.cat([told, way], 1)))

    def find(self, places: Tensor) -> Found:
        """Return rows and shares of the corners around places, (n, levels, 8) both.

        Whole levels are worked at a time, one number a place: that is many times faster than small blocks of eight.
        """
        part = ((places - self._low) / self._side).clamp(0, 1).T
        at = torch.minimum(part[:, None] * self._across, self._across - 1e-3)  # (3, levels, n)
        cell = at.int()  # products may overflow: only their lowest bits count
        inner = at - cell
        near = cell * self._factors
        far = near + self._factors
        own, rows, shares = self._own, [], []
        for bits in itertools.product((0, 1), repeat=3):
            x, y, z = ((near, far)[bit][axis] for axis, bit in enumerate(bits))
            row = torch.cat([x[:own] + y[:own] + z[:own], (x[own:] ^ y[own:] ^ z[own:]) & LAST])
            rows.append(row + self._first)
            x, y, z = (inner[axis] if bit else 1 - inner[axis] for axis, bit in enumerate(bits))
            shares.append(x * y * z)
        return torch.stack(rows, 2).transpose(0, 1), torch.stack(shares, 2).transpose(0, 1)

    def _mixed(self, found: Found) -> Tensor:
        """Return what all levels say of what was found, shape (n, levels·features)."""
        rows, shares = found
        rows, shares = (part.transpose(0, 1).reshape(-1, 8) for part in (rows, shares))
        told = mixed(self.table, rows, shares).reshape(LEVELS, -1, FEATURES)
        return told.transpose(0, 1).flatten(1)


def _sigma(told: Tensor) -> Tensor:
    """Return densities from what the first network tells."""
    return torch.exp(told[:, 0].clamp(max=12))
