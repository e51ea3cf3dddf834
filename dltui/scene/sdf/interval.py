"""Bounds on what a function of space is within boxes: its tree is computed with intervals instead of numbers.

Bounds are safe, and exact where every coordinate comes up once, as in spheres and rings (Moore 1966, Duff 1992).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.nodes import Node

Doubles = NDArray[np.float64]


class Interval:
    """Numbers of which only bounds are known.

    Args:
        low: Lower bounds.
        high: Upper bounds, of the same shape.
    """

    __array_ufunc__ = None  # numbers and arrays on the left leave the work to this class

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high

    def __add__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return Interval(self.low + low, self.high + high)

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return Interval(self.low - high, self.high - low)

    def __rsub__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return Interval(low - self.high, high - self.low)

    def __mul__(self, other: Any) -> Interval:
        if other is self:
            square: Interval = self**2
            return square
        low, high = _ends(other)
        products = [self.low * low, self.low * high, self.high * low, self.high * high]
        return Interval(np.minimum.reduce(products), np.maximum.reduce(products))

    __rmul__ = __mul__

    def __truediv__(self, number: Any) -> Interval:
        return self.__mul__(1 / number)

    def __pow__(self, power: int) -> Interval:
        low, high = self.low**power, self.high**power
        if power % 2:
            return Interval(low, high)
        around = (self.low < 0) & (self.high > 0)
        return Interval(np.where(around, 0.0, np.minimum(low, high)), np.maximum(low, high))

    def __lt__(self, other: Any) -> NDArray[np.bool_]:
        """Return whether it is below for sure; ``where`` does not rely on it."""
        return np.asarray(self.high < _ends(other)[0])


class Intervals:
    """The functions that distances are made of, over intervals."""

    @staticmethod
    def most(a: Any, b: Any) -> Interval:
        """Return the larger one."""
        (low, high), (least, most) = _ends(a), _ends(b)
        return Interval(np.maximum(low, least), np.maximum(high, most))

    @staticmethod
    def least(a: Any, b: Any) -> Interval:
        """Return the smaller one."""
        (low, high), (least, most) = _ends(a), _ends(b)
        return Interval(np.minimum(low, least), np.minimum(high, most))

    @classmethod
    def clip(cls, a: Any, low: float, high: float) -> Interval:
        """Return the nearest number between two."""
        return cls.least(cls.most(a, low), high)

    @staticmethod
    def root(a: Interval) -> Interval:
        """Return the square root."""
        return Interval(np.sqrt(np.maximum(a.low, 0)), np.sqrt(np.maximum(a.high, 0)))

    @staticmethod
    def size(a: Interval) -> Interval:
        """Return the absolute value."""
        low, high = np.abs(a.low), np.abs(a.high)
        around = (a.low < 0) & (a.high > 0)
        return Interval(np.where(around, 0.0, np.minimum(low, high)), np.maximum(low, high))

    @staticmethod
    def sin(a: Interval) -> Interval:
        """Return bounds on the sine that always hold."""
        return Interval(np.full_like(a.low, -1.0), np.full_like(a.high, 1.0))

    cos = sin

    @staticmethod
    def whole(a: Interval) -> Interval:
        """Return the nearest whole number."""
        return Interval(np.round(a.low), np.round(a.high))

    @staticmethod
    def where(mask: Any, a: Any, b: Any) -> Interval:  # noqa: ARG004 - either may be, somewhere in the box
        """Return what holds both."""
        (low, high), (least, most) = _ends(a), _ends(b)
        return Interval(np.minimum(low, least), np.maximum(high, most))


def _ends(value: Any) -> tuple[Any, Any]:
    """Return both bounds of an interval, or a number twice."""
    return (value.low, value.high) if isinstance(value, Interval) else (value, value)


def bounds(node: Node, low: Doubles, high: Doubles) -> tuple[Doubles, Doubles]:
    """Return bounds on what a function is within boxes.

    Args:
        node: The function.
        low: Least corners, shape (n, 3).
        high: Greatest corners, shape (n, 3).

    Returns:
        Lower and upper bounds, shape (n,) each.
    """
    x, y, z = (Interval(low[:, i], high[:, i]) for i in range(3))
    found = node.at(x, y, z, Intervals())
    return np.asarray(found.low, np.float64), np.asarray(found.high, np.float64)
