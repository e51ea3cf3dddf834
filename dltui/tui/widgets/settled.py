"""Pictures that have come to rest: real pixels over the cells, written past Textual.

This file alone writes to the terminal by itself. Kitty's pictures are sent ahead and then stand in place of
characters, so Textual moves, cuts and covers them like text. Sixel is painted over the cells once these stand; a
terminal forgets it wherever something is written over it.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import App

from dltui.draw.canvas import Canvas
from dltui.draw.kitty import forget, fresh_numbers, placed, sent
from dltui.draw.sixel import as_sixel
from dltui.draw.terminals import Pixels


@dataclass(frozen=True, slots=True)
class Settled:
    """A canvas with its patches ready for the terminal.

    Attributes:
        cells: What stands in the cells; with kitty's protocol the places of the pictures.
        ahead: What is sent before the cells.
        over: What is painted over the cells afterwards: column, row, columns, rows, sequence.
        after: What is sent when the picture has gone.
    """

    cells: Canvas
    ahead: str = ""
    over: tuple[tuple[int, int, int, int, str], ...] = ()
    after: str = ""


def settled(canvas: Canvas, pixels: Pixels) -> Settled | None:
    """Return a canvas in real pixels, or None where it has none.

    Args:
        canvas: Cells with patches.
        pixels: How the terminal takes them.

    Returns:
        Everything that must be written.
    """
    if not canvas.patches:
        return None
    if pixels.protocol == "kitty":
        numbers = fresh_numbers(len(canvas.patches))
        return Settled(
            placed(canvas, numbers),
            ahead=sent(canvas, numbers, wrapped=pixels.wrapped),
            after="".join(forget(number, wrapped=pixels.wrapped) for number in numbers),
        )
    over = tuple(
        (patch.left, patch.top, patch.columns, patch.rows, as_sixel(canvas, patch, pixels.cell))
        for patch in canvas.patches
    )
    return Settled(canvas, over=over)


def write(app: App[object], text: str) -> bool:
    """Send something to the terminal as it is, after all that Textual has written so far.

    Args:
        app: Whose terminal it is.
        text: Escape sequences that leave cursor and cells to Textual.

    Returns:
        Whether there was a terminal to write to.
    """
    driver = app._driver
    if driver is None or app.is_headless or not text:
        return False
    driver.write(text)
    driver.flush()
    return True


def painted(column: int, row: int, sequence: str) -> str:
    """Return a sequence that is painted at a place of the screen, counted from 0; the cursor comes back."""
    return f"\x1b7\x1b[{row + 1};{column + 1}H{sequence}\x1b8"


def at_once(text: str) -> str:
    """Return a text that terminals show as one step, where they know how."""
    return f"\x1b[?2026h{text}\x1b[?2026l"
