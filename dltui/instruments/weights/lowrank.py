"""The singular values of a difference of two matrices, and how many of them are more than rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dltui.figures import Array

KEPT = 64  # singular values that are kept
WHOLE = 512  # rows or columns, the fewer of them, up to which all singular values are computed
SUMMED = (
    4  # steps of rounding by which an update may be off that was computed in the type in which it is kept
)
SPARE, TURNS = 16, 3  # directions beyond those that are kept, and how often the product is applied again
FRACTIONS = {  # bits of the fraction of a stored type, by which its rounding is known
    "float64": 52,
    "float32": 23,
    "float16": 10,
    "bfloat16": 7,
    "float8_e4m3fn": 3,
    "float8_e5m2": 2,
}


@dataclass(frozen=True, eq=False)
class Difference:
    """What the singular values of Δ = B − A say.

    Attributes:
        values: The largest ones, descending, at most 64.
        rank: How many are above the edge.
        bound: Whether only the largest were computed and all of those are above it, so that the rank is at least that.
        full: Rows or columns, whichever are fewer.
        edge: Where those of rounding would end.
    """

    values: Array
    rank: int
    bound: bool
    full: int
    edge: float


def read_difference(one: Array, other: Array, dtypes: tuple[str, str], seed: int = 0) -> Difference:
    """Return the largest singular values of B − A and its rank beyond rounding.

    A number that is kept in a type with f bits of fraction was rounded by up to half of 2^(e − f), about evenly, with
    a standard deviation of 2^(e − f) / √12; an update that was a sum of products was off by a few such steps of its own
    before it was added. The largest singular value of such noise is at most about the largest norm of one of its rows
    plus that of one of its columns; what lies above was meant.

    Args:
        one: A, shape (m, n), finite.
        other: B, likewise.
        dtypes: The types in which A and B are stored.
        seed: Of the random directions for a large matrix.

    Returns:
        Singular values and rank.
    """
    delta = np.subtract(other, one, dtype=np.float64)
    rows, columns = np.zeros(delta.shape[0]), np.zeros(delta.shape[1])
    coarser = min(dtypes, key=lambda dtype: FRACTIONS.get(dtype, 23))
    for values, dtype, steps in ((one, dtypes[0], 1), (other, dtypes[1], 1), (delta, coarser, SUMMED)):
        for start in range(0, len(values), 1024):
            noise = _rounding(values[start : start + 1024], dtype) * steps**2
            rows[start : start + 1024] += noise.sum(axis=1)
            columns += noise.sum(axis=0)
    edge = float(np.sqrt(rows.max()) + np.sqrt(columns.max()))
    full = min(delta.shape)
    if full <= WHOLE:
        values = np.linalg.svd(delta, compute_uv=False)
    else:
        values = largest_values(delta, KEPT, seed)
    edge = max(
        edge, float(values[0]) * max(delta.shape) * np.finfo(np.float64).eps
    )  # of the decomposition itself
    rank = int((values > edge).sum())
    return Difference(values[:KEPT], rank, rank == len(values) < full, full, edge)


def _rounding(values: Array, dtype: str) -> Array:
    """Return the variance that rounding to the stored type gives to each number."""
    exponent = np.frexp(values.astype(np.float64))[1] - 1
    found: Array = np.where(values == 0, 0.0, np.ldexp(1.0, 2 * (exponent - FRACTIONS.get(dtype, 23))) / 12)
    return found


def largest_values(matrix: Array, count: int, seed: int = 0) -> Array:
    """Return the largest singular values of a large matrix by random directions (Halko, Martinsson and Tropp 2011).

    Args:
        matrix: Shape (m, n).
        count: How many are wanted.
        seed: Of the directions.

    Returns:
        Descending, shape (count,); never too large, and close to right where the spectrum falls.
    """
    generator = np.random.default_rng(seed)
    basis = generator.standard_normal((matrix.shape[1], count + SPARE), dtype=np.float32).astype(matrix.dtype)
    for _ in range(TURNS):
        basis = np.linalg.qr(matrix.T @ np.linalg.qr(matrix @ basis)[0])[0]
    values: Array = np.linalg.svd((matrix @ basis).astype(np.float64), compute_uv=False)
    return values[:count]
