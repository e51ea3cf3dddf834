"""The few functions that distances are made of, over numpy or torch alike."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Maths(Protocol):
    """Elementwise functions of arrays; the second argument may be a number."""

    def most(self, a: Any, b: Any) -> Any:
        """Return the larger one."""

    def least(self, a: Any, b: Any) -> Any:
        """Return the smaller one."""

    def clip(self, a: Any, low: float, high: float) -> Any:
        """Return the nearest number between two."""

    def root(self, a: Any) -> Any:
        """Return the square root."""

    def size(self, a: Any) -> Any:
        """Return the absolute value."""

    def sin(self, a: Any) -> Any:
        """Return the sine."""

    def cos(self, a: Any) -> Any:
        """Return the cosine."""

    def whole(self, a: Any) -> Any:
        """Return the nearest whole number."""

    def where(self, mask: Any, a: Any, b: Any) -> Any:
        """Return one or the other."""


class Numpy:
    """Over numpy."""

    most = staticmethod(np.maximum)
    least = staticmethod(np.minimum)
    root = staticmethod(np.sqrt)
    size = staticmethod(np.abs)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    whole = staticmethod(np.round)
    where = staticmethod(np.where)

    @staticmethod
    def clip(a: Any, low: float, high: float) -> Any:
        """Return the nearest number between two; faster than numpy's own for small arrays."""
        return np.minimum(np.maximum(a, low), high)


NUMPY = Numpy()


def length(m: Maths, *parts: Any) -> Any:
    """Return the Euclidean length of parts."""
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    return m.root(total)
