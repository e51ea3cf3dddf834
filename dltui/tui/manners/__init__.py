"""How each kind of figure is looked at with keys and mouse."""

from __future__ import annotations

from dltui.figures import Figure, Heatmap, Histogram, Lines, Overlay, Points, Scene, Surface
from dltui.tui.manners.base import Manner
from dltui.tui.manners.plane import Plane
from dltui.tui.manners.probes import probe_of
from dltui.tui.manners.reading import Reading
from dltui.tui.manners.turning import Turning

__all__ = ["Manner", "Plane", "Reading", "Turning", "manner_of"]


def manner_of(figure: Figure) -> Manner:
    """Return how ``figure`` is looked at."""
    if isinstance(figure, Surface | Scene) or (isinstance(figure, Points) and figure.position.shape[1] == 3):
        return Turning(figure)
    if isinstance(figure, Heatmap | Lines | Histogram | Overlay | Points):
        return Plane(probe_of(figure))
    return Reading(figure)
