"""Fields that are seen side by side: on one scale, and what lies between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from dltui.figures.base import Figure
from dltui.figures.charts import Scale
from dltui.figures.fields import Field, Heatmap, Surface

F = TypeVar("F", Heatmap, Surface)


def on_one_scale(figures: Sequence[Figure]) -> list[Figure]:
    """Return figures whose fields share one range of values, so that a colour and a height mean the same in all.

    Args:
        figures: Any; those that are no fields stay as they are.

    Returns:
        The same figures; fields that are spaced differently become linear.
    """
    fields = [figure for figure in figures if isinstance(figure, Field)]
    scales = {field.scale for field in fields}
    scale: Scale = scales.pop() if len(scales) == 1 else "linear"
    known = np.concatenate([np.zeros(0), *(np.asarray(field.values, float).ravel() for field in fields)])
    known = known[np.isfinite(known) & ((known > 0) if scale == "log" else True)]
    if not known.size:
        return list(figures)
    limits = (float(known.min()), float(known.max()))
    return [
        replace(figure, limits=limits, scale=scale) if isinstance(figure, Field) else figure
        for figure in figures
    ]


def same_grid(one: Field, other: Field) -> bool:
    """Return whether two fields have their values at the same places."""
    return (
        one.values.shape == other.values.shape
        and np.allclose(one.x, other.x, equal_nan=True)
        and np.allclose(one.y, other.y, equal_nan=True)
    )


def difference(one: F, other: F, names: tuple[str, str]) -> F:
    """Return the second field less the first, on their common grid.

    Args:
        one: What is taken away.
        other: From what; ``same_grid`` holds of both.
        names: What the two are called.

    Returns:
        A field in signed colours; a hole in either is one in it.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.asarray(other.values, float) - np.asarray(one.values, float)
    return replace(
        one,
        title=f"Difference · {names[1]} − {names[0]}",
        caption="",
        values=values,
        value_label=f"difference of {one.value_label or 'values'}",
        scale="linear",
        colormap="coolwarm",
        limits=None,
        paths=(),
    )
