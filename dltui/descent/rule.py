"""What an optimiser is here: a formula that makes a new point of a point, its gradient and a memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Memory = Mapping[
    str, Vector
]  # by symbol: m, v, m̂, …; what a formula carries from one step to the next, or shows


class Lost(ArithmeticError):
    """The formula has no next point; the text says why."""


class Here(NamedTuple):
    """All that is known where a step begins.

    Attributes:
        w: The point θ, shape (…, d).
        g: The gradient there, of the same shape.
        t: Which step this is, from 1.
        h: The Hessian there, shape (d, d), for rules that ask for it.
    """

    w: Vector
    g: Vector
    t: int
    h: Vector | None = None


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """An optimiser with its settings; every setting is named as torch names it.

    Attributes:
        lr: Learning rate η.
        title: What it is called.
        formula: Its formula in Unicode.
        curved: Whether it asks for the Hessian.
    """

    title: ClassVar[str]
    formula: ClassVar[str]
    curved: ClassVar[bool] = False
    lr: float

    def begin(self, w: Vector) -> Memory:  # noqa: ARG002 - some begin with what the point tells
        """Return the memory with which a walk from ``w`` begins."""
        return {}

    @abstractmethod
    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and the next memory.

        Args:
            here: Point, gradient and count of the step.
            memory: What the step before left, or ``begin``.

        Returns:
            The new point, of the same shape, and the new memory; neither argument is changed.

        Raises:
            Lost: If the formula has no next point here.
        """


def mean(keep: float, before: Vector | None, now: Vector) -> Vector:
    """Return β·before + (1 − β)·now; a mean that has not begun is 0."""
    fresh = (1 - keep) * now
    return fresh if before is None else keep * before + fresh
