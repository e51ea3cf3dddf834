"""Pixels as block glyphs: halves to eighths of a cell, in two colours each."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_halves
from dltui.draw.canvas import NO_COLOUR, Canvas, pack
from dltui.draw.glyphs import Glyphs

Bytes = NDArray[np.uint8]
LUMA = np.array([77, 150, 29], np.uint32)  # of red, green and blue, in 256ths


def put_mosaic(
    canvas: Canvas,
    left: int,
    top: int,
    pixels: Bytes,
    seen: NDArray[np.bool_] | None = None,
    glyphs: Glyphs = Glyphs.QUADRANT,
) -> None:
    """Put pixels on a canvas, several to a cell in two colours: the mean of the brighter and of the darker ones.

    Halves keep their exact colours.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        pixels: Colours, shape (down · h, across · w, 3) for the grain (across, down) of the glyphs.
        seen: Which pixels there are, shape (down · h, across · w), or None for all; cells without any are left as
            they are, and in cells with some of them these stand in front of the terminal's own ground.
        glyphs: Into what a cell is divided.
    """
    if glyphs is Glyphs.HALF:
        packed = pack(pixels)
        put_halves(
            canvas, left, top, packed if seen is None else np.where(seen, packed, np.uint32(NO_COLOUR))
        )
        return
    across, down = glyphs.grain
    height, width = pixels.shape[0] // down, pixels.shape[1] // across
    count = across * down
    parts = _parts(pixels[: height * down, : width * across], across, down)
    luma = (parts * LUMA[:, None, None, None]).sum(axis=0)
    if seen is None:
        bright = luma * count > luma.sum(axis=0) + 128 * count
        number = np.full((height, width), count, np.uint32)
        whole, total = True, parts.sum(axis=1, dtype=np.uint32)
    else:
        known = _parts(seen[: height * down, : width * across, None], across, down)[0].astype(np.bool_)
        number = known.sum(axis=0, dtype=np.uint32)
        whole = number == count
        bright = known & (~whole | (luma * count > luma.sum(axis=0) + 128 * count))
        total = (parts * known).sum(axis=1, dtype=np.uint32)
    lit = bright.sum(axis=0, dtype=np.uint32)
    shining = (parts * bright).sum(axis=1, dtype=np.uint32)
    front, back = _mean(shining, lit), _mean(total - shining, number - lit)
    pattern = np.packbits(bright, axis=0, bitorder="little")[0]
    glyph = codes(glyphs)[pattern]
    front = np.where(pattern == 0, back, front)
    area = np.s_[top : top + height, left : left + width]
    if seen is None:
        canvas.glyph[area], canvas.front[area], canvas.back[area] = glyph, front, back
        return
    hit = number > 0
    canvas.glyph[area][hit] = glyph[hit]
    canvas.front[area][hit] = front[hit]
    canvas.back[area][hit] = np.where(whole, back, NO_COLOUR)[hit]


@cache
def codes(glyphs: Glyphs) -> NDArray[np.uint32]:
    """Return the code points of a set of glyphs by pattern."""
    return np.array(glyphs.table, np.uint32)


@cache
def parts_of() -> dict[int, tuple[Glyphs, int]]:
    """Return for every code point of a block glyph the coarsest set that has it, and the pattern of filled parts."""
    return {
        code: (glyphs, pattern)
        for glyphs in reversed(Glyphs)
        for pattern, code in enumerate(glyphs.table)
        if pattern
    }


def _parts(pixels: NDArray[np.generic], across: int, down: int) -> NDArray[np.uint32]:
    """Return pixels sorted by their place in the cell, shape (channels, across · down, h, w)."""
    height, width, channels = pixels.shape[0] // down, pixels.shape[1] // across, pixels.shape[2]
    sorted_ = pixels.reshape(height, down, width, across, channels).transpose(4, 1, 3, 0, 2)
    return sorted_.reshape(channels, across * down, height, width).astype(np.uint32)


def _mean(total: NDArray[np.uint32], count: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return sums over so many pixels, shape (3, h, w), as packed mean colours."""
    mean = (total + count // 2) // np.maximum(count, 1)
    packed: NDArray[np.uint32] = (mean[0] << np.uint32(16)) | (mean[1] << np.uint32(8)) | mean[2]
    return packed
