"""A figure in space, turned once around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dltui.draw.canvas import Canvas
from dltui.draw.look import Look
from dltui.draw.pictures import draw
from dltui.draw.scene.eye import first_view
from dltui.draw.view import View
from dltui.errors import UsageError
from dltui.figures import Figure, Points, Scene, Surface

FRAMES = 90
SECONDS = 6.0


def turns(figure: Figure) -> bool:
    """Return whether a figure stands in space."""
    return isinstance(figure, Surface | Scene) or (
        isinstance(figure, Points) and figure.position.ndim == 2 and figure.position.shape[1] >= 3
    )


def turned(figures: Sequence[Figure], look: Look, view: View | None = None) -> Iterator[tuple[float, Canvas]]:
    """Yield the frames of the first figure that stands in space, going once around it.

    Args:
        figures: What there is.
        look: Width, height, colours and glyphs.
        view: Where to begin.

    Yields:
        Seconds from the start, and the cells.

    Raises:
        UsageError: If none of the figures stands in space.
    """
    figure = next((figure for figure in figures if turns(figure)), None)
    if figure is None:
        kinds = ", ".join(dict.fromkeys(type(figure).__name__.lower() for figure in figures)) or "nothing"
        raise UsageError(
            f"nothing here can be turned: found {kinds}, expected a surface, a scene or a cloud of points in space"
        )
    start = view or first_view(figure)
    for i in range(FRAMES):
        azimuth = (start.azimuth - 360 * i / FRAMES) % 360
        yield i * SECONDS / FRAMES, draw(figure, look, replace(start, azimuth=azimuth)).canvas
