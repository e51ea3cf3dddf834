"""A field as land: corners in a box, triangles on the screen, light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dltui.draw.camera import Camera
from dltui.draw.fields import Bar
from dltui.draw.scales import Axis, Floats
from dltui.draw.zbuffer import Hits, Ints, rasterise
from dltui.figures import Surface

FINEST = 128  # grid lines in one direction that are still drawn one by one
HALF_HEIGHT = 0.55  # of the box; its ground is −1…1 either way


@dataclass(frozen=True, slots=True)
class Relief:
    """A field as a net of corners in the box.

    Attributes:
        x: Columns' places, −1…1, shape (w,).
        y: Rows' places, −1…1, shape (h,).
        share: Heights of all corners as shares of the value axis, shape (h · w,); NaN is a hole.
        across: The column that each corner stands in, shape (h · w,).
        along: The row that each corner stands in, shape (h · w,).
        triangles: Corners of each triangle, shape (3, triangles).
        half_height: Half the height of the box.
    """

    x: Floats
    y: Floats
    share: Floats
    across: Floats
    along: Floats
    triangles: Ints
    half_height: float = HALF_HEIGHT

    def at(self, hits: Hits, values: Floats) -> Floats:
        """Return what the corners bear, shape (h · w,), mixed at each seen pixel."""
        return hits.blend(values[self.triangles])

    def height(self, share: Floats) -> Floats:
        """Return the height in the box of a share of the value axis."""
        return (2 * share - 1) * self.half_height

    def share_at(self, x: float, y: float) -> float:
        """Return the share of the corner nearest to a place in the box."""
        row, column = int(np.argmin(np.abs(self.y - y))), int(np.argmin(np.abs(self.x - x)))
        return float(self.share[row * len(self.x) + column])


def relief_of(figure: Surface, bar: Bar, x: Axis, y: Axis) -> Relief:
    """Return the land of a field; a grid that is finer than can be seen is thinned."""
    rows, columns = _some(len(figure.y)), _some(len(figure.x))
    share = bar.axis.share(np.asarray(figure.values, float)[np.ix_(rows, columns)])
    share = np.where(np.isfinite(share), share, np.nan)
    height, width = share.shape
    corner = np.arange(height * width).reshape(height, width)
    left, right, upper_left, upper_right = (
        corner[:-1, :-1].ravel(), corner[:-1, 1:].ravel(), corner[1:, :-1].ravel(), corner[1:, 1:].ravel(),
    )  # fmt: skip
    triangles = np.concatenate(
        [np.stack([left, right, upper_right]), np.stack([left, upper_right, upper_left])], axis=1
    )
    return Relief(
        x=_boxed(np.asarray(figure.x, float)[columns], x),
        y=_boxed(np.asarray(figure.y, float)[rows], y),
        share=share.ravel(),
        across=np.tile(np.arange(width, dtype=float), height),
        along=np.repeat(np.arange(height, dtype=float), width),
        triangles=triangles[:, np.isfinite(share.ravel()[triangles]).all(axis=0)],
    )


def lay(relief: Relief, camera: Camera, width: int, height: int, grain: tuple[int, int]) -> Hits:
    """Return which part of the land is seen at each pixel.

    Args:
        relief: The land.
        camera: The eye.
        width: Pixels in a row.
        height: Number of rows of pixels.
        grain: Pixels that a cell has across and down.

    Returns:
        The triangle in front at every pixel.
    """
    x, y = np.tile(relief.x, len(relief.y)), np.repeat(relief.y, len(relief.x))
    column, row, depth = camera.see(x, y, relief.height(relief.share))
    corners = relief.triangles
    return rasterise(column[corners] * grain[0], row[corners] * grain[1], depth[corners], width, height)


def light(relief: Relief, camera: Camera) -> Floats:
    """Return how bright each corner is, about 0.5…1.1: a lamp stands above the eye's left shoulder."""
    shape = (len(relief.y), len(relief.x))
    if min(shape) < 2:
        return np.ones(relief.share.size)
    height = relief.height(relief.share).reshape(shape)
    down, across = np.gradient(height, relief.y, relief.x)
    (cos_turn, sin_turn), _ = camera.turn, camera.tilt
    lamp = np.array([-0.55 * cos_turn + 0.45 * sin_turn, -0.55 * sin_turn - 0.45 * cos_turn, 0.75])
    lamp /= np.linalg.norm(lamp)
    length = np.sqrt(down**2 + across**2 + 1)
    facing = (-across * lamp[0] - down * lamp[1] + lamp[2]) / length
    bright: Floats = np.nan_to_num(0.52 + 0.58 * np.clip(facing, 0, 1), nan=0.9).ravel()
    return bright


def _some(count: int) -> Ints:
    """Return the grid lines that are drawn: all, or evenly chosen ones."""
    return np.unique(np.linspace(0, count - 1, min(count, FINEST)).round().astype(np.int64))


def _boxed(places: Floats, axis: Axis) -> Floats:
    """Return places as −1…1, ends of the grid at the walls."""
    if len(places) < 2:
        return np.zeros(len(places))
    bent = axis.bent(places)
    boxed: Floats = 2 * (bent - bent[0]) / (bent[-1] - bent[0]) - 1
    return boxed
