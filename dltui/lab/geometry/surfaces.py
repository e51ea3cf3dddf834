"""Surfaces over x and y: a gallery of those that notes and papers use, and any formula that is typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike

from dltui.errors import UsageError
from dltui.lab.geometry.jets import Array, Formula, Jet

OWN = 2.0  # half width of the window of a typed formula
SIDE = 81  # points along each side of a map; odd, so that 0 is one of them

GALLERY: dict[str, tuple[str, float]] = {
    "bowl": ("x**2 + y**2", 2.0),
    "saddle": ("x**2 - y**2", 2.0),
    "peak": ("-x**2 - y**2", 2.0),
    "monkey saddle": ("x**3 - 3*x*y**2", 2.0),
    "Himmelblau": ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", 5.5),
    "two weights": ("(1 - x*y)**2", 2.0),
    "two wells": ("x**2 - y**2 + y**4/2", 2.0),
    "plateau": ("1 - exp(-(x**2 + y**2))", 4.0),
    "ravine": ("(x**2 + 30*y**2)/2", 2.0),
    "ripples": ("(x**2 + y**2)/4 + sin(3*x)*sin(3*y)", 3.0),
    "trough": ("x**2", 2.0),
}


@dataclass(frozen=True)
class Surface:
    """A function of x and y with a window in which it is looked at.

    Attributes:
        name: What it is called; the formula itself where it was typed.
        formula: What it computes.
        edge: Half the width of its window.
    """

    name: str
    formula: Formula
    edge: float

    def __call__(self, x: ArrayLike, y: ArrayLike) -> Jet:
        """Return value, slope and curvature at points."""
        return self.formula(x, y)

    @property
    def title(self) -> str:
        """The formula, as it is written by hand."""
        return f"f = {self.formula.text.replace('**', '^')}"

    def axis(self, edge: float, side: int = SIDE) -> Array:
        """Return places along one side of a window."""
        return np.linspace(-edge, edge, side)

    @cached_property
    def ground(self) -> Array:
        """Its values over its own window, shape (SIDE, SIDE)."""
        return self.over(self.edge)

    def over(self, edge: float, side: int = SIDE) -> Array:
        """Return its values over a window, NaN where it has none, shape (side, side)."""
        axis = self.axis(edge, side)
        values = self(axis[None, :], axis[:, None]).value
        return np.where(np.isfinite(values), values, np.nan)


@lru_cache(maxsize=64)
def surface(text: str) -> Surface:
    """Return a surface of the gallery, or that of a typed formula.

    Args:
        text: A name such as ``Himmelblau``, or a formula in x and y such as ``x**2 - y**2``.

    Returns:
        The surface.

    Raises:
        UsageError: If it is neither, or has a value nowhere in its window.
    """
    names = {name.lower(): name for name in GALLERY}
    known = names.get(text.strip().lower())
    formula, edge = GALLERY[known] if known else (text, OWN)
    found = Surface(known or text.strip(), Formula(formula), edge)
    if not np.isfinite(found.ground).any():
        raise UsageError(
            f"{text!r} has no finite value for x and y from −{edge:g} to {edge:g}; try x**2 - y**2, or one of "
            f"{', '.join(GALLERY)}"
        )
    return found
