"""Whether neighbours are of one class, and whether a map keeps them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

NEIGHBOURS = 10


def nearest(distances: Tensor, count: int = NEIGHBOURS) -> Tensor:
    """Return which points are nearest to each, itself left out.

    Args:
        distances: Shape (n, n).
        count: k, how many.

    Returns:
        Indices, shape (n, k), the nearest first.
    """
    return distances.clone().fill_diagonal_(math.inf).topk(count, largest=False).indices


def purity(near: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return which share of the nearest points is of the same class, and its standard error over the points.

    Args:
        near: Indices, shape (n, k).
        labels: Classes, shape (n,).

    Returns:
        Mean and standard error.
    """
    shares = (labels[near] == labels[:, None]).double().mean(1)
    return float(shares.mean()), float(shares.std() / len(shares) ** 0.5)


def chance(labels: Tensor) -> float:
    """Return the purity of neighbours that are drawn at random: Σ n_c (n_c − 1) / n (n − 1)."""
    sizes = torch.bincount(labels).double()
    count = len(labels)
    return float((sizes * (sizes - 1)).sum() / max(1, count * (count - 1)))


def trustworthiness(distances: Tensor, placed: Tensor, count: int = NEIGHBOURS) -> float:
    """Return how far the neighbours on a map are neighbours of the points as well.

    1 − 2 / (n k (2n − 3k − 1)) · Σᵢ Σⱼ max(0, r(i, j) − k), over the k nearest j on the map, r(i, j) being the rank of
    j by its distance from i before (Venna and Kaski 2001).

    Args:
        distances: Of the points, shape (n, n).
        placed: Of their places on the map, shape (n, n).
        count: k.

    Returns:
        1 where all neighbours are kept.
    """
    size = len(distances)
    order = distances.clone().fill_diagonal_(-1).argsort(dim=1, stable=True)
    ranks = torch.empty_like(order)
    ranks.scatter_(1, order, torch.arange(size, device=order.device).expand(size, size).contiguous())
    beyond = (ranks.gather(1, nearest(placed, count)) - count).clamp_min(0).sum()
    return 1 - float(beyond) * 2 / (size * count * (2 * size - 3 * count - 1))
