"""What lies in the plane of a landscape besides its grid: other networks, and the path of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dltui.figures import Array, Lines, Path, Series, number

MOVED = "Σ‖θ_t − θ*‖² over the iterates"


@dataclass(frozen=True)
class Spot:
    """Another network that lies in the plane.

    Attributes:
        name: What to call it, such as ``B``.
        title: Where its weights came from.
        steps: α and β.
        loss: The loss at its own weights with its own running statistics.
        accuracy: Share of right answers there, or None where it has no meaning.
    """

    name: str
    title: str
    steps: tuple[float, ...]
    loss: float
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Trail:
    """The iterates θ_t of a training, projected onto the plane.

    Attributes:
        steps: Optimiser steps of each, ascending, shape (t,).
        places: α and β of each, shape (t, 2).
        lengths: ‖θ_t − θ*‖, shape (t,).
        residuals: Distance of each from the plane, shape (t,).
        shares: Share of Σ‖θ_t − θ*‖² along each direction, shape (2,).
        losses: L(θ_t) itself, which the surface below shows only where the residual is 0, shape (t,).
    """

    steps: Array
    places: Array
    lengths: Array
    residuals: Array
    shares: Array
    losses: Array

    @property
    def off(self) -> Array:
        """Distance of each iterate from the plane over its distance from θ*, 0 for θ* itself, shape (t,)."""
        found: Array = np.divide(
            self.residuals, self.lengths, out=np.zeros_like(self.residuals), where=self.lengths > 0
        )
        return found

    def told(self) -> str:
        """Return how much of the path the plane shows, as a caption says it."""
        first, second = (f"{100 * share:.1f} %" for share in self.shares)
        moved = self.off[self.lengths > 0]
        worst = int(self.off.argmax())
        return (
            f"they hold {first} and {second} of {MOVED}; off the plane lies {100 * float(np.median(moved)):.0f} % of "
            f"an iterate's distance from θ* in the median, {100 * float(self.off[worst]):.0f} % at step "
            f"{int(self.steps[worst])}"
        )

    def document(self) -> dict[str, Any]:
        """Return the numbers, with what they mean."""
        return {
            "steps": self.steps.astype(int).tolist(),
            "places": self.places.tolist(),
            "distance_from_model": self.lengths.tolist(),
            "distance_from_plane": self.residuals.tolist(),
            "relative_residual": self.off.tolist(),
            "loss": self.losses.tolist(),
            "variance_share": self.shares.tolist(),
            "definition": f"variance_share is the share of {MOVED}, uncentred; distances are Euclidean in weight space",
        }

    def path(self) -> Path:
        """Return the trail over the picture."""
        name = f"training, step {int(self.steps[0])} to {int(self.steps[-1])}"
        return Path(name=name, x=self.places[:, 0], y=self.places[:, 1])

    def figure(self, title: str) -> Lines:
        """Return how far every iterate is from θ*, and how far from the plane.

        Args:
            title: What is looked at.

        Returns:
            Two curves over the optimiser's steps.
        """
        return Lines(
            title=f"How far the path leaves the plane · {title}",
            caption=f"{self.told()}; the loss at the iterates themselves goes from {number(self.losses[0])} to "
            f"{number(self.losses[-1])}",
            series=(
                Series(name="‖θ_t − θ*‖", x=self.steps, y=self.lengths),
                Series(name="distance from the plane", x=self.steps, y=self.residuals),
            ),
            x_label="optimiser step",
            y_label="distance",
        )
