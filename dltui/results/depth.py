"""Whether gradients vanish or explode on their way back through the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dltui.figures import Array, number

TOLERANCE = 100.0  # the first layer's gradient may be so many times smaller or larger than the last one's


@dataclass(frozen=True)
class Depth:
    """What becomes of ‖δₗ‖ from the last layer back to the first.

    Attributes:
        kind: The verdict.
        product: ‖δ₁‖ / ‖δ_L‖, the product of all factors.
        factor: Geometric mean of the factors ‖δₗ‖ / ‖δₗ₊₁‖.
        sentence: The verdict in words, with its tolerance.
    """

    kind: Literal["vanish", "explode", "steady", "shallow", "dead"]
    product: float
    factor: float
    sentence: str

    def summary(self) -> dict[str, Any]:
        """Return the verdict by name."""
        return {
            "verdict": self.kind,
            "product": plain(self.product),
            "factor": plain(self.factor),
            "tolerance": TOLERANCE,
            "sentence": self.sentence,
        }


def factors(back: Array) -> Array:
    """Return ‖δₗ‖ / ‖δₗ₊₁‖ of each layer, shape (l,).

    Args:
        back: ‖δₗ‖ of each layer, shape (l,).

    Returns:
        The factors; NaN for the last layer, and where the layer after has no gradient.
    """
    found = np.full(len(back), np.nan)
    if len(back) > 1:
        after = back[1:]
        np.divide(back[:-1], after, out=found[:-1], where=after > 0)
    return found


def judge(names: list[str], back: Array) -> Depth:
    """Return the verdict on the layers' gradients.

    Args:
        names: The layers in the order in which they are used.
        back: ‖δₗ‖ of each, the root of its mean square over the samples, shape (l,).

    Returns:
        The verdict.
    """
    count = len(names)
    if count < 2:
        return Depth("shallow", 1.0, 1.0, "with fewer than two layers there is no depth to go back through")
    found = factors(back)
    if not back[-1] or not back[0]:
        silent = [name for name, size in zip(names, back, strict=True) if not size]
        return Depth(
            "dead",
            0.0,
            0.0,
            f"no gradient at all reaches {silent[-1]}; {len(silent)} of {count} layers get none",
        )
    product = float(back[0] / back[-1])
    mean = product ** (1 / (count - 1))
    told = (
        f"‖δ‖ at {names[0]} is {number(product, 3)} × that at {names[-1]}, {number(mean, 3)} a layer over "
        f"{count - 1} steps; tolerated are 1/{TOLERANCE:g} to {TOLERANCE:g}"
    )
    if product < 1 / TOLERANCE:
        worst = int(np.nanargmin(found))
        return Depth(
            "vanish", product, mean, f"gradients vanish: {told}; most is lost at {_at(names, found, worst)}"
        )
    if product > TOLERANCE:
        worst = int(np.nanargmax(found))
        return Depth(
            "explode",
            product,
            mean,
            f"gradients explode: {told}; they grow most at {_at(names, found, worst)}",
        )
    return Depth("steady", product, mean, f"gradients neither vanish nor explode: {told}")


def _at(names: list[str], found: Array, place: int) -> str:
    """Return a layer with its factor."""
    return f"{names[place]} (× {number(float(found[place]), 3)})"


def plain(value: float) -> float | None:
    """Return a number as JSON knows it: None where it isn't finite."""
    return float(value) if np.isfinite(value) else None
