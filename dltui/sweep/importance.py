"""How much of what trials differ in is owed to each parameter alone.

Trials are put into groups by one parameter: by its values, or by equal numbers of trials along its range. The part of
the variance that the groups explain, less what as many groups of nothing would explain by chance, is ε² of a one-way
analysis of variance (Kelley 1935), an estimate of the first-order Sobol index. It is taken over ranks, so that one
trial that diverged does not drown the rest. What no parameter explains alone is joint effects and noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.figures import Array
from dltui.sweep.space import Parameter, Values

LEAST = 6  # trials below which nothing is said
MOST_GROUPS = 8
EACH = 4  # trials in a group at least, on average


def importances(
    space: Sequence[Parameter], trials: Sequence[Values], values: Sequence[float]
) -> dict[str, float] | None:
    """Return the share of the variance that each parameter explains alone.

    Args:
        space: The parameters.
        trials: What each trial set.
        values: What each came to; finite.

    Returns:
        Shares by name, each within 0 … 1; None where there are too few trials, or all came to the same.
    """
    if len(values) < LEAST or len(set(values)) < 2:
        return None
    ranks = _ranks(np.asarray(values, float))
    return {one.name: explained(_groups(one, [trial[one.name] for trial in trials]), ranks) for one in space}


def explained(groups: Array, values: Array) -> float:
    """Return ε², shape (n,) both: the share of the variance of ``values`` that ``groups`` explain beyond chance."""
    labels = np.unique(groups)
    count, number = len(labels), len(values)
    total = float(((values - values.mean()) ** 2).sum())
    if count < 2 or number <= count or total == 0:
        return 0.0
    within = sum(
        float(((part - part.mean()) ** 2).sum()) for label in labels for part in [values[groups == label]]
    )
    chance = (count - 1) * within / (number - count)
    return float(np.clip((total - within - chance) / total, 0, 1))


def _groups(parameter: Parameter, values: Sequence[object]) -> Array:
    """Return a group for each value."""
    distinct = list(dict.fromkeys(values))
    most = max(2, min(MOST_GROUPS, len(values) // EACH))
    if parameter.choices or len(distinct) <= most:
        return np.array([distinct.index(value) for value in values])
    order = _ranks(np.array([parameter.place(value) for value in values]))  # type: ignore[arg-type]
    groups: Array = np.minimum((order * most / len(values)).astype(int), most - 1)
    return groups


def _ranks(values: Array) -> Array:
    """Return the place of each value in order, from 0; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - counts + (counts - 1) / 2)[inverse]
    return ranks
