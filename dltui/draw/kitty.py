"""Pictures by kitty's graphics protocol, shown in place of placeholder characters.

A picture is sent once and gets a number; wherever the terminal then meets U+10EEEE in the colour of that number, with
two combining marks that tell row and column, it shows this part of the picture. So a picture scrolls, is cut and is
written over like text, and can leave nothing behind.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.slots import MARK_BITS, MARKS, SLOT

CHUNK = 4096  # letters in one command, as the protocol wants


def transmit(
    pixels: NDArray[np.uint8], number: int, columns: int, rows: int, *, wrapped: bool = False
) -> str:
    """Return the commands that send a picture and say how many cells it takes.

    Args:
        pixels: Red, green, blue and opacity, shape (h, w, 4).
        number: The picture's own number, 1 … 2²⁴ − 1.
        columns: Cells across.
        rows: Cells down.
        wrapped: Hand them through tmux.

    Returns:
        Escape sequences; nothing is seen until placeholders are written.
    """
    height, width = pixels.shape[:2]
    data = base64.standard_b64encode(zlib.compress(np.ascontiguousarray(pixels).tobytes(), 6)).decode("ascii")
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
    head = f"a=T,U=1,q=2,f=32,o=z,s={width},v={height},i={number},c={columns},r={rows},"
    commands = [
        _command(f"{head if place == 0 else 'q=2,'}m={int(place + 1 < len(chunks))};{chunk}", wrapped=wrapped)
        for place, chunk in enumerate(chunks)
    ]
    return "".join(commands)


def forget(number: int, *, wrapped: bool = False) -> str:
    """Return the command that frees a picture."""
    return _command(f"a=d,d=I,i={number},q=2", wrapped=wrapped)


def placed(canvas: Canvas, numbers: Sequence[int]) -> Canvas:
    """Return a canvas whose patches are shown by placeholders instead of glyphs.

    Args:
        canvas: Cells with patches.
        numbers: Each picture's number, which becomes the colour of its cells.

    Returns:
        A copy with slots for glyphs; a patch with more rows or columns than can be counted stays cells.
    """
    shown = canvas.cut(canvas.width, canvas.height)
    for patch, number in zip(canvas.patches, numbers, strict=True):
        if max(patch.columns, patch.rows) > len(MARKS):
            continue
        covered = patch.covered(canvas)
        area = np.s_[patch.top : patch.top + patch.rows, patch.left : patch.left + patch.columns]
        rows, columns = np.indices(covered.shape, np.uint32)
        slots = np.uint32(SLOT) | rows << np.uint32(MARK_BITS) | columns
        shown.glyph[area] = np.where(covered, slots, shown.glyph[area])
        shown.front[area] = np.where(covered, np.uint32(number), shown.front[area])
        shown.back[area] = np.where(covered, np.uint32(NO_COLOUR), shown.back[area])
        shown.bold[area] &= ~covered
    return shown


def sent(canvas: Canvas, numbers: Sequence[int], *, wrapped: bool = False) -> str:
    """Return the commands that send the patches of a canvas, clear where something was written over them."""
    return "".join(
        transmit(patch.shown(canvas), number, patch.columns, patch.rows, wrapped=wrapped)
        for patch, number in zip(canvas.patches, numbers, strict=True)
    )


def fresh_numbers(count: int) -> list[int]:
    """Return numbers for pictures that none on the screen is likely to have, whichever program sent it."""
    return [1 + secrets.randbelow((1 << 24) - 1) for _ in range(count)]


def _command(body: str, *, wrapped: bool) -> str:
    """Return one command of the protocol."""
    command = f"\x1b_G{body}\x1b\\"
    return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\" if wrapped else command
