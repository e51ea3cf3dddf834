"""One quantity over a run, however long, in a few thousand buckets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST = 4096  # buckets; twice the dots that a screen is wide, at least


class Track:
    """Values in the order in which they came; when there are too many, neighbours share a bucket.

    A bucket knows where its last value lies, and the mean, the least and the largest of its finite values. Adding is
    cheap, whatever has come before, and drawing costs the same after a million values as after a few thousand.

    Args:
        places: What each value comes with, such as ``("step", "epoch", "seconds")``; the first one ascends.
        most: Buckets at most, an even number.
    """

    def __init__(self, places: Sequence[str] = ("step", "epoch", "seconds"), most: int = MOST) -> None:
        self._most = most
        self.stride = 1  # values a bucket
        self._used = 0  # buckets that hold something
        self._fill = 0  # values in the last bucket
        self._place = {name: np.full(most, np.nan) for name in places}
        self._sum, self._count = np.zeros(most), np.zeros(most)
        self._low, self._high = np.full(most, np.nan), np.full(most, np.nan)

    def __len__(self) -> int:
        return self._used

    @property
    def count(self) -> int:
        """How many values came, those that aren't finite among them."""
        return (self._used - 1) * self.stride + self._fill if self._used else 0

    def at(self, place: str) -> Floats:
        """Return where the last value of each bucket lies."""
        return self._place[place][: self._used]

    @property
    def mean(self) -> Floats:
        """The mean of each bucket, NaN where nothing was finite."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = self._sum[: self._used] / self._count[: self._used]
        return found

    @property
    def low(self) -> Floats:
        """The least value of each bucket."""
        return self._low[: self._used]

    @property
    def high(self) -> Floats:
        """The largest value of each bucket."""
        return self._high[: self._used]

    @property
    def last(self) -> float:
        """The newest bucket's mean; NaN when there is none."""
        return float(self.mean[-1]) if self._used else float("nan")

    def extend(self, places: dict[str, Floats], values: Floats) -> None:
        """Add values.

        Args:
            places: Where they lie, by name, each of shape (n,).
            values: Shape (n,); NaN for what was not finite.
        """
        start = 0
        while start < len(values):
            if self._fill == self.stride or not self._used:
                if self._used == self._most:
                    self._halve()
                    continue
                self._used, self._fill = self._used + 1, 0
            start += self._take(places, values, start)

    def cut(self, first: str, after: float) -> None:
        """Forget the buckets whose place is beyond ``after``: a run went on from before them."""
        kept = int(np.searchsorted(self.at(first), after, side="right"))
        for part in (*self._place.values(), self._low, self._high):
            part[kept:] = np.nan
        self._sum[kept:], self._count[kept:] = 0, 0
        self._used, self._fill = kept, self.stride

    def _take(self, places: dict[str, Floats], values: Floats, start: int) -> int:
        """Put as many values as fit into whole buckets from the open one on, and return how many."""
        room = self.stride - self._fill
        more = min((len(values) - start - room) // self.stride, self._most - self._used)
        if self._fill or more < 1:  # the open bucket alone
            taken = values[start : start + room]
            self._merge(
                self._used - 1, taken[None], {n: p[start : start + len(taken)] for n, p in places.items()}
            )
            self._fill += len(taken)
            return len(taken)
        whole = 1 + more
        taken = values[start : start + whole * self.stride].reshape(whole, self.stride)
        ends = slice(start + self.stride - 1, start + whole * self.stride, self.stride)
        self._merge(self._used - 1, taken, {name: place[ends] for name, place in places.items()})
        self._used, self._fill = self._used + more, self.stride
        return whole * self.stride

    def _merge(self, bucket: int, taken: Floats, ends: dict[str, Floats]) -> None:
        """Put rows of values, shape (buckets, n), into buckets from ``bucket`` on."""
        area = slice(bucket, bucket + len(taken))
        known = np.isfinite(taken)
        self._sum[area] += np.where(known, taken, 0).sum(1)
        self._count[area] += known.sum(1)
        held = np.where(known, taken, np.nan)
        self._low[area] = np.fmin(self._low[area], np.fmin.reduce(held, axis=1))
        self._high[area] = np.fmax(self._high[area], np.fmax.reduce(held, axis=1))
        for name, place in ends.items():
            self._place[name][area] = place[-len(taken) :]

    def _halve(self) -> None:
        """Let every two buckets share one."""
        half = self._most // 2
        for part in self._place.values():
            part[:half] = part[1::2]
            part[half:] = np.nan
        for part in (self._sum, self._count):
            part[:half] = part[::2] + part[1::2]
            part[half:] = 0
        for part, join in ((self._low, np.fmin), (self._high, np.fmax)):
            part[:half] = join(part[::2], part[1::2])
            part[half:] = np.nan
        self._used, self._fill = half, 2 * self.stride
        self.stride *= 2
