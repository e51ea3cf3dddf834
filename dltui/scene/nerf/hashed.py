"""A radiance field as Instant NGP has it (Müller et al. 2022): hashed grids of several sizes, two small networks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dltui.scene.nerf.composite import Box
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

    kind = "hash"
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
        self.register_buffer("_across", torch.tensor(sizes, dtype=torch.float32), persistent=False)
        self.register_buffer("_factors", factors, persistent=False)
        self.register_buffer("_first", first[:, None], persistent=False)

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
        cell = at.int()  # (n, levels, 3); products may overflow: only their lowest bits count
        inner = at - cell
        sides = torch.stack([1 - inner, inner], 3)
        x, y, z = (torch.stack([cell, cell + 1], 3) * self._factors[:, :, None]).unbind(2)
        x, y, z = x[:, :, :, None, None], y[:, :, None, :, None], z[:, :, None, None, :]
        own = self._own
        rows = torch.cat(
            [x[:, :own] + y[:, :own] + z[:, :own], (x[:, own:] ^ y[:, own:] ^ z[:, own:]) & LAST], 1
        )
        rows = (rows.flatten(2) + self._first).long()
        across, upward, away = sides.unbind(2)
        shares = across[:, :, :, None, None] * upward[:, :, None, :, None] * away[:, :, None, None, :]
        found = mixed(self.table, rows.reshape(-1, 8), shares.reshape(-1, 8))
        return found.reshape(len(places), -1)


def _sigma(told: Tensor) -> Tensor:
    """Return densities from what the first network tells."""
    return torch.exp(told[:, 0].clamp(max=12))
