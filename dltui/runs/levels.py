"""A quantity over very many steps, in buckets at several levels: minimum, maximum and mean of ever more rows.

A bucket of the lowest level holds ``BASE`` rows in a row, one of each level above ``FACTOR`` of the level below. Rows
are added at the end; what is short enough is kept row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.figures import Array

BASE = 32
FACTOR = 8
EXACT = 4096  # rows up to which every one is kept
FIRST, LAST, EPOCH, SECONDS, ROWS, FINITE, LOW, HIGH, SUM, END = range(10)  # columns of a bucket
COLUMNS = 10


class Levels:
    """One quantity over the rows of a run.

    Attributes:
        count: Rows that were added.
        rows: Every row as a bucket of its own, shape (count, 10), as long as there are few; None afterwards.
        rest: Rows that fill no bucket yet, shape (r, 10) with r below ``BASE``.
        sizes: How many buckets each level has.
        tails: Of each level the buckets that fill none of the next yet.
        fresh: Of each level the buckets that aren't kept elsewhere yet.
        floor: The lowest level that is here whole; those below are only kept elsewhere.
    """

    def __init__(self) -> None:
        self.count = 0
        self.rows: Array | None = no_buckets()
        self.rest = no_buckets()
        self.sizes: list[int] = []
        self.tails: list[Array] = []
        self.fresh: list[list[Array]] = []
        self.floor = 0
        self._whole: dict[int, list[Array]] = {}

    @classmethod
    def restored(
        cls,
        rows: Array | None,
        rest: Array,
        sizes: Sequence[int],
        tails: Sequence[Array],
        whole: tuple[int, Array],
    ) -> Levels:
        """Return a series that was kept elsewhere.

        Args:
            rows: Every row, or None when there were too many.
            rest: Rows that fill no bucket.
            sizes: Buckets of each level.
            tails: Of each level the buckets that fill none of the next.
            whole: A level and all its buckets; the levels above are made of it.

        Returns:
            The series, to which rows can be added.
        """
        levels = cls()
        levels.rows, levels.rest = rows, rest
        levels.sizes, levels.tails = [*sizes], [*tails]
        levels.fresh = [[] for _ in sizes]
        levels.count = len(rest) + (sizes[0] * BASE if sizes else 0)
        levels.floor, buckets = whole
        for level in range(levels.floor, len(sizes)):
            levels._whole[level] = [buckets]
            buckets = merged(buckets[: len(buckets) // FACTOR * FACTOR], FACTOR)
        return levels

    def add(self, step: Array, epoch: Array, seconds: Array, value: Array) -> None:
        """Add rows at the end.

        Args:
            step: Where they stand, shape (n,).
            epoch: Shape (n,); NaN where it isn't known.
            seconds: Shape (n,); NaN where it isn't known.
            value: The quantity, shape (n,); NaN where it was not finite.
        """
        new = _of_rows(step, epoch, seconds, value)
        self.count += len(new)
        if self.rows is not None:
            self.rows = np.concatenate([self.rows, new]) if self.count <= EXACT else None
        rest = np.concatenate([self.rest, new])
        whole = len(rest) // BASE * BASE
        self.rest = rest[whole:]
        if whole:
            self._rise(0, merged(rest[:whole], BASE))

    def until(self, step: float) -> Levels:
        """Return the rows up to a step; of a long series a bucket that reaches over it is left out.

        Args:
            step: The last step that stays.

        Returns:
            A series of its own; this one must be here down to its lowest level.
        """
        shorter = Levels()
        if self.rows is not None:
            kept = self.rows[self.rows[:, LAST] <= step]
            shorter.add(kept[:, LAST], kept[:, EPOCH], kept[:, SECONDS], kept[:, END])
            return shorter
        shorter.rows = None
        above = 0
        for level in reversed(range(len(self.sizes))):
            whole = self.level(level)
            size = int(np.count_nonzero(whole[:, LAST] <= step))
            shorter.sizes.insert(0, size)
            shorter.tails.insert(0, whole[above * FACTOR : size])
            shorter.fresh.insert(0, [whole[:size]])
            shorter._whole[level] = [whole[:size]]
            above = size
        if above == self.sizes[0]:
            shorter.rest = self.rest[self.rest[:, LAST] <= step]
        shorter.count = above * BASE + len(shorter.rest)
        return shorter

    def level(self, level: int) -> Array:
        """Return the full buckets of a level that is here whole, shape (n, 10)."""
        parts = self._whole[level]
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0]

    def buckets(self, most: int) -> Array:
        """Return the whole series in few buckets.

        Args:
            most: How many at most; a series that is kept row by row may have up to ``EXACT``.

        Returns:
            Buckets in order, shape (n, 10); all hold as many rows but the last ones.
        """
        if self.rows is not None:
            return self.rows
        level = max(self.floor, best_level(self.sizes, most))
        whole = self.level(level)
        group = -(-len(whole) // most)
        parts = [merged(whole, group)] if group > 1 else [whole]
        after = np.concatenate([*reversed(self.tails[:level]), self.rest])
        if len(after):
            parts.append(merged(after, len(after)))
        return np.concatenate(parts)

    def _rise(self, level: int, new: Array) -> None:
        """Add full buckets to a level, and to the levels above what they fill there."""
        if level == len(self.sizes):
            self.sizes.append(0)
            self.tails.append(no_buckets())
            self.fresh.append([])
            self._whole[level] = [no_buckets()]
        self.sizes[level] += len(new)
        self.fresh[level].append(new)
        if level >= self.floor:
            self._whole[level].append(new)
        tail = np.concatenate([self.tails[level], new])
        whole = len(tail) // FACTOR * FACTOR
        self.tails[level] = tail[whole:]
        if whole:
            self._rise(level + 1, merged(tail[:whole], FACTOR))


def best_level(sizes: Sequence[int], most: int) -> int:
    """Return the level of which a picture with few buckets is made.

    Args:
        sizes: Buckets of each level.
        most: Buckets of the picture at most.

    Returns:
        The highest level that has half as many; 0 where none has.
    """
    return max((at for at, size in enumerate(sizes) if size >= most // 2), default=0)


def merged(buckets: Array, group: int) -> Array:
    """Return each ``group`` buckets as one; the last one may hold fewer.

    Args:
        buckets: Shape (n, 10).
        group: How many become one.

    Returns:
        Shape (⌈n / group⌉, 10).
    """
    starts = np.arange(0, len(buckets), group)
    ends = np.minimum(starts + group, len(buckets)) - 1
    out = np.empty((len(starts), COLUMNS))
    out[:, FIRST] = buckets[starts, FIRST]
    for column in (LAST, EPOCH, SECONDS, END):
        out[:, column] = buckets[ends, column]
    for column in (ROWS, FINITE, SUM):
        out[:, column] = np.add.reduceat(buckets[:, column], starts)
    out[:, LOW] = np.fmin.reduceat(buckets[:, LOW], starts)
    out[:, HIGH] = np.fmax.reduceat(buckets[:, HIGH], starts)
    return out


def _of_rows(step: Array, epoch: Array, seconds: Array, value: Array) -> Array:
    """Return every row as a bucket of its own."""
    finite = np.isfinite(value)
    plain = np.where(finite, value, np.nan)
    ones = np.ones(len(value))
    return np.column_stack([
        step, step, epoch, seconds, ones, finite, plain, plain, np.where(finite, value, 0.0), plain,
    ])  # fmt: skip


def no_buckets() -> Array:
    """Return no buckets."""
    return np.empty((0, COLUMNS))
