"""The loss over a line or a plane through the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Mark, Scale, Series, Surface, number
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Landscape(Result):
    """L(θ* + α·d₁ + β·d₂) over a grid of α and β (Li et al. 2018, arXiv:1712.09913).

    Attributes:
        alphas: Steps along d₁, shape (w,), ascending, 0 in the middle.
        betas: Steps along d₂, shape (h,), or None for a line.
        loss: Mean loss, shape (h, w), or (1, w) for a line; NaN where it is not finite.
        accuracy: Share of right answers, same shape, or None where it has no meaning.
        center_loss: L(θ*).
        normalize: How the directions were scaled: filter, layer, weight or none.
        cosine: Cosine of the angle between d₁ and d₂; 0 for a line.
        samples: How many samples each loss is the mean of.
        parameters: How many numbers θ has.
        seed: Seed of the directions.
        loss_name: What the loss is called.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
    """

    schema: ClassVar[str] = "landscape/1"

    alphas: Array
    betas: Array | None = None
    loss: Array
    accuracy: Array | None = None
    center_loss: float
    normalize: str
    cosine: float = 0.0
    samples: int
    parameters: int
    seed: int | None = None
    loss_name: str = "loss"
    mode: str = "eval"

    def summary(self) -> dict[str, Any]:
        """Return the contract: alphas, betas, loss, center_loss and what else is known."""
        return {
            "alphas": self.alphas.tolist(),
            "betas": None if self.betas is None else self.betas.tolist(),
            "loss": self.loss.tolist(),
            "accuracy": None if self.accuracy is None else self.accuracy.tolist(),
            "center_loss": self.center_loss,
            "normalize": self.normalize,
            "cosine": self.cosine,
            "samples": self.samples,
            "parameters": self.parameters,
            "direction_seed": self.seed,
            "loss_name": self.loss_name,
            "mode": self.mode,
        }

    def figures(self) -> list[Figure]:
        """Return the curve of a line, or surface, map and middle slices of a plane."""
        if self.betas is None:
            return [self._line()]
        return [self._surface(), self._map(), self._slices()]

    def _caption(self) -> str:
        """Return what a reader must know beside the picture."""
        scaled = "plain" if self.normalize == "none" else f"{self.normalize}-normalised"
        plane = self.betas is not None
        drawn = "" if self.seed is None else f", seed {self.seed}"
        angle = f", cos {number(self.cosine, 2)}" if plane else ""
        return (
            f"{scaled} random direction{'s' if plane else ''}{drawn}{angle}; {self.loss_name} over "
            f"{self.samples} samples, {number(self.center_loss)} at θ*; {self.mode} mode; "
            "a slice that looks convex does not prove convexity"
        )

    def _scale(self) -> Scale:
        """Return a log scale where the loss spans decades."""
        known = self.loss[np.isfinite(self.loss)]
        return "log" if known.size and known.min() > 0 and known.max() > 10 * known.min() else "linear"

    def _surface(self) -> Surface:
        assert self.betas is not None
        return Surface(
            title=f"Loss landscape · {self.title}",
            caption=self._caption(),
            values=self.loss,
            x=self.alphas,
            y=self.betas,
            x_label="α",
            y_label="β",
            value_label="loss",
            scale=self._scale(),
            marks=(Mark(name="θ*", x=0.0, y=0.0),),
        )

    def _map(self) -> Heatmap:
        assert self.betas is not None
        return Heatmap(
            title=f"Loss from above · {self.title}",
            caption=self._caption(),
            values=self.loss,
            x=self.alphas,
            y=self.betas,
            x_label="α",
            y_label="β",
            value_label="loss",
            scale=self._scale(),
            contours=True,
            marks=(Mark(name="θ*", x=0.0, y=0.0),),
        )

    def _slices(self) -> Lines:
        assert self.betas is not None
        middle_row, middle_column = len(self.betas) // 2, len(self.alphas) // 2
        return Lines(
            title=f"Slices through θ* · {self.title}",
            caption=self._caption(),
            series=(
                Series(name="along α (β = 0)", x=self.alphas, y=self.loss[middle_row]),
                Series(name="along β (α = 0)", x=self.betas, y=self.loss[:, middle_column]),
            ),
            x_label="step",
            y_label="loss",
            y_scale=self._scale(),
        )

    def _line(self) -> Lines:
        return Lines(
            title=f"Loss along a line · {self.title}",
            caption=self._caption(),
            series=(Series(name="loss", x=self.alphas, y=self.loss[0]),),
            x_label="α",
            y_label="loss",
            y_scale=self._scale(),
        )
