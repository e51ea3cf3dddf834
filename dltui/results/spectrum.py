"""Eigenvalues, trace and spectral density of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Series, Table, number
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum(Result):
    """What is known of the eigenvalues of H = ∇²L(θ*).

    Attributes:
        parameters: Number of rows of H.
        top_eigenvalues: Largest eigenvalues, descending by value, shape (k,).
        top_residuals: ‖Hv − λv‖ of each, shape (k,).
        bottom_eigenvalues: Smallest eigenvalues, ascending by value, shape (k,).
        bottom_residuals: ‖Hv − λv‖ of each, shape (k,).
        converged: Whether every residual is within the tolerance.
        trace: Estimate of tr H.
        trace_stderr: Standard error of ``trace``.
        eigenvalues: Abscissae of the density, ascending, shape (m,).
        density: Spectral density there, integrates to 1, shape (m,).
        moments: Estimates of (1/n)·tr H and (1/n)·tr H², shape (2,).
        loss: L(θ*).
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
            "converged": self.converged,
            "trace": self.trace,
            "trace_stderr": self.trace_stderr,
            "density": {"eigenvalues": self.eigenvalues.tolist(), "density": self.density.tolist()},
            "moments": self.moments.tolist(),
            "loss": self.loss,
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
        """Return the density on a log scale, then the extreme eigenvalues with their residuals."""
        return [self._density(), self._extremes()]

    def _density(self) -> Lines:
        floor = float(self.density.max(initial=0.0)) * 1e-6 or 1e-12
        how = (
            "every eigenvalue"
            if self.method == "exact"
            else f"Lanczos quadrature, {self.probes} probes, seed {self.seed}"
        )
        error = "" if self.method == "exact" else f" ± {number(self.trace_stderr, 2)}"
        return Lines(
            title=f"Hessian spectral density · {self.title}",
            caption=(
                f"{how}; {self.samples} samples, {self.precision}, {self.mode} mode; "
                f"trace {number(self.trace)}{error}; "
                f"{self._share(self.flat_share)} of {self.parameters} eigenvalues within 0.1 % of the largest of 0, "
                f"{self._share(self.negative_share)} below; {self.products} products"
            ),
            series=(Series(name="density", x=self.eigenvalues, y=np.maximum(self.density, floor)),),
            x_label="eigenvalue λ",
            y_label="density",
            x_scale="symlog",
            y_scale="log",
        )

    @staticmethod
    def _share(share: float) -> str:
        return f"{number(100 * share, 2)} %"

    def _extremes(self) -> Table:
        rows = [
            (f"λ{_low(i + 1)}", float(value), float(residual))
            for i, (value, residual) in enumerate(zip(self.top_eigenvalues, self.top_residuals, strict=True))
        ]
        bottom = list(zip(self.bottom_eigenvalues, self.bottom_residuals, strict=True))
        last = self.parameters
        rows += [
            (f"λ{_low(last - i)}", float(value), float(residual))
            for i, (value, residual) in reversed(list(enumerate(bottom)))
        ]
        state = "converged" if self.converged else "NOT converged: raise the number of Lanczos steps"
        return Table(
            title=f"Extreme eigenvalues · {self.title}",
            caption=f"{state}; each true eigenvalue lies within its residual",
            columns=("", "λ", "‖Hv − λv‖"),
            rows=tuple(rows),
        )


def _low(number_: int) -> str:
    """Return a whole number in subscript digits."""
    return str(number_).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
