"""Eigenvalues, trace and spectral density of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Lines, Series, Table, number
from dltui.figures.base import listing
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum(Result):
    """What is known of the eigenvalues of H = ∇²L, at θ* unless said otherwise.

    Attributes:
        parameters: Number of rows of H.
        top_eigenvalues: Largest eigenvalues, descending by value, shape (k,).
        top_residuals: ‖Hv − λv‖ of each, shape (k,).
        bottom_eigenvalues: Smallest eigenvalues, ascending by value, shape (k,).
        bottom_residuals: ‖Hv − λv‖ of each, shape (k,).
        layers: Parameter tensors in the order of the model; empty in files of old, as are the masses.
        top_masses: Share of its squared norm that the eigenvector of each top eigenvalue has in each tensor,
            shape (k, t).
        bottom_masses: The same of the bottom eigenvalues.
        converged: Whether every residual is within the tolerance.
        complete: Whether the work was done; False for what was known in the middle of it.
        trace: Estimate of tr H.
        trace_stderr: Standard error of ``trace``.
        eigenvalues: Abscissae of the density, ascending, shape (m,).
        density: Spectral density there, integrates to 1, shape (m,).
        moments: Estimates of (1/n)·tr H and (1/n)·tr H², shape (2,).
        loss: L at the point that is looked at.
        at: Where that is in the plane of a landscape: [α, β] or [α]; empty for θ*.
        normalize: How the directions of that plane are scaled; empty for θ*.
        products: Hessian-vector products that were spent.
        samples: How many samples the loss is the mean of.
        method: ``exact`` when the matrix was diagonalised, ``lanczos`` when it was sampled.
        tolerance: Residual that was allowed, relative to the eigenvalue (at least to a tenth of the largest).
        bandwidth: Standard deviation of the Gaussian that a point at 0 of the density is drawn as; it grows to
            3 % of λ far from 0.
        flat_share: Share of eigenvalues within 0.1 % of the largest |λ| of 0.
        negative_share: Share of eigenvalues below that.
        probes: Random vectors behind density and trace; 0 when exact.
        seed: Seed of the random vectors.
        precision: ``float32`` or ``float64``.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
    """

    schema: ClassVar[str] = "spectrum/1"

    parameters: int
    top_eigenvalues: Array
    top_residuals: Array
    bottom_eigenvalues: Array
    bottom_residuals: Array
    converged: bool
    trace: float
    trace_stderr: float
    eigenvalues: Array
    density: Array
    moments: Array
    loss: float
    products: int
    samples: int
    method: str = "lanczos"
    tolerance: float = 0.0
    bandwidth: float = 0.0
    flat_share: float = 0.0
    negative_share: float = 0.0
    probes: int = 0
    layers: list[str] = field(default_factory=list)
    top_masses: Array = field(default_factory=lambda: np.empty((0, 0)))
    bottom_masses: Array = field(default_factory=lambda: np.empty((0, 0)))
    complete: bool = True
    at: list[float] = field(default_factory=list)
    normalize: str = ""
    seed: int | None = None
    precision: str = "float32"
    mode: str = "eval"

    def summary(self) -> dict[str, Any]:
        """Return the contract: eigenvalues of both ends, trace, density, loss and residuals."""
        return {
            "parameters": self.parameters,
            "top_eigenvalues": self.top_eigenvalues.tolist(),
            "top_residuals": self.top_residuals.tolist(),
            "bottom_eigenvalues": self.bottom_eigenvalues.tolist(),
            "bottom_residuals": self.bottom_residuals.tolist(),
            "layers": self.layers,
            "top_masses": self.top_masses.tolist(),
            "bottom_masses": self.bottom_masses.tolist(),
            "converged": self.converged,
            "complete": self.complete,
            "trace": self.trace,
            "trace_stderr": self.trace_stderr,
            "density": {"eigenvalues": self.eigenvalues.tolist(), "density": self.density.tolist()},
            "moments": self.moments.tolist(),
            "loss": self.loss,
            "at": self.at or None,
            "normalize": self.normalize or None,
            "products": self.products,
            "samples": self.samples,
            "method": self.method,
            "tolerance": self.tolerance,
            "bandwidth": self.bandwidth,
            "flat_share": self.flat_share,
            "negative_share": self.negative_share,
            "probes": self.probes,
            "precision": self.precision,
            "mode": self.mode,
        }

    def figures(self) -> list[Figure]:
        """Return the density on a log scale, the extreme eigenvalues with their residuals, and where they act."""
        shown: list[Figure] = [self._density()] if self.density.size else []
        shown.append(self._extremes())
        if self.layers and len(self.top_masses) + len(self.bottom_masses):
            shown.append(self._by_layer())
        return shown

    @property
    def _sampled(self) -> bool:
        """Whether chance has a part in it."""
        return self.method != "exact"

    def _density(self) -> Lines:
        floor = float(self.density.max(initial=0.0)) * 1e-6 or 1e-12
        how = (
            f"Lanczos quadrature, {self.probes} probes, seed {self.seed}"
            if self._sampled
            else "every eigenvalue"
        )
        if not self.complete:
            how = "a first guess, not finished"
        error = (
            f" ± {number(self.trace_stderr, 2)}" if self._sampled and np.isfinite(self.trace_stderr) else ""
        )
        return Lines(
            title=f"Hessian spectral density · {self.title}",
            caption=(
                f"{how}; {self.samples} samples, {self.precision}, {self.mode} mode; "
                f"trace {number(self.trace)}{error}; "
                f"{_percent(self.flat_share)} of {self.parameters} eigenvalues are flat (|λ| ≤ 0.1 % of the largest), "
                f"{_percent(self.negative_share)} negative; {self.products} products"
            ),
            series=(Series(name="density", x=self.eigenvalues, y=np.maximum(self.density, floor)),),
            x_label="eigenvalue λ",
            y_label="density",
            x_scale="symlog",
            y_scale="log",
        )

    def _extremes(self) -> Table:
        rows = [
            (eigenvalue_name(i + 1), float(value), float(residual))
            for i, (value, residual) in enumerate(zip(self.top_eigenvalues, self.top_residuals, strict=True))
        ]
        bottom = list(zip(self.bottom_eigenvalues, self.bottom_residuals, strict=True))
        last = self.parameters
        rows += [
            (eigenvalue_name(last - i), float(value), float(residual))
            for i, (value, residual) in reversed(list(enumerate(bottom)))
        ]
        state = "converged" if self.converged else "NOT converged: raise the number of Lanczos steps"
        if not (self.complete or self.converged):
            state = f"so far, after {self.products} products"
        return Table(
            title=f"Extreme eigenvalues · {self.title}",
            caption=f"{state}; some eigenvalue lies within ‖Hv − λv‖ of each λ",
            columns=("", "λ", "‖Hv − λv‖"),
            rows=tuple(rows),
        )

    def _by_layer(self) -> Heatmap:
        """Return in which parameter tensors the eigenvectors move the weights: one row each, as in the table."""
        rows = np.concatenate([self.top_masses, self.bottom_masses[::-1]])
        bottom = range(self.parameters - len(self.bottom_masses), self.parameters)
        names = [eigenvalue_name(i + 1) for i in (*range(len(self.top_masses)), *bottom)]
        steepest = ", ".join(
            f"{name} mostly in {self.layers[row.argmax()]} ({_percent(row.max())})"
            for name, row in ((names[0], rows[0]), (names[-1], rows[-1]))
        )
        tensors = listing([f"{i} {name}" for i, name in enumerate(self.layers, 1)], most=12)
        return Heatmap(
            title=f"Eigenvector by layer · {self.title}",
            caption=f"share of its squared norm; {steepest}; row 1 is {names[0]}, the last {names[-1]}; {tensors}",
            values=rows,
            x=np.arange(1.0, rows.shape[1] + 1),
            y=np.arange(1.0, len(rows) + 1),
            x_label="parameter tensor",
            y_label="eigenvector",
            value_label="share",
            downwards=True,
        )


def _percent(share: float) -> str:
    """Return a share in percent."""
    return f"{number(100 * share, 2)} %"


def eigenvalue_name(rank: int) -> str:
    """Return what the eigenvalue of a rank is called, such as λ₁ for the largest."""
    return f"λ{rank}".translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
