"""A heat map laid over a picture: where it is weak, the picture is seen through it."""

from __future__ import annotations

import numpy as np

from dltui.draw.colors import paint
from dltui.draw.images import resized
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.figures import ColorMap, Overlay

BEND = 0.75  # below 1, so that what is half as strong is seen as well
DIM = 0.75  # brightness that is left to the grey picture, so that colours stand out from it
LUMA = np.array([0.299, 0.587, 0.114])

Cut = tuple[float, float]


def bright(picture: Floats) -> Floats:
    """Return a picture in colour, shape (h, w, 3), everything within 0…1."""
    known = np.clip(np.nan_to_num(np.asarray(picture, float)), 0, 1)
    colour: Floats = known if known.ndim == 3 else known[..., None]
    return colour[..., :3] if colour.shape[-1] >= 3 else colour[..., [0, 0, 0]]


def shares_of(values: Floats, ends: tuple[float, float]) -> Floats:
    """Return values as shares 0…1 of a range; NaN where they are not finite."""
    axis = axis_of(ends)
    shares = axis.share(values)
    return np.where(np.isfinite(values), np.clip(shares, 0, 1), np.nan)


def strength(shares: Floats, colormap: ColorMap) -> Floats:
    """Return how far shares are from the quiet end of the colours, 0…1; 0 for NaN."""
    far = np.abs(2 * shares - 1) if colormap == "coolwarm" else shares
    return np.nan_to_num(far)


def pane_of(figure: Overlay, pane: int) -> Floats:
    """Return what a pane shows, as fine as the picture and its map are: a map over the picture, or the picture alone.

    Args:
        figure: The maps and the picture.
        pane: Which map; below 0 for none.

    Returns:
        Colours of 0…1, shape (rows, columns, 3).
    """
    if pane < 0 or not figure.veiled:
        return bright(figure.picture)
    tall, wide = (max(figure.picture.shape[i], figure.values.shape[i + 1]) for i in (0, 1))
    return blended(figure, pane, (tall, wide))


def blended(figure: Overlay, place: int, size: tuple[int, int], cut: tuple[Cut, Cut] | None = None) -> Floats:
    """Return a map over its picture in colours of 0…1.

    Args:
        figure: The maps and the picture.
        place: Which map.
        size: Rows and columns of what is returned.
        cut: Which part of the rows and of the columns is wanted, as shares; all of both when None.

    Returns:
        Shape (rows, columns, 3).
    """
    under = resized(part_of(bright(figure.picture), cut), *size)
    values = resized(part_of(np.asarray(figure.values[place], float), cut), *size)
    shares = shares_of(values, figure.ranges()[place])
    grey = np.repeat((under @ LUMA)[..., None], 3, axis=-1) * DIM
    veil = float(np.clip(np.nan_to_num(figure.opacity), 0, 1)) * strength(shares, figure.colormap) ** BEND
    colour = paint(figure.colormap, shares) / 255
    mixed: Floats = grey + veil[..., None] * (colour - grey)
    return mixed


def part_of(grid: Floats, cut: tuple[Cut, Cut] | None) -> Floats:
    """Return the rows and columns of a grid that lie within shares of its height and width; at least one of each."""
    if cut is None:
        return grid
    (top, bottom), (left, right) = (
        _bounds(ends, count) for ends, count in zip(cut, grid.shape, strict=False)
    )
    return grid[top:bottom, left:right]


def common_range(figure: Overlay) -> tuple[Axis, str]:
    """Return the values that the colour bar stands for, and what it says of them.

    Args:
        figure: The maps.

    Returns:
        An axis in units of the values where all maps share one range; otherwise one of shares of each map's own.
    """
    ranges = set(figure.ranges())
    if len(ranges) == 1:
        return axis_of(ranges.pop()), figure.value_label
    axis = Axis(-1.0, 1.0) if figure.colormap == "coolwarm" else Axis(0.0, 1.0)
    return axis, f"{figure.value_label}, of its largest".lstrip(", ")


def _bounds(ends: Cut, count: int) -> tuple[int, int]:
    """Return the first row of a part and the one after its last."""
    start, end = np.clip(ends, 0, 1) * count
    first = min(int(np.floor(start + 1e-6)), count - 1)
    return first, min(max(int(np.ceil(end - 1e-6)), first + 1), count)
