"""Eigenvalues, trace and spectral density of the Hessian, or of a matrix in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure
from dltui.results.base import Result
from dltui.results.smoothing import SMOOTHING, smooth
from dltui.results.verdict import CRITICAL, Gap, Standing, condition, largest_gap, standing

NAMES = {
    "hessian": "Hessian",
    "ggn": "Gauss-Newton matrix",
    "fisher": "Fisher information",
    "empirical-fisher": "Empirical Fisher",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectrum(Result):
    """What is known of the eigenvalues of H = ∇²L, or of another matrix, at θ* unless said otherwise.

    Attributes:
        matrix: ``hessian``, ``ggn``, ``fisher`` or ``empirical-fisher``.
        parameters: Number of rows of H.
        top_eigenvalues: Largest eigenvalues, descending by value, shape (k,); where one has not converged, it is at
            least that.
        top_residuals: ‖Hv − λv‖ of each, shape (k,).
        top_converged: Whether each is within the tolerance, shape (k,); empty in files of old.
        bottom_eigenvalues: Smallest eigenvalues, ascending by value, shape (k,); at most that where not converged.
        bottom_residuals: ‖Hv − λv‖ of each, shape (k,).
        bottom_converged: Whether each is within the tolerance, shape (k,); empty in files of old.
        layers: Parameter tensors in the order of the model; empty in files of old, as are the masses.
        top_masses: Share of its squared norm that the eigenvector of each top eigenvalue has in each tensor,
            shape (k, t).
        bottom_masses: The same of the bottom eigenvalues.
        converged: Whether every residual is within the tolerance, and a fresh start found no other.
        complete: Whether the work was done; False for what was known in the middle of it.
        trace: Estimate of tr H.
        trace_stderr: Standard error of ``trace``.
        square: Estimate of tr H².
        square_stderr: Standard error of ``square``.
        trace_method: ``deflated``, ``hutchinson`` or ``hutch++``.
        nodes: The spectrum as points, ascending: every eigenvalue when exact, else those of the quadrature, shape (m,).
        node_weights: Share of all eigenvalues that each stands for, shape (m,).
        smoothing: Width of a point of the density far from 0, as a share of its place; a thirtieth of that at 0.
        eigenvalues: Abscissae of the density, ascending.
        density: Spectral density there, integrates to 1.
        moments: Estimates of (1/n)·tr H and (1/n)·tr H², shape (2,).
        loss: L at the point that is looked at.
        gradient_norm: ‖∇L‖ there.
        critical: ‖∇L‖ up to which a point counts as critical.
        classes: Number of classes the model tells apart; 0 where it tells no classes.
        at: Where that is in the plane of a landscape: [α, β] or [α]; empty for θ*.
        normalize: How the directions of that plane are scaled; empty for θ*.
        products: Hessian-vector products that were spent.
        samples: How many samples the loss is the mean of.
        method: ``exact`` when the matrix was diagonalised, ``lanczos`` when it was sampled.
        tolerance: Residual that was allowed, relative to the eigenvalue (at least to a tenth of the largest).
        bandwidth: Standard deviation of the Gaussian that a point at 0 of the density is drawn as.
        flat_share: Share of eigenvalues within 0.1 % of the largest |λ| of 0.
        flat_stderr: Its standard error.
        negative_share: Share of eigenvalues below that.
        negative_stderr: Its standard error.
        effective_rank: exp of the entropy of |λ| / Σ|λ|.
        effective_rank_stderr: Its standard error.
        by: ``layer`` or ``block`` where ``blocks`` are told; else empty.
        blocks: Diagonal blocks: name, size, top eigenvalues with residuals, trace, and points of the density.
        probes: Random vectors behind the density; 0 when exact.
        seed: Seed of the random vectors.
        precision: ``float32`` or ``float64``.
        mode: ``eval`` when batch norm uses running statistics and dropout is off, ``train`` when it uses those of the
            batch and dropout drops the same units each time.
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
    matrix: str = "hessian"
    method: str = "lanczos"
    tolerance: float = 0.0
    bandwidth: float = 0.0
    smoothing: float = SMOOTHING
    flat_share: float = 0.0
    flat_stderr: float = float("nan")
    negative_share: float = 0.0
    negative_stderr: float = float("nan")
    effective_rank: float = float("nan")
    effective_rank_stderr: float = float("nan")
    square: float = float("nan")
    square_stderr: float = float("nan")
    trace_method: str = "deflated"
    probes: int = 0
    layers: list[str] = field(default_factory=list)
    top_converged: Array = field(default_factory=lambda: np.empty(0, bool))
    bottom_converged: Array = field(default_factory=lambda: np.empty(0, bool))
    top_masses: Array = field(default_factory=lambda: np.empty((0, 0)))
    bottom_masses: Array = field(default_factory=lambda: np.empty((0, 0)))
    nodes: Array = field(default_factory=lambda: np.empty(0))
    node_weights: Array = field(default_factory=lambda: np.empty(0))
    gradient_norm: float = float("nan")
    critical: float = CRITICAL
    classes: int = 0
    by: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True
    at: list[float] = field(default_factory=list)
    normalize: str = ""
    seed: int | None = None
    precision: str = "float32"
    mode: str = "eval"

    @property
    def name(self) -> str:
        """What the matrix is called."""
        return NAMES.get(self.matrix, self.matrix)

    @property
    def sampled(self) -> bool:
        """Whether chance has a part in it."""
        return self.method != "exact"

    def sure(self, end: str) -> Array:
        """Return which eigenvalues of the ``top`` or the ``bottom`` have converged, shape (k,)."""
        values, told = (
            (self.top_eigenvalues, self.top_converged)
            if end == "top"
            else (self.bottom_eigenvalues, self.bottom_converged)
        )
        return told.astype(bool) if len(told) == len(values) else np.full(len(values), self.converged)

    def smoothed(self, smoothing: float) -> Spectrum:
        """Return the same spectrum with its density drawn in another width."""
        if not self.nodes.size:
            return self
        grid, curve, bandwidth = smooth(self.nodes, self.node_weights, smoothing)
        return replace(self, smoothing=smoothing, eigenvalues=grid, density=curve, bandwidth=bandwidth)

    def gap(self) -> Gap | None:
        """Return where the largest eigenvalues break off, of those that have converged one after the other."""
        if not self.sampled and self.nodes.size:
            most = 2 * self.classes + 1 if self.classes else 21
            return largest_gap(self.nodes[::-1][:most])
        sure = self.sure("top")
        first = len(sure) if sure.all() else int(sure.argmin())
        return largest_gap(self.top_eigenvalues[:first])

    def standing(self) -> Standing:
        """Return what kind of point the weights are at."""
        if self.matrix != "hessian":
            return Standing("not known", f"the {self.name} is nowhere negative, whatever the loss does")
        if not np.isfinite(self.gradient_norm):
            return Standing("not known", "the gradient was not measured")
        ends = [
            (float(values[0]), float(residuals[0])) if len(values) and self.sure(end)[0] else None
            for end, values, residuals in (
                ("bottom", self.bottom_eigenvalues, self.bottom_residuals),
                ("top", self.top_eigenvalues, self.top_residuals),
            )
        ]
        return standing(ends[0], ends[1], self.gradient_norm, self.critical)

    def condition(self) -> tuple[str, str]:
        """Return |λ|max / |λ|min in words, and what it is of."""
        eps = float(np.finfo(self.precision).eps)
        if not self.sampled:
            return condition(self.nodes, self.parameters, eps, float("nan"), float("nan"))
        known = [
            (abs(float(value)), float(residual))
            for end, values, residuals in (
                ("top", self.top_eigenvalues, self.top_residuals),
                ("bottom", self.bottom_eigenvalues, self.bottom_residuals),
            )
            for value, residual, sure in zip(values, residuals, self.sure(end), strict=True)
            if sure
        ]
        least = min((value + residual for value, residual in known), default=float("nan"))
        largest = max((value - residual for value, residual in known), default=float("nan"))
        return condition(None, self.parameters, eps, least, largest)

    def summary(self) -> dict[str, Any]:
        """Return the contract: eigenvalues of both ends, trace, density, loss and residuals."""
        gap, stands = self.gap(), self.standing()
        return {
            "matrix": self.matrix,
            "parameters": self.parameters,
            "top_eigenvalues": _known(self.top_eigenvalues, self.sure("top")),
            "top_bounds": self.top_eigenvalues.tolist(),
            "top_residuals": self.top_residuals.tolist(),
            "bottom_eigenvalues": _known(self.bottom_eigenvalues, self.sure("bottom")),
            "bottom_bounds": self.bottom_eigenvalues.tolist(),
            "bottom_residuals": self.bottom_residuals.tolist(),
            "layers": self.layers,
            "top_masses": self.top_masses.tolist(),
            "bottom_masses": self.bottom_masses.tolist(),
            "converged": self.converged,
            "complete": self.complete,
            "trace": self.trace,
            "trace_stderr": self.trace_stderr,
            "trace_of_square": self.square,
            "trace_of_square_stderr": self.square_stderr,
            "trace_method": self.trace_method,
            "density": {"eigenvalues": self.eigenvalues.tolist(), "density": self.density.tolist()},
            "nodes": {"eigenvalues": self.nodes.tolist(), "weights": self.node_weights.tolist()},
            "moments": self.moments.tolist(),
            "loss": self.loss,
            "gradient_norm": self.gradient_norm,
            "verdict": {"word": stands.word, "why": stands.why},
            "outliers": {"count": gap.outliers, "ratio": gap.ratio} if gap else None,
            "classes": self.classes or None,
            "condition_number": dict(zip(("value", "why"), self.condition(), strict=True)),
            "effective_rank": self.effective_rank,
            "effective_rank_stderr": self.effective_rank_stderr,
            "at": self.at or None,
            "normalize": self.normalize or None,
            "products": self.products,
            "samples": self.samples,
            "method": self.method,
            "tolerance": self.tolerance,
            "bandwidth": self.bandwidth,
            "smoothing": self.smoothing,
            "flat_share": self.flat_share,
            "flat_stderr": self.flat_stderr,
            "negative_share": self.negative_share,
            "negative_stderr": self.negative_stderr,
            "by": self.by or None,
            "blocks": self.blocks,
            "probes": self.probes,
            "precision": self.precision,
            "mode": self.mode,
        }

    def figures(self) -> list[Figure]:
        """Return density, extreme eigenvalues, verdict, where the eigenvectors act, and the diagonal blocks."""
        from dltui.results.spectrum_figures import figures

        return figures(self)


def _known(values: Array, sure: Array) -> list[float | None]:
    """Return the eigenvalues that have converged, and None for the others."""
    return [float(value) if good else None for value, good in zip(values, sure, strict=True)]
