"""Features in the basis in which linear probes are quickly fitted: standardised, then turned into their own axes.

With the standardised training features X = U S Vᵀ, a linear model with a squared penalty on its weights has its weights
in the span of the samples, so that nothing is lost when X is replaced by Z = X V = U S, which has no more columns than
there are samples; and ‖W‖ is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FLAT = 1e-10  # directions with less than this share of the largest variance carry nothing


@dataclass(frozen=True)
class Basis:
    """Training and held-out features, turned.

    Attributes:
        learn: Z, shape (n, r), float64; its columns are orthogonal and have mean 0.
        held: The held-out features in the same axes, shape (m, r).
        sizes: S, the lengths of the columns of Z, shape (r,), descending.
    """

    learn: Tensor
    held: Tensor
    sizes: Tensor


def turned(learn: Tensor, held: Tensor) -> Basis:
    """Return features, standardised by the training part, in their own axes.

    Args:
        learn: Training features, shape (n, d); columns that never change are left out.
        held: Held-out features, shape (m, d).

    Returns:
        Both in the new basis.
    """
    x, other = learn.double(), held.double()
    mean, spread = x.mean(0), x.std(0, correction=0)
    changing = spread > 1e-12 * spread.max().clamp_min(1e-300)
    x = (x[:, changing] - mean[changing]) / spread[changing]
    other = (other[:, changing] - mean[changing]) / spread[changing]
    if x.shape[1] <= x.shape[0]:
        squares, axes = torch.linalg.eigh(x.T @ x)
        kept = squares > FLAT * squares.max() if len(squares) else squares > 0
        axes, sizes = axes[:, kept].flip(1), squares[kept].flip(0).sqrt()
        return Basis(x @ axes, other @ axes, sizes)
    squares, left = torch.linalg.eigh(x @ x.T)
    kept = squares > FLAT * squares.max()
    left, sizes = left[:, kept].flip(1), squares[kept].flip(0).sqrt()
    return Basis(left * sizes, (other @ x.T) @ (left / sizes), sizes)
