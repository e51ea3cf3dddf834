"""Figures that are looked at together: one view for all, and what the cursor reads in each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dltui.draw.view import View
from dltui.figures import Figure, Heatmap, Histogram, Lines, Points, Scene, Surface, number


def linked(leader: Figure, view: View, follower: Figure, before: View) -> View:
    """Return the view of one figure after another was looked at.

    Args:
        leader: The figure that was turned, zoomed or pointed at.
        view: From where it is looked at now.
        follower: The figure that goes along.
        before: From where that was looked at.

    Returns:
        The same angles and zoom for what stands in space, the same part and cursor for what lies in a plane of the
        same axes; ``before`` where the two have nothing in common.
    """
    if _in_space(leader) and _in_space(follower):
        return replace(before, azimuth=view.azimuth, elevation=view.elevation, zoom=view.zoom)
    if plane_of(leader) is not None and plane_of(leader) == plane_of(follower):
        return replace(before, x_range=view.x_range, y_range=view.y_range, cursor=view.cursor)
    return before


def plane_of(figure: Figure) -> tuple[str, ...] | None:
    """Return the kind and axes of a figure in a plane; figures with the same have cursors in common."""
    if isinstance(figure, Heatmap | Lines):
        return (type(figure).__name__, figure.x_label, figure.y_label)
    if isinstance(figure, Histogram):
        return ("Histogram", figure.value_label)
    if isinstance(figure, Points) and figure.position.shape[1] == 2:
        return ("Points", *figure.axes[:2])
    return None


def value_at(figure: Figure, view: View) -> float | None:
    """Return what the cursor reads: a field's cell, the first curve's ordinate, a bin's count; None for nothing."""
    if view.cursor is None:
        return None
    x, y = view.cursor
    if isinstance(figure, Heatmap) and figure.values.size:
        return float(figure.values[_nearest(figure.y, y), _nearest(figure.x, x)])
    if isinstance(figure, Lines) and figure.series and len(figure.series[0].x):
        curve = figure.series[0]
        return float(curve.y[_nearest(curve.x, x)])
    if isinstance(figure, Histogram) and len(figure.counts):
        place = int(np.searchsorted(figure.edges, x, side="right")) - 1
        return float(figure.counts[min(max(place, 0), len(figure.counts) - 1)])
    return None


def apart(figures: list[Figure], views: list[View], names: list[str]) -> str:
    """Return how far the second reads from the first, as a sentence; empty when they read nothing alike."""
    if len(figures) < 2 or plane_of(figures[0]) is None or plane_of(figures[0]) != plane_of(figures[1]):
        return ""
    first, second = (value_at(figures[i], views[i]) for i in (0, 1))
    if first is None or second is None:
        return ""
    return f"{names[1]} − {names[0]} = {number(second, 5)} − {number(first, 5)} = {number(second - first, 5)}"


def _in_space(figure: Figure) -> bool:
    return isinstance(figure, Surface | Scene) or (
        isinstance(figure, Points) and figure.position.shape[1] == 3
    )


def _nearest(places: np.ndarray, value: float) -> int:
    """Return the number of the known place that is nearest to a value."""
    far = np.abs(np.asarray(places, float) - value)
    return int(np.argmin(np.where(np.isfinite(far), far, np.inf)))
