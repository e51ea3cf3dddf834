"""A canvas as finished escape text, row by row, filled in by numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Depth
from dltui.draw.nearest import basic, palette

RESET = "\x1b[0m"
_ZERO = ord("0")


def rows(canvas: Canvas, depth: Depth, front: int, back: int) -> list[str]:
    """Return each row of a canvas as text with escape codes.

    A code is written only where the style changes. The bytes of all cells are laid out in one array of equal
    slots, and the slots that are not needed are left out when it is read.

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
    slots = [_weight(canvas.bold), colour(fronts, 3), colour(backs, 4), _glyphs(canvas.glyph)]
    layout = np.concatenate([bytes_ for bytes_, _ in slots], axis=2)
    wanted = np.concatenate([used for _, used in slots], axis=2)
    ends = np.cumsum(wanted.sum(axis=(1, 2))).tolist()
    text = layout[wanted].tobytes()
    return [text[start:end].decode() + RESET for start, end in zip([0, *ends], ends, strict=False)]


Slot = tuple[NDArray[np.uint8], NDArray[np.bool_]]  # bytes of each cell, and which of them are written


def _weight(bold: NDArray[np.bool_]) -> Slot:
    """Return the codes that switch bold on and off."""
    slot = _template(bold.shape, b"\x1b[22m")
    slot[bold, 2:4] = np.frombuffer(b"01", np.uint8)
    return slot, _spread(_changed(bold, first=bold[:, 0]), slot.shape[2])


def _true(colours: NDArray[np.uint32], kind: int) -> Slot:
    """Return the codes that set 24-bit colours in front (kind 3) or behind (kind 4)."""
    slot = _template(colours.shape, b"\x1b[%d8;2;000;000;000m" % kind)
    for place, shift in ((7, 16), (11, 8), (15, 0)):
        _digits(slot[:, :, place : place + 3], (colours >> np.uint32(shift)) & np.uint32(255))
    return slot, _spread(_changed(colours, first=True), slot.shape[2])


def _indexed(colours: NDArray[np.uint32], kind: int) -> Slot:
    """Return the codes that set colours out of 256 in front (kind 3) or behind (kind 4)."""
    index = palette(colours)
    slot = _template(colours.shape, b"\x1b[%d8;5;000m" % kind)
    _digits(slot[:, :, 7:10], index)
    return slot, _spread(_changed(index, first=True), slot.shape[2])


def _sixteen(colours: NDArray[np.uint32], kind: int) -> Slot:
    """Return the codes that set colours out of 16 in front (kind 3) or behind (kind 4): 30…37, 90…97 and ten more."""
    index = basic(colours)
    slot = _template(colours.shape, b"\x1b[000m")
    _digits(slot[:, :, 2:5], np.where(index < 8, index, index + 52) + np.uint32(10 * kind))
    return slot, _spread(_changed(index, first=True), slot.shape[2])


def _glyphs(glyph: NDArray[np.uint32]) -> Slot:
    """Return the UTF-8 bytes of each code point; the right half of a wide character has none."""
    slot = np.empty((*glyph.shape, 4), np.uint8)
    tail = [(glyph >> np.uint32(shift)) & np.uint32(63) | np.uint32(128) for shift in (18, 12, 6, 0)]
    length = (glyph > 0).astype(np.int64) + (glyph > 0x7F) + (glyph > 0x7FF) + (glyph > 0xFFFF)
    for place in range(4):
        slot[:, :, place] = tail[place]
    leads = (glyph, glyph >> np.uint32(6) | np.uint32(0xC0), glyph >> np.uint32(12) | np.uint32(0xE0))
    for size, lead in enumerate((*leads, glyph >> np.uint32(18) | np.uint32(0xF0)), start=1):
        slot[:, :, 4 - size] = np.where(length == size, lead, slot[:, :, 4 - size])
    return slot, np.arange(4)[None, None, :] >= 4 - length[:, :, None]


def _template(shape: tuple[int, ...], code: bytes) -> NDArray[np.uint8]:
    """Return ``code`` once a cell, shape (height, width, len(code))."""
    return np.tile(np.frombuffer(code, np.uint8), (*shape, 1))


def _digits(place: NDArray[np.uint8], value: NDArray[np.uint32]) -> None:
    """Write numbers 0…999 as three digits each."""
    small = value.astype(np.uint16)
    place[:, :, 0] = small // 100 + _ZERO
    place[:, :, 1] = small // 10 % 10 + _ZERO
    place[:, :, 2] = small % 10 + _ZERO


def _changed(cells: NDArray[Any], *, first: bool | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where a cell differs from its left neighbour; ``first`` is said of the first column."""
    change = np.empty(cells.shape, np.bool_)
    change[:, 0] = first
    change[:, 1:] = cells[:, 1:] != cells[:, :-1]
    return change


def _spread(cells: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Return the mask of a slot of ``size`` bytes a cell."""
    return np.broadcast_to(cells[:, :, None], (*cells.shape, size))
