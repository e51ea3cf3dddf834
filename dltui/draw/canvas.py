"""Cells of a terminal as numpy arrays: glyphs, colours in front and behind, and the way to escape codes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dltui.draw.look import Depth
from dltui.draw.nearest import basic
from dltui.draw.patches import Patch
from dltui.draw.slots import SLOT, slot_text

Rgb = tuple[int, int, int]
NO_COLOUR = 1 << 24  # beyond any packed 0xRRGGBB: the terminal's own colour
RESET = "\x1b[0m"


def pack(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return colours of shape (…, 3) as whole numbers 0xRRGGBB of shape (…)."""
    wide = rgb.astype(np.uint32)
    return np.asarray((wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2], np.uint32)


class Canvas:
    """A rectangle of cells that figures are drawn into.

    Attributes:
        glyph: Code points, shape (height, width); 0 marks the right half of a wide character.
        front: Colour of each glyph, packed 0xRRGGBB, or ``NO_COLOUR``.
        back: Colour behind each glyph, likewise.
        bold: Whether the glyph is bold.
        patches: Pictures made of real pixels that may lie over the cells, for terminals that take them.
    """

    def __init__(self, width: int, height: int) -> None:
        self.glyph: NDArray[np.uint32] = np.full((height, width), ord(" "), np.uint32)
        self.front: NDArray[np.uint32] = np.full((height, width), NO_COLOUR, np.uint32)
        self.back: NDArray[np.uint32] = np.full((height, width), NO_COLOUR, np.uint32)
        self.bold: NDArray[np.bool_] = np.zeros((height, width), np.bool_)
        self.patches: list[Patch] = []

    @property
    def width(self) -> int:
        """Cells in a row."""
        return int(self.glyph.shape[1])

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.glyph.shape[0])

    def text(self, column: int, row: int, text: str, front: Rgb | None = None, *, bold: bool = False) -> int:
        """Write ``text`` from (column, row) to the right, cut at the border.

        Args:
            column: First cell; may lie left of the canvas.
            row: Row from the top; rows outside are ignored.
            text: One line; control characters become spaces.
            front: Colour, or None for the terminal's own.
            bold: Write it bold.

        Returns:
            The column after the last character.
        """
        colour = NO_COLOUR if front is None else (front[0] << 16) | (front[1] << 8) | front[2]
        if text_width(text) == len(text) and text.isprintable():
            return self._plain_text(column, row, text, colour, bold=bold)
        for character in text:
            wide = cell_width(character)
            if wide and 0 <= row < self.height and column >= 0 and column + wide <= self.width:
                self._part(column, row)
                self._part(column + wide, row)
                self.glyph[row, column] = ord(character) if _printable(character) else ord(" ")
                self.glyph[row, column + 1 : column + wide] = 0
                self.front[row, column : column + wide] = colour
                self.bold[row, column : column + wide] = bold
            column += wide
        return column

    def _plain_text(self, column: int, row: int, text: str, colour: int, *, bold: bool) -> int:
        """Write text whose characters all take one cell."""
        start, end = max(column, 0), min(column + len(text), self.width)
        if 0 <= row < self.height and start < end:
            self._part(start, row)
            self._part(end, row)
            part = text[start - column : end - column]
            self.glyph[row, start:end] = np.frombuffer(part.encode("utf-32-le"), np.uint32)
            self.front[row, start:end] = colour
            self.bold[row, start:end] = bold
        return column + len(text)

    def _part(self, column: int, row: int) -> None:
        """Blank both halves of a wide character that is cut before ``column``."""
        if 0 < column < self.width and self.glyph[row, column] == 0:
            self.glyph[row, column - 1 : column + 1] = ord(" ")

    def cut(self, width: int, height: int) -> Canvas:
        """Return the upper left part as a canvas of its own, without patches.

        A wide character that is cut through becomes a space.
        """
        part = Canvas(min(width, self.width), min(height, self.height))
        for name in ("glyph", "front", "back", "bold"):
            getattr(part, name)[:] = getattr(self, name)[: part.height, : part.width]
        if part.width < self.width:
            part.glyph[self.glyph[: part.height, part.width] == 0, part.width - 1] = ord(" ")
        return part

    def plain(self) -> list[str]:
        """Return the rows as text without colours, without spaces at the ends."""
        return [characters(row).rstrip() for row in self.glyph]

    def lines(self, depth: Depth) -> list[str]:
        """Return the rows as text with escape codes for ``depth`` colours; each row ends in its reset."""
        if depth is Depth.NONE:
            return self.plain()
        return [self._line(row, depth) for row in range(self.height)]

    def _line(self, row: int, depth: Depth) -> str:
        """Return one row, with a code only where the style changes."""
        front, back, bold = self.front[row], self.back[row], self.bold[row]
        end = self._end(row)
        if end == 0:
            return ""
        change = np.ones(end, np.bool_)
        change[1:] = (
            (front[1:end] != front[: end - 1])
            | (back[1:end] != back[: end - 1])
            | (bold[1:end] != bold[: end - 1])
        )
        starts = np.flatnonzero(change).tolist()
        parts: list[str] = []
        for start, stop in zip(starts, [*starts[1:], end], strict=True):
            code = _sgr(int(front[start]), int(back[start]), bool(bold[start]), depth)
            parts += [code, characters(self.glyph[row, start:stop])]
        return "".join([*parts, RESET])

    def _end(self, row: int) -> int:
        """Return the column after the last cell that is not an empty one."""
        used = (self.glyph[row] != ord(" ")) | (self.back[row] != NO_COLOUR)
        last = np.flatnonzero(used)
        return int(last[-1]) + 1 if last.size else 0


