"""Singular values of a tensor seen as a matrix, and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array
from dltui.instruments.weights.powerlaw import PowerLaw, fit

SMALL = 128  # rows or columns up to which singular values are computed directly
LARGE = 8192  # fewer rows or columns than these a matrix must have
ROWS = 1024  # rows that are multiplied at once
FEWEST = 20  # singular values that an exponent is fitted to, at least


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Singular values of W, shape (m, n), and what they say.

    Attributes:
        values: σ, descending, shape (min(m, n),).
        stable_rank: ‖W‖_F² / σ₁².
        effective_rank: exp of the entropy of σ / Σσ (Roy and Vetterli 2007).
        rank: How many are above σ₁ · max(m, n) · ε of float32.
        edge: (√m + √n) · s, where the singular values of noise with the standard deviation s of W would end.
        spikes: How many are above that.
        law: The power law of the tail of σ², over those that ``rank`` counts, or None for fewer than 20.
    """

    values: Array
    stable_rank: float
    effective_rank: float
    rank: int
    edge: float
    spikes: int
    law: PowerLaw | None


def as_matrix(values: Array) -> Array | None:
    """Return a tensor as a matrix: the first axis (outputs) against all others; None where it has fewer than two axes.

    Args:
        values: The tensor.

    Returns:
        Shape (m, n) with m and n of at least 2, or None.
    """
    if values.ndim < 2 or values.dtype.kind not in "fc":
        return None
    matrix = values.reshape(values.shape[0], -1)
    return matrix if min(matrix.shape) >= 2 else None


def singular_values(matrix: Array) -> Array:
    """Return the singular values of a matrix, descending.

    Small ones are decomposed; of large ones the eigenvalues of WᵀW or WWᵀ, the smaller, are taken in float64, which
    loses what is below 1e-8 of the largest.

    Args:
        matrix: Real or complex, shape (m, n).

    Returns:
        Shape (min(m, n),), float64.
    """
    wide = np.complex128 if matrix.dtype.kind == "c" else np.float64
    if min(matrix.shape) <= SMALL:
        values: Array = np.linalg.svd(matrix.astype(wide), compute_uv=False)
        return values
    squares = np.linalg.eigvalsh(gram(matrix))[::-1]
    return np.sqrt(np.maximum(squares, 0))


def gram(matrix: Array) -> Array:
    """Return WᵀW or WWᴴ, whichever is smaller, added up over blocks of rows or columns in float64."""
    long = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    size = long.shape[1]
    wide = np.complex128 if matrix.dtype.kind == "c" else np.float64
    found: Array = np.zeros((size, size), wide)
    for start in range(0, long.shape[0], ROWS):
        block = long[start : start + ROWS].astype(wide)
        found += block.conj().T @ block
    return found


def read_spectrum(values: Array, shape: tuple[int, int], std: float) -> Spectrum:
    """Return what singular values say.

    Args:
        values: σ, descending, shape (k,).
        shape: (m, n) of the matrix.
        std: Standard deviation of its numbers.

    Returns:
        Ranks, the edge of noise, and the power law of σ² where there are enough of them.
    """
    largest = float(values[0])
    squares = (values / largest) ** 2 if largest else np.zeros_like(values)
    shares = values / values.sum() if largest else values
    shares = shares[shares > 0]
    edge = std * (math.sqrt(shape[0]) + math.sqrt(shape[1]))
    counted = values[values > largest * max(shape) * float(np.finfo(np.float32).eps)]
    return Spectrum(
        values=values,
        stable_rank=float(squares.sum()),
        effective_rank=float(np.exp(-(shares * np.log(shares)).sum())) if largest else 0.0,
        rank=counted.size,
        edge=edge,
        spikes=int((values > edge).sum()),
        law=fit(counted**2) if counted.size >= FEWEST else None,
    )
