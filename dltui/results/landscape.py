"""The loss over a line or a plane through the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Mark, Path, Scale, Series, Surface, number
from dltui.results import curvature_map
from dltui.results.base import Result
from dltui.results.bends import Bends, bends
from dltui.results.beside import banded, curves, interpolation_errors, maps, seen
from dltui.results.lattice import Lattice, finest, lattices, spread
from dltui.results.refined import filled, spans_decades
from dltui.results.sharpness import table
from dltui.results.trail import Trail

AXES = "αβ"
SLICES = "Slices through"  # how the title of the figure begins that follows a cursor
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
        bound: Of a scan that is done, the largest error of the cells that were left to interpolation, as a share of
            the range of the loss (of its logarithm where that is shown); None where none was.
        error: Standard error of each loss as an estimate of the mean over all samples there could be, or None.
        rise_error: Standard error of each L − L(θ*): all cells share their samples, so it is the smaller one.
        test_loss: Mean loss over the held-out samples, or None.
        test_accuracy: Share of right answers among these, or None.
        test_error: Standard error of ``test_loss``, or None.
        penalty: λ/2·‖θ‖², which makes the regularised loss when added to ``loss``, or None.
        weight_decay: λ.
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
        test_samples: How many held-out samples there are.
        model_test_loss: L(θ*) over these, or None.
        evaluator: How points were evaluated, in a few words.
        identity: Fingerprint of all that the cells depend on.
        statistics: What became of running statistics on the way; empty when they stayed those of θ*.
        spots: Other networks in the plane: name, title, steps, loss and accuracy.
        measures: Measures of sharpness at θ*, where they were asked for; see ``sharpness.Measure``.
        curvature_alphas: Steps along d₁ of a map of curvatures, shape (u,), or None.
        curvature_betas: Steps along d₂ of that map, shape (v,).
        highest: Largest eigenvalue of the Hessian there, shape (v, u); NaN where it is not known.
        lowest: Lowest eigenvalue there, same shape.
        curvature_residual: The larger ‖Hv − λv‖ of both, same shape.
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
    bound: float | None = None
    error: Array | None = None
    rise_error: Array | None = None
    test_loss: Array | None = None
    test_accuracy: Array | None = None
    test_error: Array | None = None
    penalty: Array | None = None
    weight_decay: float = 0.0
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
    test_samples: int = 0
    model_test_loss: float | None = None
    evaluator: str = ""
    identity: str = ""
    statistics: str = ""
    spots: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    curvature_alphas: Array | None = None
    curvature_betas: Array | None = None
    highest: Array | None = None
    lowest: Array | None = None
    curvature_residual: Array | None = None
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
        if self.betas is None or not self.complete:
            return None
        even = self._evenly()
        return (
            None
            if even is None
            else bends(self.loss[np.ix_(*even)], self.alphas[even[1]], self.betas[even[0]])
        )

    @property
    def complete(self) -> bool:
        """Whether the scan is done: every cell is computed, or known well enough."""
        return self.known is None or self.bound is not None

    @property
    def regularised(self) -> Array | None:
        """The loss with its penalty on the weights, or None without one."""
        return None if self.penalty is None else self.loss + self.penalty

    @property
    def test_regularised(self) -> Array | None:
        """The held-out loss with the penalty on the weights, or None without one of both."""
        return None if self.penalty is None or self.test_loss is None else self.test_loss + self.penalty

    @property
    def whole(self) -> Array:
        """The loss of every cell, those that were left to interpolation among them; NaN is a hole."""
        return self.loss if self.known is None or self.bound is None else filled(self.loss, self.known)

    def summary(self) -> dict[str, Any]:
        """Return the contract: alphas, betas, loss, center_loss and what else is known."""
        return {
            "alphas": self.alphas.tolist(),
            "betas": None if self.betas is None else self.betas.tolist(),
            "loss": self.whole.tolist(),
            "accuracy": _listed(self.accuracy),
            "error": _listed(self.error),
            "rise_error": _listed(self.rise_error),
            "test_loss": _listed(self.test_loss),
            "test_accuracy": _listed(self.test_accuracy),
            "test_error": _listed(self.test_error),
            "regularised_loss": _listed(None if self.penalty is None else self.whole + self.penalty),
            "test_regularised_loss": _listed(self.test_regularised),
            "weight_decay": self.weight_decay,
            "evaluated": _listed(self.known),
            "interpolation_error": self.bound,
            "interpolation_errors": interpolation_errors(self),
            "center": self.center,
            "center_loss": self.center_loss,
            "model_loss": self._model_loss(),
            "complete": self.complete,
            "normalize": self.normalize,
            "vectors": self.vectors,
            "along": self.along,
            "directions": self.axes_told,
            "curvatures": self.curvatures,
            "residuals": self.residuals,
            "cosine": self.cosine,
            "samples": self.samples,
            "parameters": self.parameters,
            "direction_seed": self.seed,
            "loss_name": self.loss_name,
            "mode": self.mode,
            "test_samples": self.test_samples,
            "evaluator": self.evaluator,
            "statistics": self.statistics,
            "spots": self.spots,
            "trail": None if self.trail is None else self.trail.document(),
            "sharpness": self.measures,
            "curvature_map": None if self.highest is None else curvature_map.document(self),
            "negative_curvature": None if self.bends is None else self.bends.document(),
        }

    def figures(self) -> list[Figure]:
        """Return the curve of a line, or surface, map and middle slices of a plane.

        Of a scan that is not finished, they show what is known spread over the whole picture.
        """
        sharp = [table(self.measures, self.title)] if self.measures else []
        if self.betas is None:
            return [self._line(), *sharp]
        trail = [] if self.trail is None else [self.trail.figure(self.title)]
        inside = trail or self.spots  # then θ* is in the picture, and its middle is nobody's wish
        through = (0.0, 0.0) if inside else self.center
        shown = [self._surface(), self._map(), self.slices(*through), *trail, *maps(self)]
        return [*shown, *curvature_map.figures(self), *sharp]

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
            f"{self._progress()}{self.axes_told}{trail}; {self.loss_name} over {self.samples} samples, "
            f"{number(self._model_loss())}{self._sure()} at θ*{elsewhere}; {self.mode} mode{statistics}{bent}; "
            "a slice that looks convex does not prove convexity"
        )

    def _sure(self) -> str:
        """Return the standard error of L(θ*), where θ* is a cell."""
        middle = tuple(size // 2 for size in self.loss.shape)
        if self.error is None or any(self.center) or not np.isfinite(self.error[middle]):
            return ""
        return f" ± {number(float(self.error[middle]), 2)}"

    @property
    def axes_told(self) -> str:
        """What the axes of the picture are."""
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
        if self.bound is not None:
            return (
                f"{int(self.known.sum())} of {whole} cells computed, the others interpolated, error ≤ "
                f"{number(100 * self.bound, 2)} % of the range; "
            )
        if lattice is None:
            return f"coarse: {int(self.known.sum())} cells of {whole} so far; "
        return f"coarse: {self._size(len(lattice[0]), len(lattice[1]))} of {whole} so far; "

    def _size(self, height: int, width: int) -> str:
        """Return how many cells a grid has, as a person writes it."""
        return str(width) if self.betas is None else f"{width} × {height}"

    def _evenly(self) -> Lattice | None:
        """Return the finest lattice of computed cells that are equally far apart, or None."""
        known = np.ones(self.loss.shape, bool) if self.known is None else self.known
        even = [
            one for one in lattices(*known.shape) if all(len(set(np.diff(places))) <= 1 for places in one)
        ]
        computed = [one for one in even if known[np.ix_(*one)].all()]
        return computed[-1] if computed else None

    def _scale(self) -> Scale:
        """Return a log scale where the loss spans decades."""
        return "log" if spans_decades(self.loss) else "linear"

    def _shown(self) -> Array:
        """Return the loss as it is drawn: without holes where it is not known yet."""
        if self.known is None or self.bound is not None:
            return self.whole
        if self._scale() == "linear":
            return spread(self.loss, self.known)
        return np.where(self.known, self.loss, np.exp(spread(np.log(self.loss), self.known)))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The spots of θ* and of other networks, where they lie inside the picture."""
        assert self.betas is not None
        named = [("A" if self.spots else "θ*", (0.0, 0.0)), *((s["name"], s["steps"]) for s in self.spots)]
        (left, right), (low, high) = ((ticks[0], ticks[-1]) for ticks in (self.alphas, self.betas))
        return tuple(
            Mark(name=name, x=float(x), y=float(y))
            for name, (x, y) in named
            if left <= x <= right and low <= y <= high
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """The path of a training, as far as it lies in the plane."""
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
            paths=self.paths,
            marks=self.marks,
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
            paths=self.paths,
            marks=self.marks,
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
        error = seen(np.full_like(loss, np.nan) if self.error is None else self.error, self)
        through = "θ*" if not (alpha or beta) else place([alpha, beta])
        return Lines(
            title=f"{SLICES} {through} · {self.title}",
            caption=self._caption(),
            series=(
                banded(f"along α (β = {number(beta)})", self.alphas - alpha, loss[row], error[row]),
                banded(
                    f"along β (α = {number(alpha)})", self.betas - beta, loss[:, column], error[:, column]
                ),
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
                banded(
                    "loss",
                    self.alphas,
                    self._shown()[0],
                    None if self.error is None else seen(self.error, self)[0],
                ),
                *curves(self),
                *((spot,) if inside else ()),
            ),
            x_label="α",
            y_label="loss",
            y_scale=self._scale(),
        )


def _listed(values: Array | None) -> list[Any] | None:
    """Return an array as lists."""
    return None if values is None else list(values.tolist())


def place(steps: Sequence[float]) -> str:
    """Return where a point of a line or a plane lies, such as ``α 0.3, β −0.2``.

    Args:
        steps: α, or α and β.

    Returns:
        Its coordinates with their names.
    """
    return ", ".join(f"{name} {number(step)}" for name, step in zip(AXES, steps, strict=False))
