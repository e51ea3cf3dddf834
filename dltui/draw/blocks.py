"""Pixels as halves of a cell in their exact colours, or shades where there is no colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Look

Packed = NDArray[np.uint32]
SPACE, UPPER, LOWER = ord(" "), ord("▀"), ord("▄")
HOLE = ord("╱")  # stands where a field has no number
SHADES = "·░▒▓█"
ASCII_SHADES = ".:-=+*#%@"


def put_halves(canvas: Canvas, left: int, top: int, pixels: Packed) -> None:
    """Put pixels on a canvas, two to a cell.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        pixels: Packed colours, shape (2h, w); ``NO_COLOUR`` is seen through.
    """
    upper, lower = pixels[::2], pixels[1::2]
    height, width = upper.shape
    area = np.s_[top : top + height, left : left + width]
    no_upper, no_lower = upper == NO_COLOUR, lower == NO_COLOUR
    canvas.glyph[area] = np.where(upper == lower, SPACE, np.where(no_upper, LOWER, UPPER))
    canvas.front[area] = np.where(no_upper, lower, upper)
    canvas.back[area] = np.where(no_upper & ~no_lower, NO_COLOUR, lower)


def put_shades(canvas: Canvas, left: int, top: int, shares: NDArray[np.floating], look: Look) -> None:
    """Put one glyph a cell, denser where the share 0…1 is higher; NaN leaves the cell as it is.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        shares: Shape (h, w).
        look: Whether more than ASCII may be used.
    """
    steps = ASCII_SHADES if look.ascii else SHADES
    codes = np.array([ord(glyph) for glyph in steps], np.uint32)
    known = np.isfinite(shares)
    index = np.clip(np.where(known, shares, 0) * len(steps), 0, len(steps) - 1).astype(int)
    canvas.glyph[top : top + shares.shape[0], left : left + shares.shape[1]][known] = codes[index][known]
