"""How near points are to each other: squared distances, and the affinities of t-SNE at a wanted perplexity."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ROUNDS = 100  # of the search for a bandwidth at most
CLOSE = 1e-5  # how near the entropy of a row comes to the logarithm of the perplexity


def squared_distances(x: Tensor) -> Tensor:
    """Return ‖xᵢ − xⱼ‖² of all pairs.

    Args:
        x: Points, shape (n, d).

    Returns:
        Shape (n, n), in the precision of the points; 0 on the diagonal and never below.
    """
    centred = x - x.mean(0)
    gram = centred @ centred.T
    norms = gram.diagonal().clone()
    found = gram.mul_(-2).add_(norms[:, None]).add_(norms[None, :]).clamp_min_(0)
    found.fill_diagonal_(0)
    return found


def affinities(distances: Tensor, perplexity: float) -> Tensor:
    """Return the joint probabilities p_ij of t-SNE, (p_j|i + p_i|j) / 2n.

    p_j|i ∝ exp(−β_i ‖xᵢ − xⱼ‖²), each β_i so that the entropy of the row is log(perplexity) (van der Maaten and Hinton
    2008, JMLR 9, section 2). β_i is found by Newton's method on log β within a bracket that every step narrows.

    Args:
        distances: Squared distances, shape (n, n).
        perplexity: Effective number of neighbours, above 1 and below n.

    Returns:
        Shape (n, n), symmetric, the sum is 1.
    """
    count = len(distances)
    own = torch.eye(count, dtype=torch.bool, device=distances.device)
    shifted = distances.masked_fill(own, math.inf)
    shifted = shifted - shifted.min(1, keepdim=True).values  # the nearest at 0, so that no row vanishes
    target = math.log(perplexity)
    scale = shifted.masked_fill(own, 0).mean(1).clamp_min(1e-30)
    log_beta = -torch.log(scale)
    low, high = log_beta - 40, log_beta + 40
    for _ in range(ROUNDS):
        entropy, slope, row = _entropy(shifted, log_beta.exp(), own)
        error = entropy - target
        if bool((error.abs() < CLOSE).all()):
            break
        low = torch.where(error > 0, log_beta, low)  # too wide: β must grow
        high = torch.where(error > 0, high, log_beta)
        step = log_beta - error / slope.clamp_max(-1e-8)
        log_beta = torch.where((step > low) & (step < high), step, (low + high) / 2)
    return (row + row.T) / (2 * count)


def _entropy(shifted: Tensor, beta: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the entropy of each row, its derivative by log β, and the rows p_j|i themselves.

    H = log Σ e^(−βd) + β E[d], and dH / d log β = −β² Var[d].
    """
    row = torch.exp(-beta[:, None] * shifted)
    total = row.sum(1, keepdim=True)
    row = row / total
    finite = shifted.masked_fill(own, 0)
    mean = (row * finite).sum(1)
    square = (row * finite * finite).sum(1)
    entropy = torch.log(total[:, 0]) + beta * mean
    return entropy, -(beta**2) * (square - mean**2), row
