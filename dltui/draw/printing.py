"""Figures as finished lines of text, for the command line."""

from __future__ import annotations

from dltui.draw.canvas import Canvas
from dltui.draw.kitty import fresh_numbers, placed, sent
from dltui.draw.letters import wrap
from dltui.draw.look import Depth, Look
from dltui.draw.patches import Patch
from dltui.draw.pictures import draw
from dltui.draw.sixel import as_sixel
from dltui.draw.terminals import Pixels
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
    if lines is not None:
        return lines
    canvas = draw(figure, look).canvas
    if look.pixels is None or not canvas.patches:
        return canvas.lines(look.depth)
    return pictured(canvas, look.pixels)


def pictured(canvas: Canvas, pixels: Pixels) -> list[str]:
    """Return the lines of a canvas with its patches in real pixels.

    Args:
        canvas: Cells with patches.
        pixels: How the terminal takes them.

    Returns:
        As many lines as there are rows; cells alone where sixel has no room to go back up.
    """
    if pixels.protocol == "kitty":
        numbers = fresh_numbers(len(canvas.patches))
        lines = placed(canvas, numbers).lines(Depth.TRUE)
        return [sent(canvas, numbers, wrapped=pixels.wrapped) + lines[0], *lines[1:]]
    lines = canvas.lines(Depth.TRUE)
    if canvas.height >= pixels.rows:
        return lines
    return [
        *lines[:-1],
        lines[-1] + "".join(_painted_over(canvas, patch, pixels) for patch in canvas.patches),
    ]


def _painted_over(canvas: Canvas, patch: Patch, pixels: Pixels) -> str:
    """Return the way from the last row up to a patch, the patch as sixel, and the way back."""
    up, right = canvas.height - 1 - patch.top, patch.left
    there = "\x1b7\r" + (f"\x1b[{up}A" if up else "") + (f"\x1b[{right}C" if right else "")
    return f"{there}{as_sixel(canvas, patch, pixels.cell)}\x1b8"


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
