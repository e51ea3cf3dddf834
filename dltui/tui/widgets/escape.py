"""A canvas as finished escape text, row by row, filled in by numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Depth
from dltui.draw.nearest import basic, palette

Words = NDArray[np.uint32]  # four bytes of text each, the first one lowest; zeros are no text


def rows(canvas: Canvas, depth: Depth, front: int, back: int) -> list[str]:
    """Return each row of a canvas as text with escape codes.

    A code is written only where the style changes. The text of all cells is laid out in one array, each cell in
    equally many words; what is not needed is zeros, and left out when it is read.

    Args:
        canvas: The cells.
        depth: Any but ``Depth.NONE``.
        front: Packed colour 0xRRGGBB for cells that leave theirs to the terminal.
        back: Packed colour behind those.

    Returns:
        One string a row, each with its reset at the end.
    """
    if not canvas.width or not canvas.height:
        return [""] * canvas.height
    fronts = np.where(canvas.front == NO_COLOUR, np.uint32(front), canvas.front)
    backs = np.where(canvas.back == NO_COLOUR, np.uint32(back), canvas.back)
    colour = {Depth.TRUE: _true, Depth.PALETTE: _indexed, Depth.BASIC: _sixteen}[depth]
    words = [*colour(fronts, 3), *colour(backs, 4), _glyphs(canvas.glyph)]
    if canvas.bold.any():
        words = [*_weight(canvas.bold), *words]
    cells = np.zeros((canvas.height, canvas.width + 1, len(words)), "<u4")
    for place, word in enumerate(words):
        cells[:, :-1, place] = word
    cells[:, -1, 0] = _RESET
    return [row.tobytes().translate(None, b"\0").decode() for row in cells]


def _table(texts: Iterable[str], size: int = 1) -> Words:
    """Return texts as words, shape (size, texts)."""
    joined = b"".join(text.encode().ljust(4 * size, b"\0") for text in texts)
    return np.frombuffer(joined, "<u4").reshape(-1, size).T.astype(np.uint32)


_RESET = _table(["\x1b[0m"])[0, 0]
_WEIGHTS = _table(["\x1b[22m", "\x1b[1m"], 2)
_FIRST, _LAST = (_table(f"{number}{end}" for number in range(256))[0] for end in ";m")
_TRUE = {kind: _table([f"\x1b[{kind}8;2;"], 2)[:, 0] for kind in (3, 4)}
_INDEXED = {kind: _table((f"\x1b[{kind}8;5;{index}m" for index in range(256)), 3) for kind in (3, 4)}
_SIXTEEN = {
    kind: _table((f"\x1b[{10 * kind + index + (52 if index > 7 else 0)}m" for index in range(16)), 2)
    for kind in (3, 4)
}


def _weight(bold: NDArray[np.bool_]) -> Iterator[Words]:
    """Yield the codes that switch bold on and off."""
    changed = _changed(bold, first=bold[:, 0])
    for table in _WEIGHTS:
        yield table[bold.view(np.uint8)] * changed


def _true(colours: Words, kind: int) -> Iterator[Words]:
    """Yield the codes that set 24-bit colours in front (kind 3) or behind (kind 4)."""
    changed = _changed(colours, first=True)
    for word in _TRUE[kind]:
        yield word * changed
    for shift, table in ((16, _FIRST), (8, _FIRST), (0, _LAST)):
        yield table[colours >> np.uint32(shift) & np.uint32(255)] * changed


def _indexed(colours: Words, kind: int) -> Iterator[Words]:
    """Yield the codes that set colours out of 256 in front (kind 3) or behind (kind 4)."""
    index = palette(colours)
    changed = _changed(index, first=True)
    for table in _INDEXED[kind]:
        yield table[index] * changed


def _sixteen(colours: Words, kind: int) -> Iterator[Words]:
    """Yield the codes that set colours out of 16 in front (kind 3) or behind (kind 4): 30…37, 90…97 and ten more."""
    index = basic(colours)
    changed = _changed(index, first=True)
    for table in _SIXTEEN[kind]:
        yield table[index] * changed


def _glyphs(glyph: Words) -> Words:
    """Return the UTF-8 bytes of each code point; the right half of a wide character has none."""
    low, middle, high = (glyph >> np.uint32(shift) & np.uint32(63) | np.uint32(128) for shift in (0, 6, 12))
    two = glyph >> np.uint32(6) | np.uint32(0xC0) | low << np.uint32(8)
    three = glyph >> np.uint32(12) | np.uint32(0xE0) | middle << np.uint32(8) | low << np.uint32(16)
    four = glyph >> np.uint32(18) | np.uint32(0xF0) | high << np.uint32(8) | middle << np.uint32(16)
    short = np.where(glyph < 0x80, glyph, two)
    long = np.where(glyph < 0x10000, three, four | low << np.uint32(24))
    return np.where(glyph < 0x800, short, long)


def _changed(cells: NDArray[Any], *, first: bool | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where a cell differs from its left neighbour; ``first`` is said of the first column."""
    change = np.empty(cells.shape, np.bool_)
    change[:, 0] = first
    change[:, 1:] = cells[:, 1:] != cells[:, :-1]
    return change
