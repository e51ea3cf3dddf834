"""Figures: what a result wants to show, described and not yet drawn."""

from dltui.figures.base import Array, Figure, number, span
from dltui.figures.charts import Bars, Histogram, Lines, Points, Scale, Series
from dltui.figures.fields import ColorMap, Field, Heatmap, Images, Mark, Path, Surface
from dltui.figures.overlay import Overlay
from dltui.figures.space import Projection, Scene, Shade
from dltui.figures.together import difference, on_one_scale, same_grid
from dltui.figures.written import Cell, Graph, Grid, Prose, Step, Steps, Table, Tokens

__all__ = [
    "Array",
    "Bars",
    "Cell",
    "ColorMap",
    "Field",
    "Figure",
    "Graph",
    "Grid",
    "Heatmap",
    "Histogram",
    "Images",
    "Lines",
    "Mark",
    "Overlay",
    "Path",
    "Points",
    "Projection",
    "Prose",
    "Scale",
    "Scene",
    "Series",
    "Shade",
    "Step",
    "Steps",
    "Surface",
    "Table",
    "Tokens",
    "difference",
    "number",
    "on_one_scale",
    "same_grid",
    "span",
]
