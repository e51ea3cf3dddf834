"""The loss over a line or a plane through the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Mark, Path, Scale, Series, Surface, number
from dltui.results.base import Result
from dltui.results.bends import Bends, bends
from dltui.results.lattice import finest, spread
from dltui.results.trail import Trail

AXES = "αβ"
UPRIGHT = 1e-3  # a cosine below which chosen directions need no remark


@dataclass(frozen=True, eq=False, kw_only=True)
class Landscape(Result):
    """L(θ* + α·d₁ + β·d₂) over a grid of α and β (Li et al. 2018, arXiv:1712.09913).

    Attributes:
        alphas: Steps along d₁, shape (w,), ascending; 0 in the middle unless the scan was centred elsewhere.
        betas: Steps along d₂, shape (h,), or None for a line.
        loss: Mean loss, shape (h, w), or (1, w) for a line; NaN where it is not finite, or not known yet.
        accuracy: Share of right answers, same shape, or None where it has no meaning.
        center_loss: The loss in the middle of the grid.
        model_loss: L(θ*); None in files of old, whose middle is θ*.
        known: Which cells are computed, same shape as ``loss``, or None when all are.
        normalize: How the directions were scaled: filter, layer, weight or none.
        vectors: Whether random directions move biases and scales of norms too.
        along: What the directions are, such as ``eigen:1``; empty when they are random.
        told: What to say of each direction, one phrase each; empty when they are random.
        curvatures: Eigenvalues of the Hessian at θ* of those that are eigenvectors.
        residuals: ‖Hv − λv‖ of these.
        cosine: Cosine of the angle between d₁ and d₂; 0 for a line.
        samples: How many samples each loss is the mean of.
        parameters: How many numbers θ has.
        seed: Seed of the directions.
        loss_name: What the loss is called.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
        statistics: What became of running statistics on the way; empty when they stayed those of θ*.
        spots: Other networks in the plane: name, title, steps, loss and accuracy.
        trail_steps: Optimiser steps of the iterates of a training, shape (t,), or None.
        trail_places: α and β of each, shape (t, 2).
        trail_lengths: ‖θ_t − θ*‖, shape (t,).
        trail_residuals: Distance of each from the plane, shape (t,).
        trail_shares: Share of Σ‖θ_t − θ*‖² that each direction holds, shape (2,).
        trail_losses: L(θ_t) itself, shape (t,).
    """

    schema: ClassVar[str] = "landscape/1"

    alphas: Array
    betas: Array | None = None
    loss: Array
    accuracy: Array | None = None
    center_loss: float
    model_loss: float | None = None
    known: Array | None = None
    normalize: str
    vectors: bool = False
    along: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    curvatures: list[float] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    cosine: float = 0.0
    samples: int
    parameters: int
    seed: int | None = None
    loss_name: str = "loss"
    mode: str = "eval"
    statistics: str = ""
    spots: list[dict[str, Any]] = field(default_factory=list)
    trail_steps: Array | None = None
    trail_places: Array | None = None
    trail_lengths: Array | None = None
    trail_residuals: Array | None = None
    trail_shares: Array | None = None
    trail_losses: Array | None = None

    @property
    def center(self) -> list[float]:
        """Where the middle of the grid lies: [α, β], or [α] for a line."""
        axes = [self.alphas] if self.betas is None else [self.alphas, self.betas]
        return [float(ticks[len(ticks) // 2]) for ticks in axes]

    @property
    def trail(self) -> Trail | None:
        """The path of a training over the plane."""
        found = {part.name: getattr(self, f"trail_{part.name}") for part in fields(Trail)}
        return None if self.trail_steps is None else Trail(**found)

    @property
    def bends(self) -> Bends | None:
        """How many cells of a finished plane bend downwards; None for a line and while cells are missing."""
        return None if self.betas is None or not self.complete else bends(self.loss, self.alphas, self.betas)

    @property
    def complete(self) -> bool:
        """Whether every cell is computed."""
        return self.known is None

    def summary(self) -> dict[str, Any]:
        """Return the contract: alphas, betas, loss, center_loss and what else is known."""
        return {
            "alphas": self.alphas.tolist(),
            "betas": None if self.betas is None else self.betas.tolist(),
            "loss": self.loss.tolist(),
            "accuracy": None if self.accuracy is None else self.accuracy.tolist(),
            "center": self.center,
            "center_loss": self.center_loss,
            "model_loss": self._model_loss(),
            "complete": self.complete,
            "normalize": self.normalize,
            "vectors": self.vectors,
            "along": self.along,
            "directions": self._directions(),
            "curvatures": self.curvatures,
            "residuals": self.residuals,
            "cosine": self.cosine,
            "samples": self.samples,
            "parameters": self.parameters,
            "direction_seed": self.seed,
            "loss_name": self.loss_name,
            "mode": self.mode,
            "statistics": self.statistics,
            "spots": self.spots,
            "trail": None if self.trail is None else self.trail.document(),
            "negative_curvature": None if self.bends is None else self.bends.document(),
        }

    def figures(self) -> list[Figure]:
        """Return the curve of a line, or surface, map and middle slices of a plane.

        Of a scan that is not finished, they show what is known spread over the whole picture.
        """
        if self.betas is None:
            return [self._line()]
        trail = [] if self.trail is None else [self.trail.figure(self.title)]
        through = (
            (0.0, 0.0) if trail or self.spots else self.center
        )  # θ* is inside, and the middle is nobody's wish
        return [self._surface(), self._map(), self.slices(*through), *trail]

    def _model_loss(self) -> float:
        """Return L(θ*)."""
        return self.center_loss if self.model_loss is None else self.model_loss

    def _caption(self) -> str:
        """Return what a reader must know beside the picture."""
        elsewhere = (
            f", {number(self.center_loss)} in the middle at {place(self.center)}" if any(self.center) else ""
        )
        statistics = f", {self.statistics}" if self.statistics else ""
        trail = "" if self.trail is None else f"; {self.trail.told()}"
        bent = "" if self.bends is None else f"; {self.bends.told()}"
        return (
            f"{self._progress()}{self._directions()}{trail}; {self.loss_name} over {self.samples} samples, "
            f"{number(self._model_loss())} at θ*{elsewhere}; {self.mode} mode{statistics}{bent}; "
            "a slice that looks convex does not prove convexity"
        )

    def _directions(self) -> str:
        """Return what the axes of the picture are."""
        angle = f", cos {number(self.cosine, 2)}" if self.betas is not None else ""
        if self.told:
            return " and ".join(self.told) + (angle if abs(self.cosine) > UPRIGHT else "")
        if self.along:  # a file of old
            pairs = zip(self.along, self.curvatures, self.residuals, strict=True)
            named = " and ".join(f"{name} (λ {number(v)} ± {number(r, 1)})" for name, v, r in pairs)
            return f"unit eigenvector{'s' if len(self.along) > 1 else ''} {named} of the Hessian at θ*"
        scaled = "plain" if self.normalize == "none" else f"{self.normalize}-normalised"
        plane = self.betas is not None
        drawn = "" if self.seed is None else f", seed {self.seed}"
        moved = ", biases and norms too" if self.vectors else ""
        return f"{scaled} random direction{'s' if plane else ''}{moved}{drawn}{angle}"

    def _progress(self) -> str:
        """Return how much of a scan that is not finished is known, or nothing."""
        if self.known is None:
            return ""
        lattice, whole = finest(self.known), self._size(*self.loss.shape)
        if lattice is None:
            return f"coarse: {int(self.known.sum())} cells of {whole} so far; "
        return f"coarse: {self._size(len(lattice[0]), len(lattice[1]))} of {whole} so far; "

    def _size(self, height: int, width: int) -> str:
        """Return how many cells a grid has, as a person writes it."""
        return str(width) if self.betas is None else f"{width} × {height}"

    def _scale(self) -> Scale:
        """Return a log scale where the loss spans decades."""
        known = self.loss[np.isfinite(self.loss)]
        return "log" if known.size and known.min() > 0 and known.max() > 10 * known.min() else "linear"

    def _shown(self) -> Array:
        """Return the loss as it is drawn: without holes where it is not known yet."""
        if self.known is None:
            return self.loss
        if self._scale() == "linear":
            return spread(self.loss, self.known)
        return np.where(self.known, self.loss, np.exp(spread(np.log(self.loss), self.known)))

    def _marks(self) -> tuple[Mark, ...]:
        """Return the spots of θ* and of other networks, where they lie inside the picture."""
        assert self.betas is not None
        named = [("A" if self.spots else "θ*", (0.0, 0.0)), *((s["name"], s["steps"]) for s in self.spots)]
        (left, right), (low, high) = ((ticks[0], ticks[-1]) for ticks in (self.alphas, self.betas))
        return tuple(
            Mark(name=name, x=float(x), y=float(y))
            for name, (x, y) in named
            if left <= x <= right and low <= y <= high
        )

    def _paths(self) -> tuple[Path, ...]:
        """Return the path of a training, as far as it lies in the plane."""
        return () if self.trail is None else (self.trail.path(),)

    def _surface(self) -> Surface:
        assert self.betas is not None
        return Surface(
            title=f"Loss landscape · {self.title}",
            caption=self._caption(),
            values=self._shown(),
            x=self.alphas,
            y=self.betas,
            x_label="α",
            y_label="β",
            value_label="loss",
            scale=self._scale(),
            paths=self._paths(),
            marks=self._marks(),
        )

    def _map(self) -> Heatmap:
        assert self.betas is not None
        return Heatmap(
            title=f"Loss from above · {self.title}",
            caption=self._caption(),
            values=self._shown(),
            x=self.alphas,
            y=self.betas,
            x_label="α",
            y_label="β",
            value_label="loss",
            scale=self._scale(),
            contours=True,
            paths=self._paths(),
            marks=self._marks(),
        )

    def slices(self, alpha: float, beta: float) -> Lines:
        """Return the losses along α and along β through the cell that is nearest to a spot of the plane.

        Args:
            alpha: Its step along d₁.
            beta: Its step along d₂.

        Returns:
            Two curves; of a scan that is not finished, what is known spread over all.
        """
        assert self.betas is not None, "a line has no slices"
        column, row = int(np.argmin(np.abs(self.alphas - alpha))), int(np.argmin(np.abs(self.betas - beta)))
        alpha, beta, loss = float(self.alphas[column]), float(self.betas[row]), self._shown()
        through = "θ*" if not (alpha or beta) else place([alpha, beta])
        return Lines(
            title=f"Slices through {through} · {self.title}",
            caption=self._caption(),
            series=(
                Series(name=f"along α (β = {number(beta)})", x=self.alphas - alpha, y=loss[row]),
                Series(name=f"along β (α = {number(alpha)})", x=self.betas - beta, y=loss[:, column]),
            ),
            x_label="step from there" if alpha or beta else "step",
            y_label="loss",
            y_scale=self._scale(),
        )

    def _line(self) -> Lines:
        spot = Series(name="θ*", x=np.zeros(1), y=np.array([self._model_loss()]), marks=True)
        inside = self.alphas[0] <= 0 <= self.alphas[-1]
        return Lines(
            title=f"Loss along a line · {self.title}",
            caption=self._caption(),
            series=(
                Series(name="loss", x=self.alphas, y=self._shown()[0]),
                *((spot,) if inside else ()),
            ),
            x_label="α",
            y_label="loss",
            y_scale=self._scale(),
        )


def place(steps: Sequence[float]) -> str:
    """Return where a point of a line or a plane lies, such as ``α 0.3, β −0.2``.

    Args:
        steps: α, or α and β.

    Returns:
        Its coordinates with their names.
    """
    return ", ".join(f"{name} {number(step)}" for name, step in zip(AXES, steps, strict=False))
