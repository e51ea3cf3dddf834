"""Pictures by kitty's graphics protocol, shown in place of placeholder characters.

A picture is sent once and gets a number; wherever the terminal then meets U+10EEEE in the colour of that number, with
two combining marks that tell row and column, it shows this part of the picture. So a picture scrolls, is cut and is
written over like text, and can leave nothing behind.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas

PLACEHOLDER = "\U0010eeee"
CHUNK = 4096  # letters in one command, as the protocol wants
SLOT = 1 << 31  # glyphs from here on stand for a part of a picture: SLOT | row << 15 | column
MARK_BITS = 15
# Marks that count rows and columns, in this order: combining class 230, no decomposition (Unicode 6.0).
_MARKS = (
    "0305 030d-030e 0310 0312 033d-033f 0346 034a-034c 0350-0352 0357 035b 0363-036f 0483-0487 0592-0595 0597-0599 "
    "059c-05a1 05a8-05a9 05ab-05ac 05af 05c4 0610-0617 0657-065b 065d-065e 06d6-06dc 06df-06e2 06e4 06e7-06e8 "
    "06eb-06ec 0730 0732-0733 0735-0736 073a 073d 073f-0741 0743 0745 0747 0749-074a 07eb-07f1 07f3 0816-0819 "
    "081b-0823 0825-0827 0829-082d 0951 0953-0954 0f82-0f83 0f86-0f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b "
    "1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc "
    "20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf "
    "aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244"
)


def _marks() -> list[str]:
    """Return the marks one by one."""
    found = []
    for word in _MARKS.split():
        first, _, last = word.partition("-")
        found += [chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)]
    return found


MARKS = _marks()


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


def placed(canvas: Canvas, number: int) -> Canvas | None:
    """Return a canvas whose first patch is shown by placeholders instead of glyphs.

    Args:
        canvas: Cells with a patch.
        number: The picture's number, which becomes the colour of its cells.

    Returns:
        A copy with slots for glyphs; None where the patch has more rows or columns than can be counted.
    """
    patch = canvas.patches[0]
    if max(patch.columns, patch.rows) > len(MARKS):
        return None
    covered = patch.covered(canvas)
    shown = canvas.cut(canvas.width, canvas.height)
    area = np.s_[patch.top : patch.top + patch.rows, patch.left : patch.left + patch.columns]
    rows, columns = np.indices(covered.shape, np.uint32)
    slots = np.uint32(SLOT) | rows << np.uint32(MARK_BITS) | columns
    shown.glyph[area] = np.where(covered, slots, shown.glyph[area])
    shown.front[area] = np.where(covered, np.uint32(number), shown.front[area])
    shown.back[area] = np.where(covered, np.uint32(NO_COLOUR), shown.back[area])
    shown.bold[area] &= ~covered
    return shown


def slot_text(slot: int) -> str:
    """Return the characters that show a part of a picture."""
    place = slot - SLOT
    return PLACEHOLDER + MARKS[place >> MARK_BITS] + MARKS[place & ((1 << MARK_BITS) - 1)]


def _command(body: str, *, wrapped: bool) -> str:
    """Return one command of the protocol."""
    command = f"\x1b_G{body}\x1b\\"
    return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\" if wrapped else command
