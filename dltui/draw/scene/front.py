"""The z-buffer: what is in front at each pixel, points and triangles by the same rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.scene.eye import Eye

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
CHUNK = 1 << 16  # points at once: what they need stays in the cache of a core
PAIRS = 1 << 21  # pairs of triangle and pixel at once
EDGE = 1e-4  # how far outside a triangle a pixel still counts: neighbours leave no cracks
BITS = 32  # of a key: those of the distance above, those of the number below
EMPTY = (int(np.array(np.inf, np.float32).view(np.int32)) + 1 << BITS) - 1  # of a pixel on which nothing is


class Front:
    """Distance and number of what is in front at each pixel; of two at the same distance the lower number.

    Both are one whole number, the bits of the distance before those of the number, for positive floats are in the order
    of their bits: what is in front is the least. A border of one pixel takes what is outside, so that nothing need be
    cut off.

    Args:
        width: Pixels in a row.
        height: Number of rows.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._wide = width + 2
        self._far = np.full((height + 2) * self._wide, np.inf, np.float32)
        self._key = np.full((height + 2) * self._wide, EMPTY, np.int64)

    @property
    def distance(self) -> Floats:
        """Distances, shape (height, width); infinite where nothing is."""
        return self._far.reshape(self.height + 2, self._wide)[1:-1, 1:-1]

    @property
    def number(self) -> NDArray[np.int32]:
        """Numbers, shape (height, width); −1 where nothing is."""
        return self._key.reshape(self.height + 2, self._wide)[1:-1, 1:-1].astype(np.int32)  # the lower bits

    def put_points(self, columns: Floats, eye: Eye, *, first: int = 0, size: int = 1) -> None:
        """Put points.

        Args:
            columns: Places in space, shape (3, n), each row without gaps.
            eye: Who looks.
            first: Number of the first point.
            size: Pixels of a point across and down.
        """
        total = columns.shape[1]
        rows, shift = eye.matrix[:, :3], eye.matrix[:, 3:]
        room = np.empty((3, min(CHUNK, max(total, 1))), np.float32)
        for start in range(0, total, CHUNK):
            part = columns[:, start : start + CHUNK]
            seen = room[:, : part.shape[1]]
            np.matmul(rows, part, out=seen)
            seen += shift
            eye.divide(seen)
            self._put_spots(seen, first + start, size)

    def put_spots(self, seen: Floats, numbers: Ints | NDArray[np.int32]) -> None:
        """Put places that were already seen, shape (3, n), under numbers of their own that ascend."""
        for start in range(0, len(numbers), CHUNK):  # most of a later part lies behind what is there already
            part = slice(start, start + CHUNK)
            self._keep(self._pixel(seen[0, part], seen[1, part]), seen[2, part], numbers[part])

    def put_triangles(self, seen: Floats, triangles: NDArray[np.int32], eye: Eye, *, first: int = 0) -> None:
        """Put triangles at the middles of the pixels that they cover.

        One that covers no middle is a point at its own middle, so that fine meshes don't go thin.

        Args:
            seen: Columns, rows and distances of the corners, shape (3, v).
            triangles: The corners of each, shape (3, f).
            eye: Who looks.
            first: Number of the first triangle.
        """
        for start in range(0, triangles.shape[1], CHUNK):
            self._put_part(seen, triangles[:, start : start + CHUNK], eye, first + start)

    def renumber(self, numbers: Ints) -> None:
        """Give what is there other numbers.

        Args:
            numbers: For each number so far the new one, ascending.
        """
        there = self._key != EMPTY
        far, number = np.divmod(self._key[there], 1 << BITS)
        self._key[there] = (far << BITS) | numbers[number]

    def _put_part(self, seen: Floats, triangles: NDArray[np.int32], eye: Eye, first: int) -> None:
        """Put some triangles."""
        corners = triangles.astype(np.intp)  # once, and not in every look-up
        across, down, far = (row.take(corners) for row in seen)
        left, right = _middles(across, self.width)
        top, bottom = _middles(down, self.height)
        deep = _middle(far)
        usable = np.isfinite(deep)
        wide = np.where(usable, np.maximum(right - left, 0), 0)
        count = wide.astype(np.int64) * np.maximum(bottom - top, 0)
        small = np.flatnonzero(usable & (count == 0))
        if small.size:
            middles = np.stack([part[small] for part in (_middle(across), _middle(down), deep)])
            self.put_spots(middles, small + first)
        whole = np.flatnonzero(count)
        ends = np.cumsum(count[whole])
        start = 0
        while start < whole.size:  # by number of pairs, at least one triangle at a time
            done = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, done + PAIRS)), start + 1)
            chosen = whole[start:stop]
            self._cover((across, down, far), chosen, (left, top, wide), count[chosen], eye, first)
            start = stop

    def _cover(
        self,
        corners: tuple[Floats, Floats, Floats],
        chosen: Ints,
        boxes: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]],
        count: Ints,
        eye: Eye,
        first: int,
    ) -> None:
        """Put the chosen triangles at the pixels of their boxes that lie inside."""
        left, top, wide = (part.take(chosen) for part in boxes)
        whose = np.repeat(np.arange(chosen.size), count)
        place = (np.arange(whose.size) - (np.cumsum(count) - count).take(whose)).astype(np.int32)
        width = wide.take(whose)
        # Exact below 2⁵³, and faster than a division of whole numbers.
        down = (place / width).astype(np.int32)
        row = top.take(whose) + down
        down *= width
        place -= down
        column = left.take(whose) + place
        across, below = (part.take(chosen, axis=1) for part in corners[:2])
        middle = [part.astype(np.float32) + np.float32(0.5) for part in (column, row)]
        shares = weights(across, below, whose, *middle)
        inside = np.flatnonzero((shares >= -EDGE).all(axis=0))
        mine, shares = chosen.take(whose.take(inside)), shares.take(inside, axis=1)
        deep = mixed(corners[2].take(mine, axis=1), shares, perspective=eye.perspective)
        pixel = (row.take(inside) + 1) * self._wide + column.take(inside) + 1
        self._keep(pixel, deep, mine + first)

    def _put_spots(self, seen: Floats, first: int, size: int) -> None:
        """Put points as squares."""
        numbers = np.arange(first, first + seen.shape[1], dtype=np.int32)
        half = (size - 1) / 2
        for down in range(size):
            for across in range(size):
                pixel = self._pixel(seen[0] + np.float32(across - half), seen[1] + np.float32(down - half))
                self._keep(pixel, seen[2], numbers)

    def _pixel(self, column: Floats, row: Floats) -> NDArray[np.int32]:
        """Return the pixels of places, those of the border for what is outside."""
        if not _within(column, self.width) or not _within(row, self.height):
            column, row = _kept(column, self.width), _kept(row, self.height)
        pixel: NDArray[np.int32] = row.astype(np.int32)
        pixel *= self._wide
        pixel += column.astype(np.int32)
        pixel += self._wide + 1
        return pixel

    def _keep(self, pixel: NDArray[np.integer], far: Floats, numbers: Ints | NDArray[np.int32]) -> None:
        """Keep what is nearer than what is there; of two as near the lower number."""
        pixel = pixel.astype(np.intp, copy=False)
        nearer = np.flatnonzero(far < self._far.take(pixel))
        if not nearer.size:
            return
        where = pixel[nearer]
        key = far[nearer].view(np.int32).astype(np.int64)
        key <<= BITS
        key |= numbers[nearer]
        np.minimum.at(self._key, where, key)
        self._far[where] = (self._key[where] >> BITS).astype(np.int32).view(np.float32)


