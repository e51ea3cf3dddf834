"""What is known of every layer over a run: a table that grows to the right, and is folded when it is too wide."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dltui.watching.track import Floats

WIDEST = 512  # columns; more than a terminal has


class LayerMap:
    """Numbers by layer and step.

    When there are too many columns, every two become one that holds the larger numbers, so that what explodes for a
    moment stays to be seen.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._columns: list[Floats] = []
        self._steps: list[float] = []
        self._stride = 1
        self._fill = 0
        self.told = 0  # how often something was added

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def steps(self) -> Floats:
        """The step of each column, shape (c,)."""
        return np.array(self._steps)

    @property
    def values(self) -> Floats:
        """One row a layer, shape (layers, c); NaN where a layer was not told of."""
        table = np.full((len(self.names), len(self._columns)), np.nan)
        for place, column in enumerate(self._columns):
            table[: len(column), place] = column
        return table

    def newest(self, columns: int) -> Floats:
        """Return the last columns, shape (layers, at most ``columns``)."""
        table = np.full((len(self.names), min(columns, len(self._columns))), np.nan)
        for place, column in enumerate(self._columns[-columns:]):
            table[: len(column), place] = column
        return table

    def add(self, step: float, told: Mapping[str, object]) -> None:
        """Add what was told after a step; anything that is no number becomes NaN."""
        self.told += 1
        for name in told:
            if name not in self.names:
                self.names.append(name)
        column = np.array([_number(told.get(name)) for name in self.names])
        if self._columns and self._fill < self._stride:
            self._columns[-1] = _larger(self._columns[-1], column)
            self._steps[-1], self._fill = step, self._fill + 1
            return
        if len(self._columns) == WIDEST:
            self._fold()
        self._columns.append(column)
        self._steps.append(step)
        self._fill = 1

    def cut(self, after: float) -> None:
        """Forget what was told beyond a step."""
        while self._steps and self._steps[-1] > after:
            self._steps.pop()
            self._columns.pop()
            self._fill = self._stride

    def _fold(self) -> None:
        """Let every two columns become one."""
        pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
        self._columns = [_larger(one, other) for one, other in pairs]
        self._steps = self._steps[1::2]
        self._stride, self._fill = 2 * self._stride, 2 * self._stride


def _larger(one: Floats, other: Floats) -> Floats:
    """Return the larger of each two numbers; the second may tell of more layers."""
    first = np.full(len(other), np.nan)
    first[: len(one)] = one
    found: Floats = np.fmax(first, other)
    return found


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
