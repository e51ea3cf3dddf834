"""Maps of a function of space over a plane that cuts through it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.figures import Array, Heatmap, Mark, Path
from dltui.figures.charts import Scale
from dltui.lab.scene3d.solid_trees import PLACE

# How far from a cut a probe is still on it: more than rounding, and less than a step of the sliders, which is 0.05. At
# 0.05 itself rounding would decide about a probe one step away.
NEAR = 0.03


def sides_of(axis: str) -> tuple[int, int]:
    """Return the numbers of the two axes that lie in a cut, the one to the right first."""
    across, up = ("xyz".index(name) for name in "xyz" if name != axis)
    return across, up


def cut_map(
    values: Array,
    side: Array,
    axis: str,
    at: float,
    probe: PLACE,
    *,
    title: str,
    caption: str,
    paths: Sequence[Path] = (),
    scale: Scale = "linear",
    contours: bool = False,
) -> Heatmap:
    """Return f over a cut, below 0 blue and above it red, with the probe where it lies there.

    Args:
        values: f, shape (n, n); what is not finite is left out.
        side: Where, either way, shape (n,).
        axis: The axis that the cut stands on.
        at: Where on it the cut is.
        probe: A place.
        title: What it is called.
        caption: What there is to see.
        paths: Lines on it.
        scale: Of the colours.
        contours: Draw lines of equal value.

    Returns:
        The map.
    """
    across, up = sides_of(axis)
    known = np.where(np.isfinite(values), values, np.nan)
    size = float(np.nanmax(np.abs(known), initial=0)) or 1.0
    here = abs(probe["xyz".index(axis)] - at) < NEAR and max(abs(probe[across]), abs(probe[up])) <= side[-1]
    return Heatmap(
        title=title,
        caption=caption,
        values=known,
        x=side,
        y=side,
        x_label="xyz"[across],
        y_label="xyz"[up],
        value_label="f",
        colormap="coolwarm",
        contours=contours,
        equal=True,
        limits=(-size, size),
        scale=scale,
        paths=tuple(paths),
        marks=(Mark(name="probe", x=probe[across], y=probe[up]),) if here else (),
    )
