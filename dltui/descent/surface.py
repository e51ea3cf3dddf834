"""A surface to walk on: its value, gradient and Hessian in closed form, and where to look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dltui.descent.rule import Vector

Field = Callable[[Vector], Vector]


@dataclass(frozen=True)
class Surface:
    """A function of one or two weights; all three fields take points of shape (…, d).

    Attributes:
        name: What it is called on the command line.
        formula: The function in Unicode.
        about: What it is an example of, in a few words.
        value: Its value, shape (…).
        gradient: Its gradient, shape (…, d).
        hessian: Its Hessian, shape (…, d, d).
        start: A place from which a walk shows what the surface is good for.
        low: Lower end of each axis of its map.
        high: Upper end of each axis of its map.
        minima: Its minima, shape (n, d), as far as they are points.
    """

    name: str
    formula: str
    about: str
    value: Field
    gradient: Field
    hessian: Field
    start: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    minima: tuple[tuple[float, ...], ...] = ()

    @property
    def dims(self) -> int:
        """How many weights it has."""
        return len(self.start)

    def axes(self, cells: int = 81) -> list[Vector]:
        """Return the places along each axis of its map."""
        return [np.linspace(a, b, cells) for a, b in zip(self.low, self.high, strict=True)]

    def ground(self, cells: int = 81) -> Vector:
        """Return its values on the map: shape (cells,), or (cells, cells) with the second weight in rows."""
        places = np.meshgrid(*self.axes(cells), indexing="xy")
        return self.value(np.stack(places, axis=-1))

    def inside(self, points: Vector) -> Vector:
        """Return the points, shape (…, d), with NaN for those that lie off the map."""
        on = ((points >= self.low) & (points <= self.high)).all(axis=-1, keepdims=True)
        return np.where(on, points, np.nan)
