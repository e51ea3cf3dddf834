"""The moments of an exhibit, kept to be played again; knows no widget."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dltui.jobs.perform import Moment

MOST = 240  # moments that are kept
WEIGHT = 16_000_000  # bytes of their arrays together


class Film:
    """The moments of one setting; where they are too many every other one is left out, the newest never.

    Moments come from a thread, and are looked at from another one.
    """

    def __init__(self, most: int = MOST, weight: int = WEIGHT) -> None:
        """Make an empty film.

        Args:
            most: Moments that are kept at most.
            weight: Bytes of their arrays together at most; two moments are kept in any case.
        """
        self._most, self._weight = most, weight
        self._moments: list[Moment] = []
        self._weights: list[int] = []
        self._every = 1  # of the moments that come, how many are one that stays
        self._lock = Lock()

    def add(self, moment: Moment) -> None:
        """Take a moment, unless it is there already; one of another setting begins a new film.

        A setting that takes too long for the application's own process is played once more, from its beginning, in a
        process of its own: what comes a second time is the same picture.
        """
        weight = weigh(moment.shown)
        with self._lock:
            if self._moments and self._moments[-1].setting != moment.setting:
                self._moments, self._weights, self._every = [], [], 1
            if self._moments and moment.done <= self._moments[-1].done:
                return
            if self._moments and (self._moments[-1].done - 1) % self._every:
                self._moments.pop()  # it was there only as the newest
                self._weights.pop()
            self._moments.append(moment)
            self._weights.append(weight)
            while len(self._moments) > 2 and (
                len(self._moments) > self._most or sum(self._weights) > self._weight
            ):
                self._thin()

    @property
    def moments(self) -> list[Moment]:
        """The moments of the newest setting by now."""
        with self._lock:
            return list(self._moments)

    def __len__(self) -> int:
        return len(self._moments)

    def _thin(self) -> None:
        """Leave out every other moment but the newest."""
        self._every *= 2
        last = len(self._moments) - 1
        kept = [
            place
            for place, moment in enumerate(self._moments)
            if place == last or (moment.done - 1) % self._every == 0
        ]
        if len(kept) > last:  # nothing more can be left out this way
            kept = [*range(0, last, 2), last] if last > 1 else kept
        self._moments = [self._moments[place] for place in kept]
        self._weights = [self._weights[place] for place in kept]


def weigh(thing: Any) -> int:
    """Return the bytes of all arrays within a result or figure."""
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if is_dataclass(thing) and not isinstance(thing, type):
        return sum(weigh(getattr(thing, part.name)) for part in fields(thing))
    if isinstance(thing, tuple | list):
        return sum(weigh(one) for one in thing)
    return 0
