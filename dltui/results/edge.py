"""How sharp the loss was along a training: its largest curvature against what the step size can bear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Series, Table, number
from dltui.results.base import Result

FAR = 100.0  # times that curves may lie apart on even spacing


@dataclass(frozen=True, eq=False, kw_only=True)
class SharpnessHistory(Result):
    """λ₁ of the Hessian at every checkpoint of a run, and the edge of stability there.

    Gradient descent with step size η diverges along an eigenvector of λ > 2/η, with momentum μ of λ > 2(1 + μ)/η
    (Cohen et al. 2021, arXiv:2103.00065); weight decay d adds itself to every λ.

    Attributes:
        run: Name of the run.
        steps: Optimiser steps of each checkpoint, shape (t,).
        sharpness: λ₁ there; where it has not converged, it is at least that; NaN where it was not measured yet.
        residuals: ‖Hv − λv‖ of each, a bound on its error.
        converged: Whether each is within the tolerance.
        edge: The largest λ that the step size bears there; NaN where no edge is known.
        losses: L at each checkpoint.
        products: Hessian-vector products that each took.
        rule: How the edge follows from the settings, in words; empty where it is not known.
        why: Why no edge is known; empty where one is.
        samples: How many samples the loss is the mean of.
        tolerance: Residual that was allowed, relative to λ₁.
        precision: ``float32`` or ``float64``.
        mode: ``eval`` or ``train``.
        complete: Whether all checkpoints were looked at.
    """

    schema: ClassVar[str] = "sharpness/1"

    run: str
    steps: Array
    sharpness: Array
    residuals: Array
    converged: Array
    edge: Array
    losses: Array
    products: Array
    rule: str = ""
    why: str = ""
    samples: int = 0
    tolerance: float = 0.0
    precision: str = "float32"
    mode: str = "eval"
    complete: bool = True
    notes: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return one entry a checkpoint."""
        rows = zip(
            self.steps.tolist(),
            self.sharpness.tolist(),
            self.residuals.tolist(),
            self.converged.tolist(),
            self.edge.tolist(),
            self.losses.tolist(),
            self.products.tolist(),
            strict=True,
        )
        return {
            "run": self.run,
            "checkpoints": [
                {
                    "step": int(step),
                    "sharpness": value if sure else None,
                    "at_least": value,
                    "residual": residual,
                    "edge": edge,
                    "loss": loss,
                    "products": int(products),
                }
                for step, value, residual, sure, edge, loss, products in rows
            ],
            "rule": self.rule or None,
            "why": self.why or None,
            "samples": self.samples,
            "tolerance": self.tolerance,
            "precision": self.precision,
            "mode": self.mode,
            "complete": self.complete,
            "notes": self.notes,
        }

    def figures(self) -> list[Figure]:
        """Return λ₁ and the edge over the steps, the loss, and the numbers."""
        shown = np.where(self.converged.astype(bool), self.sharpness, np.nan)
        curves = [Series(name="λ₁", x=self.steps, y=shown)]
        if np.isfinite(self.edge).any():
            curves.append(Series(name="edge of stability", x=self.steps, y=self.edge))
        return [
            Lines(
                title=f"Sharpness along the run · {self.title}",
                caption=self._caption(),
                series=tuple(curves),
                x_label="step",
                y_label="λ₁ of the Hessian",
                y_scale="log" if _far_apart(curves) else "linear",
            ),
            Lines(
                title=f"Loss at the checkpoints · {self.title}",
                caption=f"{self.samples} samples, {self.mode} mode",
                series=(Series(name="loss", x=self.steps, y=self.losses),),
                x_label="step",
                y_label="loss",
                y_scale="log" if (self.losses[np.isfinite(self.losses)] > 0).all() else "linear",
            ),
            Table(
                title=f"Checkpoints · {self.title}",
                caption=f"some eigenvalue lies within ‖Hv − λv‖ of each λ₁; tolerance {number(self.tolerance)}",
                columns=("step", "λ₁", "‖Hv − λv‖", "edge", "λ₁ / edge", "loss", "products"),
                rows=tuple(self._row(i) for i in range(len(self.steps)) if np.isfinite(self.sharpness[i])),
            ),
        ]

    def _caption(self) -> str:
        """Return the rule, where the curve ended, and what it took."""
        known = np.flatnonzero(np.isfinite(self.sharpness) & self.converged.astype(bool))
        last = ""
        if known.size:
            i = int(known[-1])
            last = f"λ₁ {number(self.sharpness[i])} ± {number(self.residuals[i], 2)} at step {int(self.steps[i])}; "
            if np.isfinite(self.edge[i]):
                last = f"{last[:-2]}, {number(self.sharpness[i] / self.edge[i], 3)} of the edge; "
        spent = np.nanmedian(self.products[np.isfinite(self.sharpness)]) if known.size else 0
        loose = int((np.isfinite(self.sharpness) & ~self.converged.astype(bool)).sum())
        unsure = f"; {loose} not converged and not drawn" if loose else ""
        unfinished = "" if self.complete else "; not finished"
        return (
            f"{last}{self.rule or self.why}; {number(float(spent))} products a reading in the median{unsure}; "
            f"{self.samples} samples, {self.precision}, {self.mode} mode{unfinished}"
            + "".join(f"; {note}" for note in self.notes)
        )

    def _row(self, i: int) -> tuple[float | int | str, ...]:
        """Return one line of the table; what has not converged is told as a bound."""
        sure = bool(self.converged[i])
        value, edge = float(self.sharpness[i]), float(self.edge[i])
        known = sure and np.isfinite(edge)
        return (
            int(self.steps[i]),
            value if sure else f"≥ {number(value)}",
            float(self.residuals[i]),
            edge if np.isfinite(edge) else "not known",
            value / edge if known else "not known",
            float(self.losses[i]),
            int(self.products[i]),
        )


def _far_apart(curves: list[Series]) -> bool:
    """Return whether one curve would flatten the other: the edge goes to infinity as a schedule ends at 0."""
    values = np.concatenate([curve.y for curve in curves])
    values = values[np.isfinite(values)]
    return bool(values.size and values.min() > 0 and values.max() > FAR * values.min())