@lru_cache(maxsize=4096)
def cell_width(character: str) -> int:
    """Return how many cells a character takes: 0 for combining ones, 2 for wide ones, else 1."""
    code = ord(character)
    if code < 0x300 or _is_block(code):
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or 0x1160 <= code <= 0x11FF:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _is_block(code: int) -> bool:
    """Return whether a code point is of a block for mosaics, which Python's tables may be too old to know."""
    return 0x1CC00 <= code < 0x1CEC0 or 0x1FB00 <= code < 0x1FC00


def _printable(character: str) -> bool:
    """Return whether a character is one that is seen."""
    return character.isprintable() or _is_block(ord(character))


def text_width(text: str) -> int:
    """Return how many cells a line of text takes."""
    return len(text) if text.isascii() else sum(map(cell_width, text))


def clip(text: str, width: int) -> str:
    """Return ``text`` cut to ``width`` cells, with an ellipsis where something is missing."""
    if text_width(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += cell_width(character)
        if used > width - 1:
            break
        kept += character
    return kept + "…" if width > 0 else ""


def palette_index(colour: int) -> int:
    """Return the nearest of the 256 colours' cube and greys to a packed colour."""
    red, green, blue = colour >> 16, (colour >> 8) & 255, colour & 255
    levels = (0, 95, 135, 175, 215, 255)
    cube = [min(range(6), key=lambda i, v=value: abs(levels[i] - v)) for value in (red, green, blue)]  # type: ignore[misc]
    grey = max(0, min(23, round(((red + green + blue) / 3 - 8) / 10)))
    far = _distance((red, green, blue), tuple(levels[i] for i in cube))
    if _distance((red, green, blue), (8 + 10 * grey,) * 3) < far:
        return 232 + grey
    return 16 + 36 * cube[0] + 6 * cube[1] + cube[2]


def _distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the squared distance of two colours."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


_codes: dict[tuple[int, int, bool, Depth], str] = {}


def _sgr(front: int, back: int, bold: bool, depth: Depth) -> str:
    """Return the escape code of one style; remembered, since a picture has few."""
    key = (front, back, bold, depth)
    code = _codes.get(key)
    if code is None:
        parts = ["0", *(["1"] if bold else []), *_colour(38, front, depth), *_colour(48, back, depth)]
        code = f"\x1b[{';'.join(parts)}m"
        if len(_codes) < 1 << 16:
            _codes[key] = code
    return code


def _colour(kind: int, colour: int, depth: Depth) -> list[str]:
    """Return the parts of a code that set the colour in front (38) or behind (48)."""
    if colour == NO_COLOUR:
        return []
    if depth is Depth.PALETTE:
        return [f"{kind};5;{palette_index(colour)}"]
    if depth is Depth.BASIC:
        index = int(basic(np.array([colour], np.uint32))[0])
        return [str(kind - 8 + (index if index < 8 else index + 52))]
    return [f"{kind};2;{colour >> 16};{(colour >> 8) & 255};{colour & 255}"]


def characters(glyphs: NDArray[np.uint32]) -> str:
    """Return code points as a string; the right halves of wide characters vanish."""
    if glyphs.size and glyphs.max() >= SLOT:
        return "".join(slot_text(code) if code >= SLOT else chr(code) for code in glyphs.tolist() if code)
    return str(glyphs[glyphs != 0].astype("<u4").tobytes(), "utf-32-le")
