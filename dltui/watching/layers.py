"""What is known of every layer over a run: a table with a row a layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dltui.runs.levels import HIGH, LAST, Levels, merged
from dltui.watching.track import Floats

WIDEST = 512  # columns; more than a terminal has


class LayerMap:
    """Numbers by layer and step.

    Where there are too many steps, several share a column that holds their largest number, so that what explodes for a
    moment stays to be seen.

    Args:
        told: The quantity of each layer, in the order in which the layers were told of.

    Attributes:
        names: The layers.
        told: How often numbers were told.
    """

    def __init__(self, told: Mapping[str, Levels]) -> None:
        self.names = list(told)
        self.told = sum(levels.count for levels in told.values())
        self._levels = told

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def steps(self) -> Floats:
        """The step of each column, shape (c,)."""
        return self._table()[0]

    @property
    def values(self) -> Floats:
        """One row a layer, shape (layers, c); NaN where a layer was not told of."""
        return self._table()[1]

    def newest(self, columns: int) -> Floats:
        """Return the last columns, shape (layers, at most ``columns``)."""
        return self.values[:, -columns:]

    def _table(self) -> tuple[Floats, Floats]:
        """Return steps and numbers, made when they are first asked for."""
        if not hasattr(self, "_made"):
            told = [_columns(levels) for levels in self._levels.values()]
            steps = np.unique(np.concatenate([step for step, _ in told])) if told else np.zeros(0)
            table = np.full((len(told), len(steps)), np.nan)
            for row, (step, value) in enumerate(told):
                table[row, np.searchsorted(steps, step)] = value
            self._made = (steps, table)
        return self._made


def _columns(levels: Levels) -> tuple[Floats, Floats]:
    """Return steps and largest numbers of a quantity, at most ``WIDEST`` of them."""
    buckets = levels.buckets(WIDEST)
    group = -(-len(buckets) // WIDEST)
    if group > 1:
        buckets = merged(buckets, group)
    return buckets[:, LAST], buckets[:, HIGH]
