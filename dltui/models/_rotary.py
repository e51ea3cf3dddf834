"""Places as rotations: Su et al., *RoFormer: Enhanced Transformer with Rotary Position Embedding*, 2021.

Shape letters in this file: B batch, N heads, T positions, H size of a head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Rotary:
    """How fast each pair of numbers of a head turns from one place to the next.

    Attributes:
        theta: Base of the wavelengths; pair i turns by theta^(−2i/H) a place.
        kind: ``default``; ``linear``, all angles divided by ``factor`` (Chen et al. 2023); or ``llama3``, where only
            the long waves are, and those between gradually (Llama 3.1).
        factor: By how much the context was stretched.
        low_freq_factor: Waves that fit fewer times than this into the old context are stretched whole.
        high_freq_factor: Waves that fit more often than this stay as they are.
        original_context: Positions before stretching.
    """

    theta: float = 10_000.0
    kind: str = "default"
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_context: int = 8192

    def frequencies(self, size: int) -> Tensor:
        """Return the angle by which each pair turns from one place to the next.

        Args:
            size: H, numbers of a head.

        Returns:
            Radians, shape (H / 2,).
        """
        turns = self.theta ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
        if self.kind == "default":
            return turns
        stretched: Tensor = turns / self.factor
        if self.kind == "linear":
            return stretched
        fits = self.original_context * turns / (2 * math.pi)  # waves in the old context
        kept = (fits - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor)
        return torch.lerp(stretched, turns, kept.clamp(0, 1))


def rotated(x_BNTH: Tensor, frequencies: Tensor) -> Tensor:
    """Return queries or keys turned by their places; number i of a head is paired with number i + H/2.

    Args:
        x_BNTH: Queries or keys.
        frequencies: Radians a place, shape (H / 2,).

    Returns:
        The same shape; products of two depend on how far apart they stand alone.
    """
    places = torch.arange(x_BNTH.shape[-2], device=x_BNTH.device, dtype=torch.float32)
    angles = places[:, None] * frequencies.to(x_BNTH.device)
    cos, sin = angles.cos().to(x_BNTH.dtype), angles.sin().to(x_BNTH.dtype)
    first, second = x_BNTH.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
