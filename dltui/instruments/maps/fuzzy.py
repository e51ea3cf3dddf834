"""The graph of UMAP: how surely each point is a neighbour of each (McInnes, Healy and Melville 2018, arXiv:1802.03426).

vⱼ|ᵢ = exp(−max(0, d_ij − ρᵢ) / σᵢ) for the k nearest, the point itself counted among them; ρᵢ is the distance to the
nearest other one, σᵢ so that Σⱼ vⱼ|ᵢ = log₂ k. Both directions are joined by the probabilistic sum a + b − ab.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ROUNDS = 64  # of the search for σ
LEAST = 1e-3  # σ is at least this share of the mean distance


def fuzzy_graph(distances: Tensor, neighbours: int) -> Tensor:
    """Return how surely two points are neighbours.

    Args:
        distances: Squared distances, shape (n, n).
        neighbours: k, the point itself counted; at least 2 and at most n.

    Returns:
        Shape (n, n), symmetric, 0 … 1, nothing on the diagonal.
    """
    count = len(distances)
    own = torch.eye(count, dtype=torch.bool, device=distances.device)
    near = distances.masked_fill(own, math.inf).topk(neighbours - 1, largest=False)
    lengths = near.values.clamp_min(0).sqrt()
    sure = torch.exp(-_beyond(lengths) / _scales(lengths, neighbours)[:, None])
    directed = torch.zeros_like(distances).scatter_(1, near.indices, sure)
    return directed + directed.T - directed * directed.T


def _beyond(lengths: Tensor) -> Tensor:
    """Return max(0, d − ρ): how much farther each neighbour is than the nearest one that isn't at the same place."""
    apart = torch.where(lengths > 0, lengths, math.inf).min(1, keepdim=True).values
    return (lengths - torch.where(apart.isfinite(), apart, 0)).clamp_min(0)


def _scales(lengths: Tensor, neighbours: int) -> Tensor:
    """Return σ of each point by bisection on its logarithm, where the sum falls as σ does."""
    beyond, target = _beyond(lengths), math.log2(neighbours)
    floor = LEAST * lengths.mean(1).clamp_min(1e-12)
    low, high = torch.log(floor) - 20, torch.log(floor) + 30
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        over = torch.exp(-beyond / middle.exp()[:, None]).sum(1) > target
        low, high = torch.where(over, low, middle), torch.where(over, middle, high)
    return torch.maximum(((low + high) / 2).exp(), floor)
