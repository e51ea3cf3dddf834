"""From a figure to cells: which drawing belongs to which kind of figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dltui.draw.bars import draw_bars
from dltui.draw.graph import draw_graph
from dltui.draw.heatmap import draw_heatmap
from dltui.draw.histogram import draw_histogram
from dltui.draw.images import draw_images
from dltui.draw.letters import in_ascii, strip_to_ascii
from dltui.draw.look import Look
from dltui.draw.overlay import draw_overlay
from dltui.draw.panels import draw_curves
from dltui.draw.points import draw_points
from dltui.draw.scene.drawing import draw_scene
from dltui.draw.scene.eye import first_view
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
    Overlay,
    Points,
    Prose,
    Scene,
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
    Lines: draw_curves,
    Overlay: draw_overlay,
    Points: draw_points,
    Prose: draw_prose,
    Scene: draw_scene,
    Steps: draw_steps,
    Surface: draw_surface,
    Table: draw_table,
    Tokens: draw_tokens,
}
SMALLEST = (16, 3)  # columns and rows below which a larger drawing is cut


def draw(figure: Figure, look: Look, view: View | None = None) -> Drawing:
    """Return a figure drawn into the cells of a terminal, fast enough to be moved about.

    Args:
        figure: What to draw.
        look: Width, height, colours and glyphs that may be used.
        view: From where it is looked at; from where it is first seen when None.

    Returns:
        The cells, exactly ``look.width`` wide and, when a height was asked for, exactly that high.

    Raises:
        DltuiError: If no drawing is known for this kind of figure.
    """
    view = view or first_view(figure)
    for kind, drawing in DRAWINGS.items():
        if isinstance(figure, kind):
            small = look.width < SMALLEST[0] or (look.height is not None and look.height < SMALLEST[1])
            with np.errstate(
                all="ignore"
            ):  # what is beyond the range of a float is drawn at the border or not at all
                drawn = drawing(
                    in_ascii(figure) if look.ascii else figure, _at_least(look) if small else look, view
                )
            if look.ascii:
                strip_to_ascii(drawn.canvas)
            if small:
                height = drawn.canvas.height if look.height is None else look.height
                return Drawing(drawn.canvas.cut(max(look.width, 1), max(height, 1)))
            return drawn
    raise DltuiError(
        f"can't draw a {type(figure).__name__}: expected one of {', '.join(k.__name__ for k in DRAWINGS)}"
    )


def _at_least(look: Look) -> Look:
    """Return a look that is large enough to lay something out."""
    height = None if look.height is None else max(look.height, SMALLEST[1])
    return replace(look, width=max(look.width, SMALLEST[0]), height=height)
