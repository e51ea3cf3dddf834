"""From a figure to cells: which drawing belongs to which kind of figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dltui.draw.bars import draw_bars
from dltui.draw.graph import draw_graph
from dltui.draw.heatmap import draw_heatmap
from dltui.draw.histogram import draw_histogram
from dltui.draw.images import draw_images
from dltui.draw.letters import in_ascii, strip_to_ascii
from dltui.draw.lines import draw_lines
from dltui.draw.look import Look
from dltui.draw.points import draw_points
from dltui.draw.surface import draw_surface
from dltui.draw.table import draw_table
from dltui.draw.tokens import draw_tokens
from dltui.draw.view import Drawing, View
from dltui.draw.written import draw_prose, draw_steps
from dltui.errors import DltuiError
from dltui.figures import (
    Bars,
    Figure,
    Graph,
    Heatmap,
    Histogram,
    Images,
    Lines,
    Points,
    Prose,
    Steps,
    Surface,
    Table,
    Tokens,
)

Draw = Callable[[Any, Look, View], Drawing]
DRAWINGS: dict[type[Figure], Draw] = {
    Bars: draw_bars,
    Graph: draw_graph,
    Heatmap: draw_heatmap,
    Histogram: draw_histogram,
    Images: draw_images,
    Lines: draw_lines,
    Points: draw_points,
    Prose: draw_prose,
    Steps: draw_steps,
    Surface: draw_surface,
    Table: draw_table,
    Tokens: draw_tokens,
}
HERE = View()


def draw(figure: Figure, look: Look, view: View = HERE) -> Drawing:
    """Return a figure drawn into the cells of a terminal, fast enough to be moved about.

    Args:
        figure: What to draw.
        look: Width, height, colours and glyphs that may be used.
        view: From where it is looked at.

    Returns:
        The cells, exactly ``look.width`` wide and, when a height was asked for, exactly that high.

    Raises:
        DltuiError: If no drawing is known for this kind of figure.
    """
    for kind, drawing in DRAWINGS.items():
        if isinstance(figure, kind):
            drawn = drawing(in_ascii(figure) if look.ascii else figure, look, view)
            if look.ascii:
                strip_to_ascii(drawn.canvas)
            return drawn
    raise DltuiError(
        f"can't draw a {type(figure).__name__}: expected one of {', '.join(k.__name__ for k in DRAWINGS)}"
    )
