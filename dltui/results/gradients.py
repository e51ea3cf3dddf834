"""Gradient norms, layer by layer and sample by sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Bars, Figure, Histogram, Table, number
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientNorms(Result):
    """‖∇L‖ of every parameter tensor, and of every sample.

    Attributes:
        loss: L at the point that is looked at.
        at: Where that is in the plane of a landscape: [α, β] or [α]; empty for θ*.
        normalize: How the directions of that plane are scaled; empty for θ*.
        total_norm: ‖∇L‖ over all parameters.
        names: Parameter tensors in the order of the model.
        shapes: Their shapes.
        grad_norms: ‖∇L‖ of each tensor, shape (t,).
        weight_norms: ‖w‖ of each tensor, shape (t,).
        sample_norms: ‖∇ℓᵢ‖ of every sample i, shape (n,), or None when not asked for; NaN where not known yet.
        complete: Whether the work was done; False for what was known in the middle of it.
        samples: How many samples the loss is the mean of.
        method: How the norms by sample were computed: ``ghost norms``, ``vmap`` or ``one by one``; may be empty.
        loss_name: What the loss is called.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
    """

    schema: ClassVar[str] = "gradients/1"

    loss: float
    total_norm: float
    names: list[str]
    shapes: list[list[int]]
    grad_norms: Array
    weight_norms: Array
    sample_norms: Array | None = None
    samples: int
    method: str = ""
    complete: bool = True
    at: list[float] = field(default_factory=list)
    normalize: str = ""
    loss_name: str = "loss"
    mode: str = "eval"

    @property
    def ratios(self) -> Array:
        """‖∇L‖ / ‖w‖ of each tensor; NaN where all weights are 0."""
        return np.divide(
            self.grad_norms,
            self.weight_norms,
            out=np.full_like(self.grad_norms, np.nan),
            where=self.weight_norms > 0,
        )

    @property
    def noise_scale(self) -> float | None:
        """Simple gradient noise scale tr Σ / ‖∇L‖² (McCandlish et al. 2018, arXiv:1812.06162).

        Σ is the covariance of the gradients of single samples; batches much larger than this number are wasted.
        """
        norms = self._known_norms
        if norms is None or self.samples < 2 or not self.total_norm:
            return None
        mean_square, square = float(np.mean(norms**2)), self.total_norm**2
        return self.samples / (self.samples - 1) * (mean_square - square) / square

    @property
    def _known_norms(self) -> Array | None:
        """Norms of the samples that are known, shape (m,), or None where none is."""
        if self.complete or self.sample_norms is None:
            return self.sample_norms
        known = self.sample_norms[~np.isnan(self.sample_norms)]
        return known if known.size else None

    def summary(self) -> dict[str, Any]:
        """Return the contract: loss, total_norm, one entry a layer, and the per-sample norms."""
        layers = zip(self.names, self.shapes, self.grad_norms, self.weight_norms, self.ratios, strict=True)
        norms = self._known_norms
        return {
            "loss": self.loss,
            "at": self.at or None,
            "normalize": self.normalize or None,
            "complete": self.complete,
            "total_norm": self.total_norm,
            "layers": [
                {
                    "name": name,
                    "shape": list(shape),
                    "grad_norm": float(grad),
                    "weight_norm": float(weight),
                    "ratio": None if np.isnan(ratio) else float(ratio),
                }
                for name, shape, grad, weight, ratio in layers
            ],
            "per_sample": None
            if self.sample_norms is None or norms is None
            else {
                "mean": float(norms.mean()),
                "max": float(norms.max()),
                "median": float(np.median(norms)),
                "method": self.method,
                "noise_scale": self.noise_scale,
                "norms": self.sample_norms.tolist(),
            },
            "samples": self.samples,
            "loss_name": self.loss_name,
            "mode": self.mode,
        }

    def figures(self) -> list[Figure]:
        """Return the norms by layer as bars, as a table, and the norms by sample as counts."""
        shown: list[Figure] = [self._bars(), self._table()]
        norms = self._known_norms
        if norms is not None:
            counts, edges = np.histogram(norms, bins=40)
            shown.append(
                Histogram(
                    title=f"Gradient norm by sample · {self.title}",
                    caption=self._sample_caption(norms),
                    edges=edges,
                    counts=counts.astype(float),
                    value_label="‖∇ℓᵢ‖",
                    scale="log",
                )
            )
        return shown

    def _sample_caption(self, norms: Array) -> str:
        """Return what a reader must know of the norms by sample."""
        noise = (
            ""
            if self.noise_scale is None
            else f"; gradient noise scale {number(self.noise_scale, 3)} samples"
        )
        assert self.sample_norms is not None
        how = f"by {self.method or 'one backward pass each'}"
        if not self.complete:
            how = f"{len(norms)} of {self.samples} samples so far"
        return (
            f"mean {number(norms.mean())}, median {number(np.median(norms))}, largest {number(norms.max())} at "
            f"sample {int(np.nanargmax(self.sample_norms))}{noise}; {how}"
        )

    def _bars(self) -> Bars:
        return Bars(
            title=f"Gradient norm by layer · {self.title}",
            caption=(
                f"{self.loss_name} {number(self.loss)} over {self.samples} samples, total norm "
                f"{number(self.total_norm)}; {self.mode} mode"
            ),
            labels=tuple(self.names),
            values=self.grad_norms,
            value_label="‖∇L‖",
            scale="log",
        )

    def _table(self) -> Table:
        layers = zip(self.names, self.shapes, self.grad_norms, self.weight_norms, self.ratios, strict=True)
        return Table(
            title=f"Gradients and weights by layer · {self.title}",
            columns=("layer", "shape", "‖∇L‖", "‖w‖", "‖∇L‖ / ‖w‖"),
            rows=tuple(
                (name, "×".join(map(str, shape)) or "1", float(g), float(w), float(r))
                for name, shape, g, w, r in layers
            ),
        )
