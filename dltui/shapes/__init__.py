"""The calculus of shapes: what a layer does to a size, in plain integers, without torch or numpy."""

from dltui.shapes.conv import conv2d
from dltui.shapes.report import ShapeReport

__all__ = ["ShapeReport", "conv2d"]
