"""What a made-up picture is held to: small, smooth, and the same when it is shifted a little."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Priors:
    """How strongly.

    Attributes:
        l2: Weight of Σ (p − ½)², p the pixels in 0 … 1.
        tv: Weight of Σ √((∂ₓp)² + (∂ᵧp)²), the total variation.
        jitter: Pixels by which the picture is shifted at most, at random and around, before every step.
        blur: Standard deviation in pixels of the blur that is laid over the picture before every fourth step; it fades
            to nothing along the way.
    """

    l2: float = 0.0
    tv: float = 0.0
    jitter: int = 0
    blur: float = 0.0


def squares(pixels: Tensor) -> Tensor:
    """Return Σ (p − ½)² of each picture, shape (n,)."""
    return (pixels - 0.5).square().flatten(1).sum(1)


def variation(pixels: Tensor, power: float = 1.0) -> Tensor:
    """Return Σ ((∂ₓp)² + (∂ᵧp)²)^(power/2) of each picture, forward differences (Mahendran and Vedaldi 2015).

    Args:
        pixels: Shape (n, c, h, w).
        power: β; 1 is the total variation.

    Returns:
        Shape (n,).
    """
    padded = functional.pad(pixels, (0, 1, 0, 1), mode="replicate")
    across = padded[:, :, :-1, 1:] - pixels
    down = padded[:, :, 1:, :-1] - pixels
    steep = across.square() + down.square()
    if power != 2:
        steep = (steep + 1e-8) ** (power / 2)  # the root has no slope at 0
    return steep.flatten(1).sum(1)


def norm_power(pixels: Tensor, power: float) -> Tensor:
    """Return Σ |2p − 1|^power of each picture, shape (n,): next to nothing inside 0 … 1, steep beyond."""
    return (2 * pixels - 1).abs().pow(power).flatten(1).sum(1)


def shifted(pixels: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return the pictures shifted around by up to ``most`` pixels, all by the same."""
    if not most:
        return pixels
    down, across = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    return pixels.roll((down, across), (-2, -1))


def blurred(pixels: Tensor, sigma: float) -> Tensor:
    """Return the pictures under a Gaussian blur; beyond the border they go on as they end there.

    Args:
        pixels: Shape (n, c, h, w).
        sigma: Standard deviation in pixels.

    Returns:
        The same shape.
    """
    if sigma <= 0:
        return pixels
    reach = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=pixels.dtype, device=pixels.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    for axis in (-1, -2):
        length = pixels.shape[axis]
        places = torch.arange(length, device=pixels.device)
        taps = [
            pixels.index_select(axis, (places + int(o)).clamp(0, length - 1)) * w
            for o, w in zip(offsets, weights, strict=True)
        ]
        pixels = torch.stack(taps).sum(0)
    return pixels
