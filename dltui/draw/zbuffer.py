"""Triangles to pixels, the nearest one in front: a z-buffer without a loop over triangles or pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.draw.scales import Floats

Ints = NDArray[np.int64]
SLACK = 1e-7  # pixels; closes the hairline cracks that rounding leaves between neighbours
FAR = np.iinfo(np.int64).max
INDEX_BITS = 32
DEPTHS = 1 << 30  # steps of depth that are told apart


@dataclass(frozen=True, slots=True)
class Hits:
    """The triangle in front at each pixel.

    Attributes:
        seen: Where any triangle is, shape (height, width).
        depth: Its distance, shape (height, width); infinite where there is none.
        triangle: Its number, for the seen pixels in reading order, shape (n,).
        weights: Where in the triangle the pixel lies, as shares of the three corners, shape (3, n).
        turned: Whether its corners run clockwise on the screen there, so that it is seen from behind, shape (n,).
    """

    seen: NDArray[np.bool_]
    depth: Floats
    triangle: Ints
    weights: Floats
    turned: NDArray[np.bool_]

    def blend(self, corners: Floats) -> Floats:
        """Return what the corners of each triangle bear, shape (3, triangles), mixed at each seen pixel."""
        mixed: Floats = (corners[:, self.triangle] * self.weights).sum(axis=0)
        return mixed


def rasterise(x: Floats, y: Floats, depth: Floats, width: int, height: int) -> Hits:
    """Return which triangle is seen at the middle of each pixel.

    Args:
        x: Corners across, in pixels from the left border, shape (3, triangles).
        y: Corners down, in pixels from the top border, same shape.
        depth: Distance of the corners, smaller is nearer, same shape.
        width: Pixels in a row.
        height: Number of rows.

    Returns:
        The triangle in front at every pixel, and where it is hit.
    """
    shares = _shares(x, y)
    usable = np.isfinite(shares).all(axis=(0, 1)) & np.isfinite(depth).all(axis=0)
    upper = np.where(usable, np.ceil(y.min(axis=0) - 0.5 - SLACK), 1)
    lower = np.where(usable, y.max(axis=0) - 0.5 + SLACK, 0)
    triangle, row = _runs(upper, lower, height)
    middle = np.add(row, 0.5, dtype=np.float64)
    slope, start = shares[:, 0, triangle], shares[:, 1, triangle] * middle + shares[:, 2, triangle]
    first, last = _spans(slope, start)
    strip, column = _runs(np.ceil(first - 0.5 - SLACK), last - 0.5 + SLACK, width)
    deep = depth[:, triangle]
    far = (start * deep).sum(axis=0)[strip] + (slope * deep).sum(axis=0)[strip] * (column + 0.5)
    winner = _nearest(row[strip] * width + column, far, width * height)
    won = winner[winner >= 0]
    weights = slope[:, strip[won]] * (column[won] + 0.5) + start[:, strip[won]]
    nearest = np.full(width * height, np.inf)
    nearest[winner >= 0] = far[won]
    seen = (winner >= 0).reshape(height, width)
    front = triangle[strip[won]]
    turned = shares[0, 0, front] * shares[1, 1, front] - shares[0, 1, front] * shares[1, 0, front] > 0
    return Hits(seen, nearest.reshape(height, width), front, weights, turned)


def _shares(x: Floats, y: Floats) -> Floats:
    """Return the weight of each corner as a·x + b·y + c, shape (3 corners, 3 factors, triangles); NaN for flat ones."""
    twice = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    shares = np.empty((3, 3, x.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for corner, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
            shares[corner, 0] = (y[one] - y[other]) / twice
            shares[corner, 1] = (x[other] - x[one]) / twice
            shares[corner, 2] = (x[one] * y[other] - x[other] * y[one]) / twice
    return shares


def _runs(first: Floats, last: Floats, size: int) -> tuple[Ints, Ints]:
    """Return every whole number from first to last within 0…size − 1, and to which run it belongs: (run, number)."""
    start = np.clip(first, 0, size).astype(np.int64)
    stop = np.clip(np.floor(last) + 1, 0, size).astype(np.int64)
    count = np.maximum(stop - start, 0)
    run = np.repeat(np.arange(len(count)), count)
    return run, np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - start, count)


def _spans(slope: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Return from where to where a row lies inside its triangle: the stretch where no weight is negative."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = -start / slope
    flat = slope == 0
    first = np.where(slope > 0, root, np.where(flat & (start < 0), np.inf, -np.inf)).max(axis=0)
    last = np.where(slope < 0, root, np.inf).min(axis=0)
    return first, last


def _nearest(pixel: Ints, far: Floats, pixels: int) -> Ints:
    """Return for each pixel the number of the nearest of its candidates, or −1 where it has none."""
    if not pixel.size:
        return np.full(pixels, -1, np.int64)
    low, high = float(far.min()), float(far.max())
    steps = ((far - low) * ((DEPTHS - 1) / max(high - low, 1e-300))).astype(np.int64)
    front = np.full(pixels, FAR, np.int64)
    np.minimum.at(front, pixel, (steps << INDEX_BITS) | np.arange(len(pixel)))
    return np.where(front == FAR, -1, front & ((1 << INDEX_BITS) - 1))
