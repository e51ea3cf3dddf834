"""What every figure has: a title, a caption, and words for those who can't see it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class Figure(ABC):
    """A picture, not yet drawn: arrays and labels, no colours of a screen and no sizes.

    Attributes:
        title: What is seen, in a few words.
        caption: What a reader must know beside it (seed, units, limits); may be empty.
    """

    title: str = ""
    caption: str = ""

    @abstractmethod
    def words(self) -> str:
        """Return what the figure shows in one to three sentences, without a picture."""


def number(value: float, digits: int = 4) -> str:
    """Return ``value`` short enough for a label and exact enough to be read aloud."""
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value)}".replace("-", "−")
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    mantissa = mantissa.replace("-", "−")
    return f"{mantissa}e{int(power)}" if power else mantissa


def span(values: Array) -> str:
    """Return ``min … max`` of the finite entries, or a note that there are none."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return "no finite value"
    return f"{number(finite.min())} … {number(finite.max())}"


def listing(names: Sequence[str], most: int = 6) -> str:
    """Return the names with commas, the tail folded when there are many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
