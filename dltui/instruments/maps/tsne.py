"""t-SNE: points of many dimensions in the plane, near ones near (van der Maaten and Hinton 2008, JMLR 9).

The gradient is exact. It is put together from blocks of rows that stay in the processor's cache, so that two thousand
points take some seconds: with t_ij = 1 / (1 + ‖yᵢ − yⱼ‖²) and Z = Σ t_ij,

    ∂KL / ∂yᵢ = 4 Σⱼ (p_ij t_ij − t_ij² / Z) (yᵢ − yⱼ),

and neither sum needs the other's result, nor Z before the end. Momentum, gains, early exaggeration and learning rate
are those of the authors, with n / 12 for the rate (Belkina et al. 2019, Nature Communications 10:5415).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 1 << 18  # pairs at once: 1 MiB of float32
EXAGGERATION = 12.0
EARLY = 250  # iterations with exaggerated attraction
GAINS = (0.2, 0.8, 0.01)  # added, kept, at least
TINY = 1e-12


@dataclass(frozen=True)
class Pull:
    """Where the points would go from one place.

    Attributes:
        gradient: ∂KL / ∂y, shape (n, 2).
        normaliser: Z.
        attraction: Σ p_ij log(1 + ‖yᵢ − yⱼ‖²), where it was asked for.
    """

    gradient: Tensor
    normaliser: float
    attraction: float | None


class Field:
    """The forces between the points, with the room for a block of pairs.

    Args:
        affinity: p_ij, shape (n, n), symmetric, the sum is 1.
    """

    def __init__(self, affinity: Tensor) -> None:
        self.affinity = affinity
        count = len(affinity)
        self._rows = max(1, BLOCK // count)
        self._room = [affinity.new_empty(self._rows, count) for _ in range(2)]
        positive = affinity[affinity > 0]
        self._negentropy = float((positive * positive.log()).sum(dtype=torch.float64))

    def pull(self, y: Tensor, exaggeration: float = 1.0, *, told: bool = False) -> Pull:
        """Return the gradient at ``y``.

        Args:
            y: Places, shape (n, 2).
            exaggeration: What the p_ij are multiplied with.
            told: Whether to find what the divergence needs, too.

        Returns:
            Gradient and normaliser.
        """
        count = len(y)
        along, across = y[:, 0].contiguous(), y[:, 1].contiguous()
        with_ones = torch.stack([
            along,
            across,
            torch.ones_like(along),
        ])  # (3, n): a product five times as fast
        attract, repel = torch.empty_like(with_ones), torch.empty_like(with_ones)
        normaliser = attraction = 0.0
        for start in range(0, count, self._rows):
            rows = slice(start, min(count, start + self._rows))
            near, other = (room[: rows.stop - rows.start] for room in self._room)
            torch.sub(along[rows, None], along, out=near)
            near.mul_(near).add_(1)
            torch.sub(across[rows, None], across, out=other)
            near.addcmul_(other, other)
            if told:
                attraction += float((self.affinity[rows] * near.log()).sum())
            near.reciprocal_()
            normaliser += float(near.sum())
            attract[:, rows] = with_ones @ torch.mul(self.affinity[rows], near, out=other).T
            repel[:, rows] = with_ones @ near.mul_(near).T
        normaliser -= count  # of each point with itself
        force = exaggeration * attract - repel / normaliser
        gradient = 4 * (force[2] * with_ones[:2] - force[:2]).T
        return Pull(gradient.contiguous(), normaliser, attraction if told else None)

    def divergence(self, y: Tensor) -> float:
        """Return KL(P ‖ Q) at ``y``, in nats."""
        found = self.pull(y, told=True)
        assert found.attraction is not None, "it was asked for"
        return self._negentropy + found.attraction + math.log(found.normaliser)


def tsne(
    field: Field,
    start: Tensor,
    *,
    iterations: int = 750,
    watch: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Return places in the plane whose neighbourhoods are those of the affinities.

    Args:
        field: The forces of their affinities.
        start: First places, shape (n, 2); brought to a spread of 1e-4 along the first axis.
        iterations: Steps in all; the first ``EARLY`` or a third with exaggerated attraction.
        watch: Called after every step with its number and the places.

    Returns:
        Shape (n, 2).
    """
    count = len(start)
    rate = max(count / EXAGGERATION / 4, 50.0)
    early = min(EARLY, iterations // 3)
    y = start / start[:, 0].std().clamp_min(TINY) * 1e-4
    velocity, gains = torch.zeros_like(y), torch.ones_like(y)
    rise, keep, least = GAINS
    for step in range(1, iterations + 1):
        gradient = field.pull(y, EXAGGERATION if step <= early else 1.0).gradient
        turned = velocity * gradient < 0  # the way down has been right so far
        gains = torch.where(turned, gains + rise, gains * keep).clamp_min_(least)
        velocity = (0.5 if step <= early else 0.8) * velocity - rate * gains * gradient
        y = y + velocity
        if watch is not None:
            watch(step, y)
    return y
