"""Volume rendering (Max 1995, Mildenhall et al. 2020): what a ray gathers on its way through a volume.

Along a ray with samples i at distances δᵢ of each other: αᵢ = 1 − e^(−σᵢδᵢ), Tᵢ = ∏_{j<i} (1 − αⱼ), wᵢ = Tᵢαᵢ,
C = Σ wᵢcᵢ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

Found = tuple[Tensor, ...]  # what is asked of a field for places, one row a place


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of many rays, one ray after the other.

    Attributes:
        ray: The ray of each, ascending, shape (s,).
        t: Its distance from the origin of the ray, shape (s,).
        step: The stretch that it stands for, δ, shape (s,).
        rays: How many rays there are.
    """

    ray: Tensor
    t: Tensor
    step: Tensor
    rays: int

    def kept(self, which: Tensor) -> Samples:
        """Return those with the given numbers."""
        ray, t, step = (part.index_select(0, which) for part in (self.ray, self.t, self.step))
        return Samples(ray, t, step, self.rays)


def through(sigma: Tensor, samples: Samples) -> Tensor:
    """Return what share of the light of each sample comes through, Tᵢ, shape (s,).

    The sum in the exponent runs over all rays at once, and its value at the start of each is taken off again: in
    float64, since in float32 a hundred thousand samples leave errors of a thousandth.

    Args:
        sigma: Density of each sample, at least 0, shape (s,).
        samples: Where they are.

    Returns:
        From 0 to 1.
    """
    depth = sigma * samples.step
    total = depth.double().cumsum(0)
    before = total - depth.double()
    first = torch.searchsorted(samples.ray, torch.arange(samples.rays, device=sigma.device))
    base = torch.cat([before, before.new_zeros(1)])[first.clamp(max=len(before))]
    return torch.exp(base.index_select(0, samples.ray) - before).to(sigma.dtype)


def weights(sigma: Tensor, samples: Samples) -> Tensor:
    """Return the weight wᵢ = Tᵢαᵢ of each sample, shape (s,).

    Args:
        sigma: Density of each sample, at least 0, shape (s,).
        samples: Where they are.

    Returns:
        Weights; those of a ray add up to its opacity.
    """
    return through(sigma, samples) * -torch.expm1(-sigma * samples.step)


def gather(values: Tensor, weight: Tensor, samples: Samples) -> Tensor:
    """Return Σ wᵢ·vᵢ of each ray, shape (rays, …).

    Args:
        values: What each sample bears, shape (s,) or (s, k).
        weight: Its weight, shape (s,).
        samples: Where they are.

    Returns:
        Sums.
    """
    parts = values * (weight if values.ndim == 1 else weight[:, None])
    out = torch.zeros((samples.rays, *values.shape[1:]), dtype=parts.dtype, device=parts.device)
    return out.index_add(0, samples.ray, parts)


@dataclass(frozen=True)
class Box:
    """A box along the axes.

    Attributes:
        low: Its least corner.
        high: Its greatest corner.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def sides(self) -> tuple[float, float, float]:
        """How long it is along each axis."""
        x, y, z = (high - low for low, high in zip(self.low, self.high, strict=True))
        return x, y, z

    @property
    def volume(self) -> float:
        """What it holds."""
        return math.prod(self.sides)

    def corners(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return both corners, each of shape (3,)."""
        return torch.tensor(self.low, device=device), torch.tensor(self.high, device=device)


def cube(half: float) -> Box:
    """Return the box around the origin whose sides are twice as long as ``half``."""
    return Box((-half, -half, -half), (half, half, half))


def box_interval(origin: Tensor, way: Tensor, box: Box) -> tuple[Tensor, Tensor]:
    """Return where rays enter a box and leave it; enter ≥ leave for those that miss it.

    Args:
        origin: Where rays begin, shape (n, 3).
        way: Unit directions, shape (n, 3).
        box: What they go through.

    Returns:
        Two arrays of shape (n,), from 0 on.
    """
    inverse = 1 / torch.where(way.abs() < 1e-9, torch.full_like(way, 1e-9), way)
    low, high = box.corners(origin.device)
    one, other = (low - origin) * inverse, (high - origin) * inverse
    enter = torch.minimum(one, other).amax(1).clamp(min=0)
    return enter, torch.maximum(one, other).amin(1)
