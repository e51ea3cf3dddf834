"""A ray through four slabs, sampled and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from dltui.scene.nerf.composite import Samples

Doubles = NDArray[np.float64]
COLOURS = {
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "yellow": (1.0, 1.0, 0.0),
    "white": (1.0, 1.0, 1.0),
}
SLAB, SLABS = 0.5, 4  # length of a slab along the ray, and how many there are
SOFT = 0.2  # width of a soft slab: its density is σ·exp(−(d/SOFT)²) at a distance d from its middle
ORIGIN = np.zeros(3)
WAY = np.array([2.0, 1.0, 0.5]) / np.linalg.norm([2.0, 1.0, 0.5])


@dataclass(frozen=True, eq=False)
class Volume:
    """Four slabs across the ray, one behind the other from t = 0 on.

    Attributes:
        sigma: Their densities, shape (4,).
        rgb: Their colours, shape (4, 3).
        soft: Whether they fade into each other.
    """

    sigma: Doubles
    rgb: Doubles
    soft: bool

    def shares(self, t: Tensor) -> Tensor:
        """Return how much of each slab's density is found at distances, shape (n, 4)."""
        import torch

        middles = (torch.arange(SLABS, dtype=torch.double) + 0.5) * SLAB
        away = t[:, None] - middles
        return (
            torch.exp(-((away / SOFT) ** 2))
            if self.soft
            else ((away >= -SLAB / 2) & (away < SLAB / 2)).double()
        )

    def at(self, t: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Return density, shape (n,), and colour, shape (n, 3), at distances, for some densities of the slabs."""
        import torch

        parts = self.shares(t) * sigma
        total = parts.sum(1)
        mixed = parts @ torch.from_numpy(self.rgb) / total.clamp(min=1e-300)[:, None]
        return total, torch.where(total[:, None] > 0, mixed, 0.0)


@dataclass(frozen=True, eq=False)
class Along:
    """A ray, sample by sample.

    Attributes:
        t: Distances.
        delta: Stretches δ.
        sigma: Densities σ.
        alpha: What each swallows.
        through: What reaches it, T.
        weight: w = Tα.
        rgb: Colours, shape (n, 3).
        pixel: C, shape (3,).
        slope: ∂C/∂σ of the four slabs, shape (4, 3).
    """

    t: Doubles
    delta: Doubles
    sigma: Doubles
    alpha: Doubles
    through: Doubles
    weight: Doubles
    rgb: Doubles
    pixel: Doubles
    slope: Doubles

    @property
    def places(self) -> Doubles:
        """r(t) = o + t·d of each, shape (n, 3)."""
        spots: Doubles = ORIGIN + self.t[:, None] * WAY
        return spots


def along(volume: Volume, near: float, far: float, count: int, seed: int | None = None) -> Along:
    """Return what happens along the ray.

    Args:
        volume: What it goes through.
        near: Where it begins to be looked at.
        far: Where that ends.
        count: Samples.
        seed: Seed of stratified samples; None for even ones.

    Returns:
        Every sample, the pixel, and its derivatives by the densities.
    """
    import torch

    from dltui.scene.nerf.composite import through

    given = torch.from_numpy(volume.sigma).requires_grad_()
    samples, sigma, rgb, weight, pixel = _summed(volume, given, near, far, count, seed)
    slope = torch.stack([torch.autograd.grad(part, given, retain_graph=True)[0] for part in pixel], 1)
    parts = (
        samples.t,
        samples.step,
        sigma,
        -torch.expm1(-sigma * samples.step),
        through(sigma, samples),
        weight,
        rgb,
        pixel,
        slope,
    )
    return Along(*(part.detach().numpy() for part in parts))


def pixel_of(volume: Volume, near: float, far: float, count: int, seed: int | None = None) -> Doubles:
    """Return the pixel alone, shape (3,), of the same arguments."""
    import torch

    found: Doubles = _summed(volume, torch.from_numpy(volume.sigma), near, far, count, seed)[-1].numpy()
    return found


def _summed(
    volume: Volume, given: Tensor, near: float, far: float, count: int, seed: int | None
) -> tuple[Samples, Tensor, Tensor, Tensor, Tensor]:
    """Return the samples, their densities, colours and weights, and the pixel."""
    import torch

    from dltui.scene.nerf.composite import gather, weights
    from dltui.scene.nerf.stations import stations

    generator = None if seed is None else torch.Generator().manual_seed(seed)
    samples = stations(near, far, count, generator)
    sigma, rgb = volume.at(samples.t, given)
    weight = weights(sigma, samples)
    return samples, sigma, rgb, weight, gather(rgb, weight, samples)[0]
