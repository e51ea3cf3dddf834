"""The nearest of a terminal's 16 or 256 colours."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Packed = NDArray[np.uint32]
# The first sixteen colours of xterm; the other 240 are a cube and a row of greys.
BASIC: tuple[tuple[int, int, int], ...] = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
    (255, 255, 255),
)  # fmt: skip
# How much lightness, green–red and blue–yellow count when there are only sixteen: with equal shares most colours of a
# map would become grey.
HUE_FIRST = np.array([0.25, 1.0, 1.0])
# These stand for the colours of series, so that all stay different.
BASIC_SERIES = (12, 9, 2, 5, 3, 13, 6, 8, 10, 14)
_LEVELS = np.array([0, 95, 135, 175, 215, 255])  # of the 6 × 6 × 6 cube in the table of 256 colours
_BORDERS = (_LEVELS[1:] + _LEVELS[:-1]) // 2 + 1  # a tie goes to the darker one
# From linear red, green and blue to cone responses, and from their cube roots to OKLab (B. Ottosson, 2020).
_CONES = np.array(
    [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
)  # fmt: skip
_OPPONENTS = np.array(
    [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
)  # fmt: skip


def palette(colours: Packed) -> Packed:
    """Return the nearest of the cube's 216 colours and the 24 greys to each packed colour, as 16…255."""
    parts = np.stack([(colours >> np.uint32(shift)) & np.uint32(255) for shift in (16, 8, 0)]).astype(
        np.int64
    )
    steps = np.searchsorted(_BORDERS, parts, side="right")
    cube = 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    grey = np.clip(np.rint((parts.sum(axis=0) / 3 - 8) / 10), 0, 23).astype(np.int64)
    off_cube = ((parts - _LEVELS[steps]) ** 2).sum(axis=0)
    off_grey = ((parts - (8 + 10 * grey)) ** 2).sum(axis=0)
    nearest: Packed = np.where(off_grey < off_cube, 232 + grey, cube).astype(np.uint32)
    return nearest


def basic(colours: Packed) -> Packed:
    """Return the one of xterm's 16 colours that is most like each packed colour, hue before lightness, as 0…15."""
    wide = colours.astype(np.uint32)
    index = (wide >> 19 & 31) << 10 | (wide >> 11 & 31) << 5 | (wide >> 3 & 31)
    nearest: Packed = _basic_table()[index]
    return nearest


def oklab(rgb: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return colours 0…255, shape (…, 3), as lightness, green–red and blue–yellow, where distance is difference."""
    share = np.asarray(rgb, np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _CONES.T) @ _OPPONENTS.T)


@cache
def _basic_table() -> Packed:
    """Return the answers for colours of five bits a channel, shape (32768,)."""
    from dltui.draw.colors import SERIES

    steps = np.arange(32)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3) * 255 / 31
    off = oklab(grid)[:, None] - oklab(np.array(BASIC))
    table = np.asarray((off**2 @ HUE_FIRST).argmin(axis=1), np.uint32)
    for (red, green, blue), number in zip(SERIES, BASIC_SERIES, strict=True):
        table[red >> 3 << 10 | green >> 3 << 5 | blue >> 3] = number
    return table
