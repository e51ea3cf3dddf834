"""One tensor of a checkpoint: its numbers, its spectrum, its filters, and what fewer bits would cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure
from dltui.results.base import Result
from dltui.results.depth import plain
from dltui.results.weights import PROBABILITIES


@dataclass(frozen=True, eq=False, kw_only=True)
class TensorPage(Result):
    """All that is known of a tensor; every number of it was looked at.

    Attributes:
        source: The file, as it was spelled.
        name: The tensor.
        shape: Its shape.
        dtype: Its type, as stored.
        numbers: elements, min, max, mean, std, norm, zeros, nans, infs; over the finite numbers, complex ones count as
            two.
        quantiles: At 1, 5, 25, 50, 75, 95 and 99 %, exact, shape (7,).
        edges: Borders of the bins of the histogram, shape (b + 1,).
        counts: Numbers in each bin, shape (b,).
        heat: The tensor as a matrix, outputs down; blocks of it by their root mean square where it is large.
        heat_step: Rows and columns of a block; [1, 1] where ``heat`` is the tensor itself, with its signs.
        matrix: Rows and columns of that matrix; empty for fewer than two axes.
        singular_values: Descending, shape (k,); empty where there is no matrix or it is too large.
        spectrum: stable_rank, effective_rank, rank, edge and spikes, and alpha, alpha_error, start, tail, distance and
            plausibility of the power law; empty without singular values, without the law where none was fitted.
        row_norms: Norm of each output, shape (m,).
        dead: Outputs whose norm is at most a fiftieth of the median norm.
        doubles: Pairs of outputs with |cosine| ≥ 0.99, as [one, other, cosine], at most 200.
        double_count: How many pairs there are; None where there are too many outputs to compare.
        pixels: Filters as pictures, shape (f, h, w) or (f, h, w, 3), or None.
        pixel_names: What stands below each.
        losses: What each format of fewer bits costs.
    """

    schema: ClassVar[str] = "tensor/1"

    source: str
    name: str
    shape: list[int]
    dtype: str
    numbers: dict[str, float]
    quantiles: Array
    edges: Array
    counts: Array
    heat: Array = field(default_factory=lambda: np.zeros((0, 0)))
    heat_step: list[int] = field(default_factory=lambda: [1, 1])
    matrix: list[int] = field(default_factory=list)
    singular_values: Array = field(default_factory=lambda: np.zeros(0))
    spectrum: dict[str, float | None] = field(default_factory=dict)
    row_norms: Array = field(default_factory=lambda: np.zeros(0))
    dead: list[int] = field(default_factory=list)
    doubles: list[list[float]] = field(default_factory=list)
    double_count: int | None = None
    pixels: Array | None = None
    pixel_names: list[str] = field(default_factory=list)
    losses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sparsity(self) -> float:
        """Share of numbers that are exactly 0."""
        return self.numbers["zeros"] / max(1.0, self.numbers["elements"])

    def summary(self) -> dict[str, Any]:
        """Return the contract: the numbers, and one object a subject."""
        quantiles = zip(PROBABILITIES, self.quantiles.tolist(), strict=True)
        return {
            "source": self.source,
            "name": self.name,
            "shape": list(self.shape),
            "dtype": self.dtype,
            **{name: plain(value) for name, value in self.numbers.items()},
            "sparsity": self.sparsity,
            "quantiles": {f"{share:g}": plain(value) for share, value in quantiles},
            "histogram": {"edges": self.edges.tolist(), "counts": self.counts.tolist()},
            "matrix": self.matrix or None,
            "spectrum": self.spectrum | {"singular_values": self.singular_values.tolist()}
            if self.singular_values.size
            else None,
            "filters": self._filters(),
            "quantization": self.losses,
        }

    def _filters(self) -> dict[str, Any] | None:
        """Return what is known of the outputs."""
        if not self.row_norms.size:
            return None
        pairs = [{"pair": [int(i), int(j)], "cosine": cosine} for i, j, cosine in self.doubles]
        return {
            "count": self.row_norms.size,
            "norms": self.row_norms.tolist(),
            "dead": self.dead,
            "duplicates": pairs,
            "duplicate_count": self.double_count,
        }

    def figures(self) -> list[Figure]:
        """Return the numbers, the histogram, the matrix, filters, spectrum and what fewer bits cost."""
        from dltui.results.tensor_figures import pictures

        return pictures(self)
