"""Drawing: from figures to the cells of a terminal and to files."""

from dltui.draw.canvas import Canvas
from dltui.draw.export import save
from dltui.draw.look import Depth, Look, look_of
from dltui.draw.pictures import draw
from dltui.draw.printing import render, render_words
from dltui.draw.view import Drawing, Frame, View

__all__ = [
    "Canvas",
    "Depth",
    "Drawing",
    "Frame",
    "Look",
    "View",
    "draw",
    "look_of",
    "render",
    "render_words",
    "save",
]
