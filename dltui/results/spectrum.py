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
        }

    def figures(self) -> list[Figure]:
        """Return the density on a log scale, then the extreme eigenvalues with their residuals."""
        return [self._density(), self._extremes()]

    def _density(self) -> Lines:
        floor = float(self.density.max()) * 1e-6 if self.density.size else 1e-12
        return Lines(
            title=f"Hessian spectral density · {self.title}",
            caption=(
                f"stochastic Lanczos quadrature, seed {self.made.seed}, {self.samples} samples; "
                f"trace {number(self.trace)} ± {number(self.trace_stderr, 2)}, {self.products} products"
            ),
            series=(Series(name="density", x=self.eigenvalues, y=np.maximum(self.density, floor)),),
            x_label="eigenvalue λ",
            y_label="density",
            x_scale="symlog",
            y_scale="log",
        )

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
