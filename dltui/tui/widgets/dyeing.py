"""Figures in the colours of a theme."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dltui.draw.braille import BLANK
from dltui.draw.canvas import NO_COLOUR, Canvas, Rgb, pack
from dltui.draw.colors import QUIET, SERIES, SIGNAL, packed_of
from dltui.draw.histogram import LIGHTER
from dltui.draw.lines import MARKERS
from dltui.tui.themes import Ink

MARKS = np.array([ord(marker) for marker in MARKERS], np.uint32)
SEEN = 2.0  # contrast of a point against its ground
STEPS = 12


def dye(canvas: Canvas, ink: Ink) -> None:
    """Change the colours that drawings use on any ground into those for the ground of a theme.

    Only cells that leave their ground to the terminal are changed: on those that have their own, a field's colours
    mean values.

    Args:
        canvas: What was drawn.
        ink: The colours of the theme.
    """
    free = canvas.back == NO_COLOUR
    before = canvas.front.copy()
    dyed = np.zeros_like(free)
    for old, new in _pairs(ink):
        hit = (before == np.uint32(packed_of(old))) & free
        canvas.front[hit] = packed_of(new)
        dyed |= hit
    _lift(canvas, free & ~dyed & _points(canvas), ink.ground)


def _points(canvas: Canvas) -> NDArray[np.bool_]:
    """Return the cells that hold dots and markers, and not a part of a picture."""
    dots = (canvas.glyph >= BLANK) & (canvas.glyph < BLANK + 256)
    points: NDArray[np.bool_] = (dots | np.isin(canvas.glyph, MARKS)) & (canvas.front != NO_COLOUR)
    return points


def _lift(canvas: Canvas, cells: NDArray[np.bool_], ground: Rgb) -> None:
    """Make what is nearly the colour of the ground darker, or brighter on a dark one, until it is seen.

    A colour map's ends are black or yellow: as single points they would vanish on one ground or the other.
    """
    colours, place = np.unique(canvas.front[cells], return_inverse=True)
    if not colours.size:
        return
    parts = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], axis=1).astype(float)
    low = _luminance(np.array([ground], float))[0]
    end = 0.0 if low > 0.18 else 255.0
    for _ in range(STEPS):
        there = _luminance(parts)
        weak = (np.maximum(there, low) + 0.05) / (np.minimum(there, low) + 0.05) < SEEN
        parts[weak] += (end - parts[weak]) * 0.1
    canvas.front[cells] = pack(parts.round().astype(np.uint8))[place]


def _luminance(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the relative luminance (WCAG 2.2) of colours, shape (n, 3) in 0…255."""
    share = parts / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    bright: NDArray[np.float64] = light @ np.array([0.2126, 0.7152, 0.0722])
    return bright


def _pairs(ink: Ink) -> Iterator[tuple[Rgb, Rgb]]:
    """Yield each colour of the drawings with the one that stands for it."""
    yield from zip(SERIES, ink.series, strict=True)
    yield from ((QUIET, ink.quiet), (SIGNAL, ink.signal), (LIGHTER, ink.lighter))
