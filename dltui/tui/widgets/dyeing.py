"""Figures in the colours of a theme."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dltui.draw.canvas import NO_COLOUR, Canvas, Rgb
from dltui.draw.colors import QUIET, SERIES, SIGNAL, packed_of
from dltui.draw.histogram import LIGHTER
from dltui.tui.themes import Ink


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
    for old, new in _pairs(ink):
        canvas.front[(before == np.uint32(packed_of(old))) & free] = packed_of(new)


def _pairs(ink: Ink) -> Iterator[tuple[Rgb, Rgb]]:
    """Yield each colour of the drawings with the one that stands for it."""
    yield from zip(SERIES, ink.series, strict=True)
    yield from ((QUIET, ink.quiet), (SIGNAL, ink.signal), (LIGHTER, ink.lighter))
