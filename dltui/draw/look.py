"""What a terminal can show: its size, its colours, its glyphs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TextIO

MIN_WIDTH = 60  # narrower terminals get lines of this width and wrap them themselves


class Depth(IntEnum):
    """How many colours there are."""

    NONE = 0
    PALETTE = 256
    TRUE = 1 << 24


@dataclass(frozen=True, slots=True)
class Look:
    """How a figure shall be drawn.

    Attributes:
        width: Cells in a row that may be used.
        height: Rows that may be used, or None for what suits the figure.
        depth: Colours that may be used; without any, shades are made of glyphs.
        ascii: Use nothing beyond ASCII, for serial consoles and logs.
    """

    width: int = 80
    height: int | None = None
    depth: Depth = Depth.NONE
    ascii: bool = False


def look_of(stream: TextIO, environ: Mapping[str, str] = os.environ, *, ascii_only: bool = False) -> Look:
    """Return what ``stream`` can show: colour only on a terminal, and not where ``NO_COLOR`` says so.

    Args:
        stream: Where the drawing will be written.
        environ: Environment variables: ``NO_COLOR``, ``COLORTERM``, ``TERM`` and ``COLUMNS`` count.
        ascii_only: The user asked for ASCII.

    Returns:
        The look, at least 60 cells wide.
    """
    terminal = stream.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal or environ.get("COLUMNS") else 80
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    return Look(
        width=max(MIN_WIDTH, width),
        depth=_depth(environ) if terminal else Depth.NONE,
        ascii=ascii_only
        or not encoding.startswith(("utf", "cp65001"))
        or (terminal and environ.get("TERM") == "dumb"),
    )


def _depth(environ: Mapping[str, str]) -> Depth:
    """Return the colours of the terminal that ``environ`` describes."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in {"", "dumb"}:
        return Depth.NONE
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"} or term.endswith("-direct"):
        return Depth.TRUE
    return Depth.PALETTE
