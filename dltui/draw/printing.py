"""Figures as finished lines of text, for the command line."""

from __future__ import annotations

from dltui.draw.letters import wrap
from dltui.draw.look import Look
from dltui.draw.pictures import draw
from dltui.figures import Figure
from dltui.plaintext import to_ascii


def render(figure: Figure, look: Look) -> list[str]:
    """Return a figure drawn, as lines with escape codes where colours may be used.

    Args:
        figure: What to draw.
        look: Width, height, colours and glyphs that may be used.

    Returns:
        Lines of at most ``look.width`` cells.
    """
    from dltui.draw.plotext_adapter import chart_lines

    lines = chart_lines(figure, look)
    return draw(figure, look).canvas.lines(look.depth) if lines is None else lines


def render_words(figure: Figure, look: Look) -> list[str]:
    """Return title, words and caption of a figure as wrapped text, for screen readers and logs.

    Args:
        figure: What to tell.
        look: Width, and whether only ASCII may be written.

    Returns:
        Lines of at most ``look.width`` cells.
    """
    parts = [part for part in (figure.title, figure.words(), figure.caption) if part]
    return [line for part in parts for line in wrap(to_ascii(part) if look.ascii else part, look.width)]
