"""What a terminal can show: its size, its colours, its glyphs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TextIO

from dltui.draw.glyphs import Glyphs
from dltui.draw.terminals import Pixels, chosen_pixels, glyphs_of

if TYPE_CHECKING:
    from dltui.figures import ColorMap

MIN_WIDTH = 60  # narrower terminals get lines of this width and wrap them themselves
DEFAULT_MAP = "viridis"  # of figures that don't ask for another
# Terminals of these names don't say that they know more than sixteen colours.
POOR = frozenset({"ansi", "cygwin", "linux", "rxvt", "screen", "tmux", "vt100", "vt102", "vt220", "xterm"})


class Depth(IntEnum):
    """How many colours there are."""

    NONE = 0
    BASIC = 16
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
        glyphs: Into what pictures and what stands in space divide a cell.
        pixels: How the terminal takes real pixels, which then lie over those cells, or None for cells alone.
        colormap: The colours of fields that don't ask for others, or None for viridis.
        budget: How many points of a cloud may be drawn while it moves, or None for all.
    """

    width: int = 80
    height: int | None = None
    depth: Depth = Depth.NONE
    ascii: bool = False
    glyphs: Glyphs = Glyphs.QUADRANT
    pixels: Pixels | None = None
    colormap: ColorMap | None = None
    budget: int | None = None

    def map_of(self, wanted: ColorMap) -> ColorMap:
        """Return the colours for a figure that wants ``wanted``: the user's own ones where it wants the default."""
        return self.colormap or wanted if wanted == DEFAULT_MAP else wanted


def look_of(stream: TextIO, environ: Mapping[str, str] = os.environ, *, ascii_only: bool = False) -> Look:
    """Return what ``stream`` can show: colour only on a terminal, and not where ``NO_COLOR`` says so.

    Args:
        stream: Where the drawing will be written.
        environ: Environment variables: ``NO_COLOR``, ``COLORTERM``, ``TERM``, ``COLUMNS``, ``DLTUI_GLYPHS`` and what
            terminals say of themselves count.
        ascii_only: The user asked for ASCII.

    Returns:
        The look, at least 60 cells wide; with pixels only where ``DLTUI_GLYPHS=pixels`` asks for them.

    Raises:
        UsageError: If ``DLTUI_GLYPHS`` is no set of glyphs.
    """
    terminal = stream.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal or environ.get("COLUMNS") else 80
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    depth = _depth(environ) if terminal else Depth.NONE
    return Look(
        width=max(MIN_WIDTH, width),
        depth=depth,
        ascii=ascii_only
        or not encoding.startswith(("utf", "cp65001"))
        or (terminal and environ.get("TERM") == "dumb"),
        glyphs=glyphs_of(environ),
        pixels=chosen_pixels(environ) if depth is Depth.TRUE and not ascii_only else None,
    )


def _depth(environ: Mapping[str, str]) -> Depth:
    """Return the colours of the terminal that ``environ`` describes."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in {"", "dumb"}:
        return Depth.NONE
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"} or term.endswith("-direct"):
        return Depth.TRUE
    return Depth.BASIC if term in POOR or term.endswith("-16color") else Depth.PALETTE
