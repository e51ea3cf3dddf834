"""Superpixels: pieces of a picture that are alike in colour and lie together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

COMPACT = 20.0  # how much a step of one spacing counts beside a difference in CIELAB
ROUNDS = 10
TINY = 16  # pixels of a side up to which a plain grid is as good
# Linear sRGB to XYZ of D65 (IEC 61966-2-1), relative to white.
XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])


def superpixels(picture: Floats, count: int) -> Labels:
    """Return about ``count`` pieces of a picture: SLIC for photos, a grid for tiny pictures.

    Args:
        picture: Shape (h, w, c), 0 … 1; one channel or three.
        count: Pieces that are wanted.

    Returns:
        The number of each pixel's piece, from 0 without gaps, shape (h, w).
    """
    height, width = picture.shape[:2]
    if min(height, width) <= TINY:
        return grid(height, width, count)
    return slic(picture, count)


def grid(height: int, width: int, count: int) -> Labels:
    """Return a picture cut into about ``count`` squares.

    Args:
        height: Pixels of a column.
        width: Pixels of a row.
        count: Squares that are wanted.

    Returns:
        Shape (h, w).
    """
    side = max(1.0, math.sqrt(height * width / max(1, count)))
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    down, across = np.arange(height) * rows // height, np.arange(width) * columns // width
    return down[:, None] * columns + across[None, :]


def slic(picture: Floats, count: int, *, compactness: float = COMPACT) -> Labels:
    """Return superpixels by SLIC: k-means in colour and place, each centre looking only at its surroundings.

    D² = ΔLab² + (compactness · Δplace / S)², with the spacing S = √(pixels / count). Pieces that came apart are given
    to their neighbours afterwards. Achanta et al., *SLIC Superpixels Compared to State-of-the-art Superpixel Methods*,
    2012.

    Args:
        picture: Shape (h, w, c), 0 … 1.
        count: Pieces that are wanted.
        compactness: How much place counts beside colour.

    Returns:
        Connected pieces, numbered from 0 without gaps, shape (h, w).
    """
    lab = to_lab(picture)
    height, width = lab.shape[:2]
    spacing = max(1.0, math.sqrt(height * width / max(1, count)))
    start = grid(height, width, count)
    row, column = np.mgrid[0:height, 0:width].astype(float)
    points = np.concatenate([lab, np.stack([row, column], axis=-1) * (compactness / spacing)], axis=-1)
    centres = _means(points, start, int(start.max()) + 1)
    reach = math.ceil(spacing)
    labels = start
    for _ in range(ROUNDS):
        nearest = np.full((height, width), np.inf)
        new = labels.copy()
        for i, centre in enumerate(centres):
            y, x = centre[-2:] * (spacing / compactness)
            area = np.s_[
                max(0, int(y) - reach) : int(y) + reach + 1, max(0, int(x) - reach) : int(x) + reach + 1
            ]
            far = ((points[area] - centre) ** 2).sum(axis=-1)
            closer = far < nearest[area]
            nearest[area][closer] = far[closer]
            new[area][closer] = i
        if np.array_equal(new, labels):
            break
        labels = new
        centres = _means(points, labels, len(centres))
    return connected(labels, smallest=int(spacing**2 / 4))


def to_lab(picture: Floats) -> Floats:
    """Return an sRGB picture in CIELAB (D65); a grey one as lightness alone.

    Args:
        picture: Shape (h, w, 1) or (h, w, 3), 0 … 1.

    Returns:
        Shape (h, w, 1) or (h, w, 3); lightness goes from 0 to 100.
    """
    shares = np.clip(np.asarray(picture, float), 0, 1)
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    grey = linear.shape[-1] != 3
    xyz = linear[..., :1] if grey else linear @ XYZ.T / XYZ.sum(axis=1)
    bent = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    if grey:
        lightness: Floats = 116 * bent - 16
        return lightness
    x, y, z = (bent[..., i] for i in range(3))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def connected(labels: Labels, *, smallest: int) -> Labels:
    """Return pieces that hang together; those below ``smallest`` pixels are given to a neighbour.

    Args:
        labels: Shape (h, w).
        smallest: Pixels that a piece must have.

    Returns:
        Numbers from 0 without gaps, shape (h, w).
    """
    height, width = labels.shape
    old, new = labels.ravel().tolist(), [-1] * labels.size
    count = 0
    for start in range(len(old)):
        if new[start] >= 0:
            continue
        beside, stack, piece = -1, [start], []
        new[start] = count
        while stack:
            place = stack.pop()
            piece.append(place)
            row, column = divmod(place, width)
            for near in (
                place - width if row else -1,
                place + width if row + 1 < height else -1,
                place - 1 if column else -1,
                place + 1 if column + 1 < width else -1,
            ):
                if near < 0:
                    continue
                if new[near] < 0 and old[near] == old[start]:
                    new[near] = count
                    stack.append(near)
                elif 0 <= new[near] < count:
                    beside = new[near]
        if len(piece) < smallest and beside >= 0:
            for place in piece:
                new[place] = beside
        else:
            count += 1
    return np.array(new, np.int64).reshape(height, width)


def _means(points: Floats, labels: Labels, count: int) -> Floats:
    """Return the mean of the points of each piece, shape (count, …); one without a point lies nowhere near."""
    flat, where = points.reshape(-1, points.shape[-1]), labels.ravel()
    number = np.bincount(where, minlength=count)
    total = np.stack([np.bincount(where, flat[:, i], minlength=count) for i in range(flat.shape[1])], axis=1)
    means: Floats = np.where(number[:, None] > 0, total / np.maximum(number, 1)[:, None], 1e9)
    return means
