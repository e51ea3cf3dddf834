"""An operation worked over many numbers: its curve and its slope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dltui.byhand import work

Array = np.ndarray[Any, Any]


def curve(name: str, x: Array, **settings: Any) -> tuple[Array, Array]:
    """Return values and slopes of an operation that takes one number after the other.

    Args:
        name: Such as ``gelu``.
        x: Where, shape (n,).
        settings: Its settings and other tensors.

    Returns:
        Both of shape (n,).
    """
    worked = work(name, {"x": x.tolist(), **settings})
    return np.array(worked.output.numbers()), np.array(worked.gradients.of["x"].numbers())


def slope_at(name: str, x: Sequence[Any], **settings: Any) -> Array:
    """Return the gradient of an operation that ends in one number, or of the sum of what comes out.

    Args:
        name: Such as ``crossentropyloss``.
        x: Its first input.
        settings: Its settings and other tensors.

    Returns:
        The shape of x.
    """
    return np.array(work(name, {"x": [*x], **settings}).gradients.of["x"].numbers())
