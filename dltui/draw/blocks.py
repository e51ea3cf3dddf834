"""Pixels as block glyphs: halves and quarters of a cell, or shades where there is no colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas, pack
from dltui.draw.look import Look

Packed = NDArray[np.uint32]
SPACE, UPPER, LOWER = ord(" "), ord("▀"), ord("▄")
# Index: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
QUARTERS = np.array([ord(glyph) for glyph in " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"], np.uint32)
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


def put_quarters(
    canvas: Canvas, left: int, top: int, pixels: NDArray[np.uint8], seen: NDArray[np.bool_]
) -> None:
    """Put pixels on a canvas, four to a cell in two colours: the mean of the brighter and of the darker ones.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        pixels: Colours, shape (2h, 2w, 3).
        seen: Which pixels there are, shape (2h, 2w); cells without any are left as they are.
    """
    height, width = seen.shape[0] // 2, seen.shape[1] // 2
    quarters = [np.s_[row::2, column::2] for row in range(2) for column in range(2)]
    colours = np.stack([pixels[part] for part in quarters]).astype(np.float32)
    known = np.stack([seen[part] for part in quarters])
    luma = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    count = known.sum(axis=0)
    middle = (luma * known).sum(axis=0) / np.maximum(count, 1)
    whole = count == 4
    bright = known & (~whole | (luma > middle + 0.5))
    front, back = _mean(colours, bright), _mean(colours, known & ~bright)
    pattern = (bright * np.array([1, 2, 4, 8])[:, None, None]).sum(axis=0)
    area = np.s_[top : top + height, left : left + width]
    hit = count > 0
    canvas.glyph[area][hit] = QUARTERS[pattern][hit]
    canvas.front[area][hit] = front[hit]
    canvas.back[area][hit] = np.where(whole, back, NO_COLOUR)[hit]


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


def _mean(colours: NDArray[np.float32], chosen: NDArray[np.bool_]) -> Packed:
    """Return the mean colour of the chosen pixels of each cell, packed."""
    count = np.maximum(chosen.sum(axis=0), 1)[..., None]
    return pack(((colours * chosen[..., None]).sum(axis=0) / count + 0.5).astype(np.uint8))
