"""How alike layers are, of one network or of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Table
from dltui.results.base import Result

DEFINITION = "HSIC(K, L) / √(HSIC(K, K)·HSIC(L, L)) of the linear kernels K = XXᵀ, L = YYᵀ"


@dataclass(frozen=True, eq=False, kw_only=True)
class Similarity(Result):
    """Linear centred kernel alignment (CKA) of every two layers.

    Attributes:
        models: How the two networks are called; twice the same where one is compared with itself.
        weights: Where their weights came from.
        first: Layers of the first one.
        second: Layers of the second one.
        unbiased: CKA by the unbiased estimate of HSIC, shape (first, second); NaN where an output is constant.
        linear: By the usual estimate, or None where the samples came in several batches.
        samples: Over how many samples.
        batch_size: Samples in a batch.
    """

    schema: ClassVar[str] = "similarity/1"

    models: list[str]
    weights: list[str]
    first: list[str]
    second: list[str]
    unbiased: Array
    linear: Array | None = None
    samples: int
    batch_size: int

    def summary(self) -> dict[str, Any]:
        """Return both matrices, the layers, and for each layer the most similar one of the other network."""
        return {
            "models": self.models,
            "weights": self.weights,
            "first": self.first,
            "second": self.second,
            "unbiased": self.unbiased.tolist(),
            "linear": None if self.linear is None else self.linear.tolist(),
            "nearest": [{"layer": a, "nearest": b, "cka": value} for a, b, value in self.nearest()],
            "samples": self.samples,
            "batch_size": self.batch_size,
            "definition": DEFINITION,
        }

    def nearest(self) -> list[tuple[str, str, float]]:
        """Return for each layer of the first network the most similar one of the second, itself left out."""
        values = np.where(np.isfinite(self.unbiased), self.unbiased, -np.inf)
        if self._same:
            np.fill_diagonal(values, -np.inf)
        found = []
        for name, row in zip(self.first, values, strict=True):
            best = int(row.argmax())
            if np.isfinite(row[best]):
                found.append((name, self.second[best], float(row[best])))
        return found

    def figures(self) -> list[Figure]:
        """Return the matrices as heat maps, and the nearest layers."""
        shown: list[Figure] = [self._map("CKA, unbiased", self.unbiased)]
        if self.linear is not None:
            shown.append(self._map("CKA", self.linear))
        rows = tuple(self.nearest())
        columns = (f"layer of {self.models[0]}", f"nearest of {self.models[1]}", "CKA")
        return [*shown, Table(title=f"Nearest layers · {self.title}", columns=columns, rows=rows)]

    @property
    def _same(self) -> bool:
        """Whether a network is compared with itself."""
        return self.first == self.second and self.weights[0] == self.weights[1]

    def _map(self, what: str, values: Array) -> Heatmap:
        """Return a matrix as a heat map."""
        across = ", ".join(f"{i} {name}" for i, name in enumerate(self.second))
        batches = "" if self.batch_size >= self.samples else f" in batches of {self.batch_size}"
        return Heatmap(
            title=f"{what} · {self.title}",
            caption=f"{self.samples} samples{batches}; columns: {across}",
            values=values,
            x=np.arange(float(len(self.second))),
            y=np.arange(float(len(self.first))),
            x_label=f"layer of {self.models[1]}",
            y_label="layer",
            value_label="CKA",
            limits=(min(0.0, float(np.nanmin(values, initial=0.0))), 1.0),
            downwards=True,
            row_names=tuple(self.first),
        )
