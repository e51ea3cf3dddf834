"""How axes and colour bars on paper are spaced: as ours are."""

from __future__ import annotations

from typing import Any

import numpy as np

from dltui.draw.scales import Axis, axis_of
from dltui.figures import Heatmap


def norm(axis: Axis) -> Any:
    """Return how matplotlib spaces the values of an axis."""
    from matplotlib.colors import AsinhNorm, LogNorm, Normalize

    if axis.scale == "log":
        return LogNorm(axis.low, axis.high)
    return (
        AsinhNorm(axis.bend, axis.low, axis.high)
        if axis.scale == "symlog"
        else Normalize(axis.low, axis.high)
    )


def spaced(axes: Any, which: str, scale: str, values: list[Any]) -> None:
    """Space an axis as ours is."""
    parts = [np.asarray(part, float).ravel() for part in values]
    axis = axis_of(np.concatenate([np.zeros(0), *parts]), "symlog" if scale == "symlog" else "linear")
    positive = any(bool((part[np.isfinite(part)] > 0).any()) for part in parts)
    if scale == "log" and positive:
        getattr(axes, f"set_{which}scale")("log")
    elif scale == "symlog":
        getattr(axes, f"set_{which}scale")("asinh", linear_width=axis.bend)
        places = axis.ticks(9)  # matplotlib's own lie on each other around 0
        getattr(axes, f"set_{which}ticks")([place for place, _ in places], [text for _, text in places])
        getattr(axes, f"set_{which}ticks")([], minor=True)
    elif which == "x" and all((part == np.round(part)).all() for part in parts):
        axes.xaxis.get_major_locator().set_params(integer=True)  # no layer 1.5


def unbent(axis: Axis, bent: float) -> float:
    """Return the value at a height that was bent for drawing."""
    start, stop = axis.bent([axis.low, axis.high]).tolist()
    return axis.value((bent - start) / (stop - start))


def put_bar_ticks(drawn: Any, axis: Axis) -> None:
    """Give a colour bar on a bent scale our ticks: matplotlib's own lie on each other around 0."""
    ticks = axis.ticks(9) if axis.scale == "symlog" else []
    if ticks:
        drawn.set_ticks([place for place, _ in ticks], labels=[text for _, text in ticks])


def beyond(figure: Heatmap) -> str:
    """Return at which ends of a colour bar there are values beyond it, as matplotlib says it."""
    known = figure.values[np.isfinite(figure.values)]
    if figure.limits is None or not known.size:
        return "neither"
    below, above = bool(known.min() < min(figure.limits)), bool(known.max() > max(figure.limits))
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")
