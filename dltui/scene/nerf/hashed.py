"""A radiance field as Instant NGP has it (Müller et al. 2022): hashed grids of several sizes, two small networks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dltui.scene.nerf.composite import Box
from dltui.scene.nerf.field import mixed

LEVELS, COARSEST, FINEST = 8, 8, 96
ENTRIES, FEATURES = 1 << 14, 2
WIDTH, TOLD = 64, 16  # of hidden layers, and what the first network tells the second
PRIMES = (1, 2654435761, 805459861)


class HashField(nn.Module):
    """Density and colour in a box, from rows of a table that several places share by chance.

    Args:
        box: Where it lies.
    """

    kind = "hash"
    _across: Tensor
    _whole: Tensor
    _factors: Tensor
    _first: Tensor
    _bits: Tensor

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.box = box
        self._side = max(box.sides)
        self.voxel = self._side / FINEST
        growth = (FINEST / COARSEST) ** (1 / (LEVELS - 1))
        sizes = [math.floor(COARSEST * growth**level + 0.5) for level in range(LEVELS)]
        whole = [(size + 1) ** 3 <= ENTRIES for size in sizes]  # every corner has a row of its own
        factors = [
            ((size + 1) ** 2, size + 1, 1) if own else PRIMES for size, own in zip(sizes, whole, strict=True)
        ]
        bits = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        self.register_buffer("_across", torch.tensor(sizes, dtype=torch.float32), persistent=False)
        self.register_buffer("_whole", torch.tensor(whole), persistent=False)
        self.register_buffer("_factors", torch.tensor(factors), persistent=False)
        self.register_buffer("_first", torch.arange(LEVELS) * ENTRIES, persistent=False)
        self.register_buffer("_bits", torch.tensor(bits), persistent=False)
        self.table = nn.Parameter((torch.rand(LEVELS * ENTRIES, FEATURES) - 0.5) * 2e-2)
        self.dense = nn.Sequential(nn.Linear(LEVELS * FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, TOLD))
        self.vivid = nn.Sequential(nn.Linear(TOLD + 3, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3))

    def density(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n,)."""
        return _sigma(self.dense(self._features(places)))

    def forward(self, places: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density, shape (n,), and colours 0…1, shape (n, 3), of places seen along unit directions."""
        told = self.dense(self._features(places))
        return _sigma(told), torch.sigmoid(self.vivid(torch.cat([told, way], 1)))

    def _features(self, places: Tensor) -> Tensor:
        """Return what all levels say of places, shape (n, levels·features)."""
        low, _ = self.box.corners(places.device)
        part = ((places - low) / self._side).clamp(0, 1)
        at = torch.minimum(part[:, None] * self._across[:, None], self._across[:, None] - 1e-3)
        cell = at.long()  # (n, levels, 3)
        inner = (at - cell)[:, :, None]
        shares = torch.where(self._bits > 0, inner, 1 - inner).prod(3)
        corner = (cell[:, :, None] + self._bits) * self._factors[:, None]
        spread = (corner[..., 0] ^ corner[..., 1] ^ corner[..., 2]) % ENTRIES
        rows = torch.where(self._whole[:, None], corner.sum(3), spread) + self._first[:, None]
        found = mixed(self.table, rows.reshape(-1, 8), shares.reshape(-1, 8))
        return found.reshape(len(places), -1)


def _sigma(told: Tensor) -> Tensor:
    """Return densities from what the first network tells."""
    return torch.exp(told[:, 0].clamp(max=12))
