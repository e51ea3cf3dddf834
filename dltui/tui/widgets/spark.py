"""A curve in one line of cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

STAIRS = "▁▂▃▄▅▆▇█"
HOLE = " "


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a curve as ``width`` glyphs, the lowest value lowest.

    Positive values are spaced by their logarithm, as losses are looked at.

    Args:
        values: The curve; values that aren't finite leave a hole.
        width: Cells to fill.

    Returns:
        ``width`` glyphs, or an empty text when there is nothing to draw.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known or width < 1:
        return ""
    log = min(known) > 0
    low, high = (math.log(edge) if log else edge for edge in (min(known), max(known)))
    step = (high - low) / (len(STAIRS) - 1) or 1.0
    cells = []
    for part in _parts(values, width):
        finite = [value for value in part if math.isfinite(value)]
        if not finite:
            cells.append(HOLE)
            continue
        mean = sum(finite) / len(finite)
        height = ((math.log(mean) if log else mean) - low) / step
        cells.append(STAIRS[max(0, min(len(STAIRS) - 1, round(height)))])
    return "".join(cells)


def _parts(values: Sequence[float], width: int) -> list[Sequence[float]]:
    """Return the values cut into ``width`` even parts; short curves are drawn at the left, one cell a value."""
    count = len(values)
    if count <= width:
        return [values[i : i + 1] for i in range(count)]
    edges = [i * count // width for i in range(width + 1)]
    return [values[a:b] for a, b in pairwise(edges)]
