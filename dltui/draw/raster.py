"""Cells as a picture: blocks and dots as exact rectangles, letters from a font."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.draw.braille import BITS, BLANK
from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.mosaic import parts_of
from dltui.errors import DltuiError

CELL = (8, 16)  # pixels of a cell across and down
PAPER, INK = 0x14141A, 0xD8D8DE  # where the terminal's own colours stand
LEVELS = 3  # letters are drawn in front, behind, and half and half
FULL = LEVELS - 1
DITHER = np.array([[0.0, 0.5], [0.75, 0.25]])
LEFT_EIGHTHS = {ord(glyph): i for i, glyph in enumerate("▏▎▍▌▋▊▉", 1)}
LOWER_EIGHTHS = {ord(glyph): i for i, glyph in enumerate("▁▂▃▄▅▆▇", 1)}
SHADES = {ord("░"): 0.25, ord("▒"): 0.5, ord("▓"): 0.75}

Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def rasterise(canvas: Canvas, cell: tuple[int, int] = CELL, *, paper: int = PAPER, ink: int = INK) -> Bytes:
    """Return a canvas as a picture.

    Args:
        canvas: The cells.
        cell: Pixels of a cell across and down.
        paper: Packed colour behind cells that leave theirs to the terminal.
        ink: Packed colour of letters that do.

    Returns:
        Red, green and blue, shape (rows · down, columns · across, 3).

    Raises:
        DltuiError: If there are letters and Pillow is missing.
    """
    front, back = grounded(canvas, paper, ink)
    share = filled(canvas, cell)[..., None] / np.float32(FULL)
    behind, before = (_spread(part, cell) for part in (back, front))
    mixed: Bytes = (behind + (before - behind) * share + 0.5).astype(np.uint8)
    return mixed


def grounded(
    canvas: Canvas, paper: int = PAPER, ink: int = INK
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the colours in front and behind, with the terminal's own ones filled in."""
    front = np.where(canvas.front == NO_COLOUR, np.uint32(ink), canvas.front)
    back = np.where(canvas.back == NO_COLOUR, np.uint32(paper), canvas.back)
    return front.astype(np.uint32), back.astype(np.uint32)


def filled(canvas: Canvas, cell: tuple[int, int] = CELL) -> Bytes:
    """Return how much of each pixel the glyphs fill, 0 … ``LEVELS`` − 1, shape (rows · down, columns · across)."""
    known, place = np.unique(canvas.glyph * 2 + canvas.bold, return_inverse=True)
    shapes = np.stack([_shape(int(key) // 2, bool(key % 2), cell) for key in known])
    picture = shapes[place.reshape(canvas.glyph.shape)].transpose(0, 2, 1, 3)
    wide = picture.reshape(canvas.height * cell[1], canvas.width * cell[0])
    for row, column in np.argwhere(canvas.glyph[:, 1:] == 0).tolist():  # the right half of a wide character
        letter = int(canvas.glyph[row, column])
        both = _shape(letter, bool(canvas.bold[row, column]), (2 * cell[0], cell[1]))
        wide[row * cell[1] : (row + 1) * cell[1], column * cell[0] : (column + 2) * cell[0]] = both
    return wide


def _spread(packed: NDArray[np.uint32], cell: tuple[int, int]) -> NDArray[np.float32]:
    """Return packed colours of cells as the colours of their pixels."""
    parts = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1).astype(np.float32)
    return np.repeat(np.repeat(parts, cell[1], axis=0), cell[0], axis=1)


@lru_cache(maxsize=1 << 12)
def _shape(code: int, bold: bool, cell: tuple[int, int]) -> Bytes:
    """Return one glyph in its cell, shape (down, across), 0 … ``LEVELS`` − 1."""
    across, down = cell
    shape = np.zeros((down, across), np.uint8)
    if code in {0, ord(" "), BLANK}:
        return shape
    for top, bottom, left, right in _blocks(code, cell):
        shape[top:bottom, left:right] = FULL
    if code in SHADES:
        shape[np.resize(np.tile(DITHER, (down, across)), (down, across)) < SHADES[code]] = FULL
    return shape if shape.any() else _letter(chr(code), bold, cell)


def _blocks(code: int, cell: tuple[int, int]) -> Iterator[Box]:
    """Yield the rectangles of a glyph that is made of some: top, bottom, left, right."""
    across, down = cell
    if code in parts_of():
        glyphs, pattern = parts_of()[code]
        columns, rows = glyphs.grain
        for i in range(columns * rows):
            if pattern >> i & 1:
                yield *_stretch(i // columns, rows, down), *_stretch(i % columns, columns, across)
    elif BLANK < code < BLANK + 256:
        for row, column in np.ndindex(4, 2):
            if code - BLANK & BITS[row][column]:
                yield _dot(row, 4, down) + _dot(column, 2, across)
    elif code in LOWER_EIGHTHS:
        yield down - round(down * LOWER_EIGHTHS[code] / 8), down, 0, across
    elif code in LEFT_EIGHTHS:
        yield 0, down, 0, round(across * LEFT_EIGHTHS[code] / 8)
    elif 0x2500 <= code < 0x2580:
        yield from _rules(unicodedata.name(chr(code)).split(), across, down)


def _rules(words: list[str], across: int, down: int) -> Iterator[Box]:
    """Yield the arms of a box drawing, from the middle of the cell to its borders."""
    if {"DASH", "DIAGONAL", "DOUBLE"} & set(words):
        return
    thick = max(1, across // 8) * (2 if "HEAVY" in words else 1)
    row, column = (down - thick) // 2, (across - thick) // 2
    if {"HORIZONTAL", "LEFT"} & set(words):
        yield row, row + thick, 0, column + thick
    if {"HORIZONTAL", "RIGHT"} & set(words):
        yield row, row + thick, column, across
    if {"VERTICAL", "UP"} & set(words):
        yield 0, row + thick, column, column + thick
    if {"VERTICAL", "DOWN"} & set(words):
        yield row, down, column, column + thick


def _stretch(place: int, count: int, size: int) -> tuple[int, int]:
    """Return where one of ``count`` parts of ``size`` pixels begins and ends."""
    return place * size // count, (place + 1) * size // count


def _dot(place: int, count: int, size: int) -> tuple[int, int]:
    """Return where a dot begins and ends, with a gap to the next one."""
    start, stop = _stretch(place, count, size)
    gap = (stop - start) // 4
    return start + gap, max(stop - gap, start + gap + 1)


def _letter(letter: str, bold: bool, cell: tuple[int, int]) -> Bytes:
    """Return a letter drawn from the font, in few steps between nothing and full."""
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise DltuiError("pictures of text need Pillow: pip install 'dltui[figures]'") from error
    image = Image.new("L", cell)
    ImageDraw.Draw(image).text(
        (cell[0] / 2, cell[1] * 0.76), letter, fill=255, font=_font(bold, cell[1]), anchor="ms"
    )
    return ((np.asarray(image).astype(np.uint16) * FULL + 127) // 255).astype(np.uint8)


@cache
def _font(bold: bool, tall: int) -> Any:
    """Return DejaVu Sans Mono, which comes with matplotlib, or Pillow's own font."""
    from PIL import ImageFont

    size = tall * 13 / 16
    found = find_spec("matplotlib")
    name = f"mpl-data/fonts/ttf/DejaVuSansMono{'-Bold' if bold else ''}.ttf"
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (Path(folder) / name).is_file():
            return ImageFont.truetype(str(Path(folder) / name), size)
    return ImageFont.load_default(size)
