"""Text that fits: wrapped, clipped, and spelled in ASCII where nothing else may be written."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from dltui.draw.canvas import Canvas, cell_width, clip, text_width
from dltui.plaintext import to_ascii

Thing = TypeVar("Thing")

# Cells are changed one for one: what is drawn, not what is written.
_CELLS = {
    glyph: plain
    for plain, glyphs in {
        "-": "─━╌┄╴╶−═▃▄", "|": "│┃╎┆╵╷║▐▕▍▎▏", "+": "┌┐└┘├┤┬┴┼╭╮╰╯", ">": "▶→", "v": "▼↓", "^": "▲△▀↑", "<": "◀←",
        "~": "…", ".": "·░", "*": "•", "o": "●◆∙", "0": "○", "#": "■█▉▊▋▌▇▆▅▓", "x": "×", "=": "□◇", "_": "▁▂",
        "%": "▒", "/": "╱",
    }.items()
    for glyph in glyphs
}  # fmt: skip


def in_ascii(thing: Thing) -> Thing:
    """Return a figure, or any part of one, with all its texts spelled in ASCII."""
    if isinstance(thing, str):
        return to_ascii(thing)  # type: ignore[return-value]
    if isinstance(thing, tuple):
        return tuple(in_ascii(part) for part in thing)  # type: ignore[return-value]
    if is_dataclass(thing) and not isinstance(thing, type):
        changed: dict[str, Any] = {
            part.name: in_ascii(getattr(thing, part.name))
            for part in fields(thing)
            if isinstance(getattr(thing, part.name), str | tuple)
        }
        return replace(thing, **changed)
    return thing


def strip_to_ascii(canvas: Canvas) -> None:
    """Replace every glyph beyond ASCII by the nearest ASCII one, cell for cell."""
    for code in np.unique(canvas.glyph[canvas.glyph > 126]).tolist():
        plain = "." if 0x2800 <= code < 0x2900 else _CELLS.get(chr(code), "?")
        canvas.glyph[canvas.glyph == code] = ord(plain)


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` broken into lines of at most ``width`` cells, at spaces where possible."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if text_width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = broken(word, max(width, 1))
        lines += whole
    return [*lines, line] if line else lines


def broken(word: str, width: int) -> list[str]:
    """Return a word cut into pieces of at most ``width`` cells (2 where a wide character stands)."""
    pieces, piece, used = [], "", 0
    for character in word:
        wide = cell_width(character)
        if piece and used + wide > width:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + character, used + wide
    return [*pieces, piece]


def clip_middle(text: str, width: int) -> str:
    """Return ``text`` cut to ``width`` cells with the ellipsis in the middle, so that both ends can be told."""
    if text_width(text) <= width:
        return text
    tail, used = "", 0
    for character in reversed(text):
        used += cell_width(character)
        if used > (width - 1) // 2:
            break
        tail = character + tail
    return clip(text, width - text_width(tail)) + tail


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` filled with spaces to ``width`` cells, on the left when ``right`` aligned."""
    gap = " " * max(0, width - text_width(text))
    return gap + text if right else text + gap