def _within(places: Floats, size: int) -> bool:
    """Return whether all places lie on the screen; most scenes are seen whole."""
    return places.size > 0 and bool(places.min() >= 0) and bool(places.max() < size)


def _kept(places: Floats, size: int) -> Floats:
    """Return the pixels of places, −1 or the size for what lies outside."""
    with np.errstate(invalid="ignore"):
        return np.fmin(np.fmax(np.floor(places), -1), size)  # NaN goes to the border too


def weights(across: Floats, down: Floats, whose: Ints, column: Floats, row: Floats) -> Floats:
    """Return the shares that the corners of triangles have in places on the screen.

    Args:
        across: Columns of the corners, shape (3, f).
        down: Rows of the corners, shape (3, f).
        whose: To which triangle each place belongs, shape (n,).
        column: Places across, shape (n,).
        row: Places down, shape (n,).

    Returns:
        Shares, shape (3, n), which add up to 1; NaN for triangles without area.
    """
    twice = (across[1] - across[0]) * (down[2] - down[0]) - (across[2] - across[0]) * (down[1] - down[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = (1 / twice).take(whose)
    x, y = across.take(whose, axis=1), down.take(whose, axis=1)
    x -= np.asarray(column, np.float32)
    y -= np.asarray(row, np.float32)
    shares = np.empty_like(x)
    for corner, (one, other) in enumerate(((1, 2), (2, 0))):
        np.multiply(x[one], y[other], out=shares[corner])
        shares[corner] -= x[other] * y[one]
        shares[corner] *= inverse
    np.subtract(1, shares[0], out=shares[2])
    shares[2] -= shares[1]
    return shares


def mixed(far: Floats, shares: Floats, *, perspective: bool) -> Floats:
    """Return the distance of places in triangles: in perspective its inverse is what grows evenly on the screen."""
    if not perspective:
        return np.asarray((far * shares).sum(axis=0), np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 / (shares / far).sum(axis=0), np.float32)


def _middles(places: Floats, size: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first pixel whose middle lies between the corners, and the one after the last."""
    with np.errstate(invalid="ignore"):
        least, most = (by(by(places[0], places[1]), places[2]) for by in (np.minimum, np.maximum))
        low = np.clip(np.ceil(least - np.float32(0.5 + EDGE)), 0, size)
        high = np.clip(np.floor(most - np.float32(0.5 - EDGE)) + 1, 0, size)
    return np.nan_to_num(low).astype(np.int32), np.nan_to_num(high).astype(np.int32)


def _middle(corners: Floats) -> Floats:
    """Return the mean of three corners, shape (f,)."""
    with np.errstate(invalid="ignore"):
        found: Floats = corners[0] + corners[1]
        found += corners[2]
        found *= np.float32(1 / 3)
    return found
