"""Drawing: from figures to the cells of a terminal and to files.

Names are imported when they are first used, so that asking the terminal a question loads no numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltui.draw.canvas import Canvas
    from dltui.draw.export import save
    from dltui.draw.glyphs import Glyphs
    from dltui.draw.look import Depth, Look, look_of
    from dltui.draw.pictures import draw
    from dltui.draw.printing import render, render_words
    from dltui.draw.view import Drawing, Frame, View

__all__ = [
    "Canvas",
    "Depth",
    "Drawing",
    "Frame",
    "Glyphs",
    "Look",
    "View",
    "draw",
    "look_of",
    "render",
    "render_words",
    "save",
]
_HOMES = {
    "canvas": ("Canvas",),
    "export": ("save",),
    "glyphs": ("Glyphs",),
    "look": ("Depth", "Look", "look_of"),
    "pictures": ("draw",),
    "printing": ("render", "render_words"),
    "view": ("Drawing", "Frame", "View"),
}


def __getattr__(name: str) -> Any:
    """Return a public name from the module that defines it."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"dltui.draw.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
