"""The rows of a weight tensor as what they are, filters: the dead ones, the double ones, and their pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dltui.figures import Array

DEAD = 0.02  # a filter whose norm is no larger share of the median norm: weight decay shrinks unused ones, not to 0
ALIKE = 0.99  # filters whose |cosine| is at least this are doubles
ROWS = 8192  # filters up to which every pair is compared
PAIRS = 200  # doubles that are named
PICTURES = 256  # filters that are drawn
LARGEST = 64  # pixels of a picture's side
SMALLEST = 3


@dataclass(frozen=True, eq=False)
class Filters:
    """What is known of the outputs of a tensor.

    Attributes:
        norms: Norm of each, shape (m,).
        dead: Those that are (nearly) 0.
        doubles: Pairs with their cosine, the nearest to ±1 first, at most 200.
        double_count: How many pairs there are in all; None where there are too many outputs to compare.
    """

    norms: Array
    dead: list[int]
    doubles: list[tuple[int, int, float]]
    double_count: int | None


def read_filters(matrix: Array) -> Filters:
    """Return norms, dead and double outputs of a tensor.

    Args:
        matrix: One output a row, shape (m, n).

    Returns:
        What is found.
    """
    count = matrix.shape[0]
    norms = np.concatenate([np.linalg.norm(block, axis=1) for _, block in _blocks(matrix)])
    middle = float(np.median(norms[norms > 0])) if (norms > 0).any() else 0.0
    dead = np.flatnonzero(norms <= DEAD * middle)
    if count > ROWS:
        return Filters(norms, dead.tolist(), [], None)
    alive = np.flatnonzero(norms > DEAD * middle)
    unit = (matrix[alive].astype(np.float32).T / norms[alive].astype(np.float32)).T
    found: list[tuple[int, int, float]] = []
    total = 0
    for start in range(0, alive.size, 1024):
        cosines = unit[start : start + 1024] @ unit[start:].T
        one, other = np.nonzero(np.triu(np.abs(cosines) >= ALIKE, 1))
        total += one.size
        near = np.argsort(-np.abs(cosines[one, other]), kind="stable")[:PAIRS]
        pairs = zip(one[near].tolist(), other[near].tolist(), strict=True)
        found += [(int(alive[start + i]), int(alive[start + j]), float(cosines[i, j])) for i, j in pairs]
    found.sort(key=lambda pair: -abs(pair[2]))
    return Filters(norms, dead.tolist(), found[:PAIRS], total)


def _blocks(matrix: Array) -> list[tuple[int, Array]]:
    """Return rows in float64, some at a time."""
    step = max(1, (1 << 22) // max(1, matrix.shape[1]))
    return [(i, matrix[i : i + step].astype(np.float64)) for i in range(0, matrix.shape[0], step)]


def pictures(values: Array, *, first: bool) -> tuple[Array, list[str]] | None:
    """Return the filters of a tensor as pictures, 0 in the middle grey.

    A convolution with three input channels gives colour pictures, one with a single channel grey ones, any other the
    kernels of its first filters, one for each pair of channels. The rows of the first matrix of a model are pictures
    where their length is that of a square.

    Args:
        values: The tensor.
        first: Whether it is the first of its model that has several axes.

    Returns:
        Pixels in 0…1, shape (k, h, w) or (k, h, w, 3), each scaled by its own largest magnitude, and what stands
        below each; None where there is nothing to draw.
    """
    shaped = _pictured(values, first=first)
    if shaped is None:
        return None
    pixels, names = shaped
    axes = tuple(range(1, pixels.ndim))
    top = np.abs(pixels).max(axis=axes, keepdims=True)
    shades: Array = (0.5 + 0.5 * pixels / np.where(top > 0, top, 1)).astype(np.float32)
    return shades, names


def _pictured(values: Array, *, first: bool) -> tuple[Array, list[str]] | None:
    """Return filters in the shape of pictures, signed."""
    if values.dtype.kind != "f":
        return None
    if values.ndim == 4 and min(values.shape[2:]) >= SMALLEST and max(values.shape[2:]) <= LARGEST:
        outputs, channels = values.shape[:2]
        if channels == 3:
            return np.moveaxis(values[:PICTURES], 1, -1), [str(i) for i in range(min(outputs, PICTURES))]
        each = max(1, min(channels, PICTURES // min(outputs, 16)))
        kept = values[: max(1, PICTURES // each), :each]
        names = [str(i) if channels == 1 else f"{i}←{j}" for i in range(kept.shape[0]) for j in range(each)]
        return kept.reshape(-1, *values.shape[2:]), names
    if values.ndim == 2 and first:
        side = math.isqrt(values.shape[1])
        if side * side == values.shape[1] and 2 * SMALLEST <= side <= LARGEST:
            rows = values[:PICTURES]
            return rows.reshape(-1, side, side), [str(i) for i in range(len(rows))]
    return None
