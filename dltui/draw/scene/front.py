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
INDEX = np.int32


class Front:
    """Distance and number of what is in front at each pixel; of two at the same distance the lower number.

    A border of one pixel takes what is outside, so that nothing need be cut off.

    Args:
        width: Pixels in a row.
        height: Number of rows.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._wide = width + 2
        self._far = np.full((height + 2) * self._wide, np.inf, np.float32)
        self._number = np.full((height + 2) * self._wide, -1, INDEX)

    @property
    def distance(self) -> Floats:
        """Distances, shape (height, width); infinite where nothing is."""
        return self._far.reshape(self.height + 2, self._wide)[1:-1, 1:-1]

    @property
    def number(self) -> NDArray[np.int32]:
        """Numbers, shape (height, width); −1 where nothing is."""
        return self._number.reshape(self.height + 2, self._wide)[1:-1, 1:-1]

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
        left, top, wide = (part[chosen] for part in boxes)
        whose = np.repeat(np.arange(chosen.size), count)
        place = np.arange(whose.size) - np.repeat(np.cumsum(count) - count, count)
        down, across = np.divmod(place, wide[whose])
        column, row = left[whose] + across, top[whose] + down
        shares = weights(corners[0][:, chosen], corners[1][:, chosen], whose, column + 0.5, row + 0.5)
        inside = np.flatnonzero((shares >= -EDGE).all(axis=0))
        whose, shares = whose[inside], shares[:, inside]
        far = corners[2][:, chosen][:, whose]
        deep = mixed(far, shares, perspective=eye.perspective)
        pixel = (row[inside] + 1) * self._wide + column[inside] + 1
        self._keep(pixel, deep, chosen[whose] + first)

    def _put_spots(self, seen: Floats, first: int, size: int) -> None:
        """Put points as squares."""
        numbers = np.arange(first, first + seen.shape[1], dtype=INDEX)
        half = (size - 1) / 2
        for down in range(size):
            for across in range(size):
                pixel = self._pixel(seen[0] + np.float32(across - half), seen[1] + np.float32(down - half))
                self._keep(pixel, seen[2], numbers)

    def _pixel(self, column: Floats, row: Floats) -> NDArray[np.int32]:
        """Return the pixels of places, those of the border for what is outside."""
        with np.errstate(invalid="ignore"):
            across = np.fmin(np.fmax(column + np.float32(1), 0), self.width + 1)  # NaN goes to the border too
            pixel: NDArray[np.int32] = np.fmin(np.fmax(row + np.float32(1), 0), self.height + 1).astype(
                np.int32
            )
            pixel *= self._wide
            pixel += across.astype(np.int32)
        return pixel

    def _keep(self, pixel: NDArray[np.integer], far: Floats, numbers: Ints | NDArray[np.int32]) -> None:
        """Keep what is nearer than what is there; numbers ascend."""
        nearer = np.flatnonzero(far < self._far[pixel])
        if not nearer.size:
            return
        deep = far[nearer]
        # Positive floats are in the order of their bits, and integers are sorted faster; the last one assigned stays.
        order = np.argsort(deep.view(np.int32), kind="stable")[::-1]
        chosen = nearer[order]
        where = pixel[chosen]
        self._far[where] = deep[order]
        self._number[where] = numbers[chosen]


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
        inverse = (1 / twice)[whose]
    x = across.take(whose, axis=1) - np.asarray(column, np.float32)
    y = down.take(whose, axis=1) - np.asarray(row, np.float32)
    first = (x[1] * y[2] - x[2] * y[1]) * inverse
    second = (x[2] * y[0] - x[0] * y[2]) * inverse
    return np.stack([first, second, 1 - first - second]).astype(np.float32)


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
