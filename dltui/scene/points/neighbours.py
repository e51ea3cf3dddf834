"""Nearest neighbours, exactly: a balanced k-d tree (Bentley 1975) that is asked by many points at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAF = 12  # points of a leaf at least; fewer than twice as many
BATCH = 1 << 14  # questions at once


class Tree:
    """Points, cut in halves along their longest side until few are left.

    Args:
        places: Shape (n, d), n ≥ 1, all finite.
        leaf: Points of a leaf at least.
    """

    def __init__(self, places: NDArray[np.floating], *, leaf: int = LEAF) -> None:
        held = np.ascontiguousarray(places, np.float64)
        self.count = len(held)
        self.levels = max(0, int(np.log2(max(self.count, 1) / leaf)))
        self.order = np.arange(self.count)
        for level in range(self.levels):
            self._cut(held, level)
        ends = self._ends(self.levels)
        wide = int(np.diff(ends).max())
        at = ends[:-1, None] + np.arange(wide)
        inside = at < ends[1:, None]
        self.number = np.where(inside, self.order[np.minimum(at, self.count - 1)], -1)  # shape (leaves, wide)
        self.leaves = np.where(inside[:, :, None], held[self.number], np.inf)
        self._low, self._high = self._boxes(held[self.number], inside)

    def _ends(self, level: int) -> Ints:
        """Return where the parts of a level begin, and the end of the last one."""
        return np.arange((1 << level) + 1) * self.count >> level

    def _cut(self, held: Doubles, level: int) -> None:
        """Order every part of a level along its longest side."""
        ends = self._ends(level)
        placed = held[self.order]
        low, high = np.minimum.reduceat(placed, ends[:-1]), np.maximum.reduceat(placed, ends[:-1])
        side = np.argmax(high - low, axis=1)
        part = np.repeat(np.arange(1 << level), np.diff(ends))
        row = np.arange(len(side))
        span = (high - low)[row, side]
        share = (placed[np.arange(self.count), side[part]] - low[row, side][part]) / np.where(
            span > 0, span, 1
        )[part]
        self.order = self.order[np.argsort(part + 0.999 * share, kind="stable")]

    def _boxes(self, held: Doubles, inside: NDArray[np.bool_]) -> tuple[list[Doubles], list[Doubles]]:
        """Return the least and greatest coordinates of the parts of every level."""
        low = [np.where(inside[:, :, None], held, np.inf).min(axis=1)]
        high = [np.where(inside[:, :, None], held, -np.inf).max(axis=1)]
        for _ in range(self.levels):
            low.insert(0, np.minimum(low[0][::2], low[0][1::2]))
            high.insert(0, np.maximum(high[0][::2], high[0][1::2]))
        return low, high

    def nearest(self, asked: NDArray[np.floating], count: int = 1) -> tuple[Doubles, Ints]:
        """Return the nearest points of each asked place, the nearest first.

        Args:
            asked: Places, shape (m, d).
            count: How many neighbours, at most n; a point that is asked for itself is one of them.

        Returns:
            Distances, shape (m, count), and the numbers of the points, shape (m, count).

        Raises:
            UsageError: If there are fewer points than that.
        """
        if not 1 <= count <= self.count:
            raise UsageError(f"{count} neighbours of {self.count} points can't be found: ask for fewer")
        places = np.ascontiguousarray(asked, np.float64)
        squares, numbers = np.empty((len(places), count)), np.empty((len(places), count), np.int64)
        for rows in self._batches(places):
            squares[rows], numbers[rows] = self._batch(places[rows], count)
        return np.sqrt(squares), numbers

    def _batches(self, places: Doubles) -> list[Ints]:
        """Return the questions in parts whose places lie together."""
        if len(places) <= BATCH:
            return [np.arange(len(places))]
        leaf = self._leaf_of(places)
        order = np.argsort(leaf, kind="stable")
        return [order[i : i + BATCH] for i in range(0, len(order), BATCH)]

    def _leaf_of(self, places: Doubles) -> Ints:
        """Return the leaf that lies nearest on the way down, for each place."""
        node = np.zeros(len(places), np.int64)
        for level in range(1, self.levels + 1):
            left, right = (
                _outside(places, self._low[level][n], self._high[level][n]) for n in (2 * node, 2 * node + 1)
            )
            node = 2 * node + (right < left)
        return node

    def _batch(self, places: Doubles, count: int) -> tuple[Doubles, Ints]:
        """Return squared distances and numbers for some places."""
        squares = np.full((len(places), count), np.inf)
        numbers = np.full((len(places), count), -1, np.int64)
        home, everyone = self._leaf_of(places), np.arange(len(places))
        some = self.count >> self.levels  # points of a leaf at least
        kin = next(bits for bits in range(self.levels + 1) if some << bits >= count or bits == self.levels)
        for cousin in range(
            1 << kin
        ):  # so many leaves that the last neighbour is known, though it may be too far
            self._look(places, everyone, (home >> kin << kin) + cousin, squares, numbers)
        row, leaf, far = self._candidates(places, squares[:, -1])
        fresh = leaf >> kin != home[row] >> kin
        row, leaf, far = row[fresh], leaf[fresh], far[fresh]
        order = np.lexsort((far, row))
        row, leaf, far = row[order], leaf[order], far[order]
        begin = np.searchsorted(row, np.arange(len(places)))
        stop = np.append(begin[1:], len(row))
        turn, alive = 0, np.flatnonzero(begin < stop)
        while alive.size:  # the nearest leaf of everyone, then the next one of those that still need it
            at = begin[alive] + turn
            needed = far[at] < squares[alive, -1]
            alive, at = alive[needed], at[needed]
            self._look(places, alive, leaf[at], squares, numbers)
            turn += 1
            alive = alive[begin[alive] + turn < stop[alive]]
        return squares, numbers

    def _candidates(self, places: Doubles, reach: Doubles) -> tuple[Ints, Ints, Doubles]:
        """Return pairs of place and leaf whose box lies nearer than the reach, squared, and how far it lies."""
        row, node = np.arange(len(places)), np.zeros(len(places), np.int64)
        far = np.zeros(len(places))
        for level in range(1, self.levels + 1):
            row, node = np.repeat(row, 2), np.repeat(2 * node, 2)
            node[1::2] += 1
            far = _outside(places[row], self._low[level][node], self._high[level][node])
            near = far < reach[row]
            row, node, far = row[near], node[near], far[near]
        return row, node, far

    def _look(self, places: Doubles, rows: Ints, leaf: Ints, squares: Doubles, numbers: Ints) -> None:
        """Take the points of one leaf for each row into the nearest ones."""
        if not rows.size:
            return
        count = squares.shape[1]
        away = ((self.leaves[leaf] - places[rows, None, :]) ** 2).sum(axis=2)
        both = np.concatenate([squares[rows], away], axis=1)
        names = np.concatenate([numbers[rows], self.number[leaf]], axis=1)
        if count == 1:
            best = np.argmin(both, axis=1)[:, None]
        else:
            best = np.argpartition(both, count - 1, axis=1)[:, :count]
            best = np.take_along_axis(
                best, np.argsort(np.take_along_axis(both, best, 1), axis=1, kind="stable"), 1
            )
        squares[rows] = np.take_along_axis(both, best, 1)
        numbers[rows] = np.take_along_axis(names, best, 1)


def _outside(places: Doubles, low: Doubles, high: Doubles) -> Doubles:
    """Return the squared distances of places from boxes, 0 inside."""
    beyond = np.maximum(np.maximum(low - places, places - high), 0)
    return np.asarray(np.einsum("ij,ij->i", beyond, beyond))
