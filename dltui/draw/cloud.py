"""What clouds in the plane and in space share: colours, legend, and dots or markers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.braille import BITS, BLANK
from dltui.draw.canvas import NO_COLOUR, pack
from dltui.draw.colors import SERIES, paint, series_color
from dltui.draw.fields import Bar
from dltui.draw.layout import Key, Plot
from dltui.draw.lines import marker
from dltui.draw.look import Depth, Look
from dltui.draw.scales import axis_of
from dltui.figures import Points

Ints = NDArray[np.int64]
ALL = slice(None)


def put_cloud(plot: Plot, column: Ints, row: Ints, which: Ints, figure: Points, look: Look) -> None:
    """Put points on a plot; later ones win their cell's colour and marker.

    Args:
        plot: Where to.
        column: Dots from the left, two to a cell, shape (n,).
        row: Dots from the top, four to a cell, shape (n,).
        which: The number of each point in the figure, shape (n,).
        figure: Its groups choose the markers, its groups, colours or values the colours.
        look: Glyphs and colours that may be used.
    """
    canvas, cell_column, cell_row = plot.canvas, plot.left + column // 2, plot.top + row // 4
    canvas.front[cell_row, cell_column] = colours_of(figure, look, which)
    grouped = figure.group is not None
    if look.ascii or (grouped and look.depth is Depth.NONE) or len(which) * 5 <= plot.width * plot.height:
        codes = np.array([ord(marker(i, look)) for i in range(len(SERIES))], np.uint32)
        group = groups_of(figure, which) if grouped else np.zeros(len(which), np.int64)
        canvas.glyph[cell_row, cell_column] = codes[group % len(SERIES)]
        return
    pattern = np.zeros(canvas.glyph.shape, np.uint32)
    np.bitwise_or.at(pattern, (cell_row, cell_column), np.array(BITS, np.uint32)[row % 4, column % 2])
    canvas.glyph[pattern > 0] = (BLANK + pattern)[pattern > 0]


def groups_of(figure: Points, which: Ints | slice = ALL) -> Ints:
    """Return the class of points as whole numbers; what is no number belongs to class 0."""
    chosen = np.asarray(figure.group, float).ravel()[which]
    return np.asarray(np.nan_to_num(chosen, posinf=0, neginf=0).astype(np.int64))


def colours_of(figure: Points, look: Look, which: Ints | slice = ALL) -> NDArray[np.uint32]:
    """Return the packed colours of the chosen points."""
    count = len(np.arange(len(figure.position))[which]) if isinstance(which, slice) else len(which)
    if look.depth is Depth.NONE:
        return np.full(count, NO_COLOUR, np.uint32)
    if figure.rgb is not None:
        return pack(np.clip(np.nan_to_num(np.asarray(figure.rgb, float)[which]), 0, 255).astype(np.uint8))
    if figure.group is not None:
        palette = pack(np.array(SERIES, np.uint8))
        grouped: NDArray[np.uint32] = palette[groups_of(figure, which) % len(SERIES)]
        return grouped
    if figure.value is not None:
        return pack(
            paint(
                look.map_of("viridis"),
                axis_of(figure.value).share(np.asarray(figure.value, float).ravel()[which]),
            )
        )
    return np.full(count, pack(np.array(series_color(0), np.uint8)), np.uint32)


def bar_of_values(figure: Points, look: Look) -> Bar | None:
    """Return the colour bar, where colour tells a value."""
    if figure.value is None or figure.rgb is not None or figure.group is not None or look.depth is Depth.NONE:
        return None
    return Bar(axis_of(figure.value), look.map_of("viridis"), "")


def keys_of(figure: Points, look: Look) -> list[Key]:
    """Return the legend of the groups."""
    if figure.group is None or figure.rgb is not None or not len(figure.position):
        return []
    present = np.unique(groups_of(figure)).tolist()[:24]
    names = figure.group_names
    return [
        Key(marker(i, look), names[i] if 0 <= i < len(names) else str(i), series_color(i)) for i in present
    ]
