"""One tensor through the checkpoints of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Cell, Figure, Heatmap, Lines, Series, Table
from dltui.results.base import Result
from dltui.results.depth import plain
from dltui.results.weights import PROBABILITIES
from dltui.results.weights_figures import percent

KEYS = ("min", "max", "mean", "std", "norm", "zeros", "nans", "infs")


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightsAlong(Result):
    """What one tensor was like at every checkpoint; NaN where that isn't known yet.

    Attributes:
        run: Name of the run.
        name: The tensor.
        shape: Its shape.
        steps: Optimiser steps of each checkpoint, shape (s,).
        numbers: min, max, mean, std, norm, zeros, nans and infs, shape (s, 8).
        quantiles: At 1, 5, 25, 50, 75, 95 and 99 %, exact, shape (s, 7).
        edges: Borders of the bins of the histograms, the same for all, shape (b + 1,).
        counts: Numbers in each bin, shape (s, b).
        moved: ‖w − w before‖ since the checkpoint before, shape (s,).
        away: ‖w − w first‖ since the first, shape (s,).
        cosine: Cosine of w and that of the first, shape (s,).
        singular_values: The largest of each, descending, shape (s, k); no columns where there is no matrix.
        stable_rank: ‖W‖² / σ₁², shape (s,).
        alpha: Exponent of the power law of σ², shape (s,).
    """

    schema: ClassVar[str] = "weights-along/1"

    run: str
    name: str
    shape: list[int]
    steps: Array
    numbers: Array
    quantiles: Array
    edges: Array
    counts: Array
    moved: Array
    away: Array
    cosine: Array
    singular_values: Array
    stable_rank: Array
    alpha: Array

    @property
    def known(self) -> Array:
        """Which checkpoints have been read, shape (s,)."""
        return np.isfinite(self.numbers[:, KEYS.index("nans")])

    def summary(self) -> dict[str, Any]:
        """Return the contract: one entry a checkpoint, in the order of the steps."""
        return {
            "run": self.run,
            "name": self.name,
            "shape": list(self.shape),
            "complete": bool(self.known.all()),
            "histogram_edges": self.edges.tolist(),
            "checkpoints": [self._checkpoint(int(place)) for place in np.flatnonzero(self.known)],
        }

    def _checkpoint(self, place: int) -> dict[str, Any]:
        """Return what is known of one checkpoint."""
        quantiles = zip(PROBABILITIES, self.quantiles[place], strict=True)
        return {
            "step": int(self.steps[place]),
            **{key: plain(value) for key, value in zip(KEYS, self.numbers[place], strict=True)},
            "quantiles": {f"{share:g}": plain(value) for share, value in quantiles},
            "counts": self.counts[place].tolist(),
            "moved": plain(self.moved[place]),
            "away": plain(self.away[place]),
            "cosine": plain(self.cosine[place]),
            "singular_values": [plain(value) for value in self.singular_values[place]],
            "stable_rank": plain(self.stable_rank[place]),
            "alpha": plain(self.alpha[place]),
        }

    def figures(self) -> list[Figure]:
        """Return the histograms over the steps, the quantiles, how far it moved, its spectrum, and a table."""
        shown: list[Figure] = [self._histograms(), self._spread(), self._way()]
        if self.singular_values.shape[1]:
            shown += [self._spectrum(), self._ranks()]
        return [*shown, self._table()]

    def _told(self) -> str:
        """Return what a reader must know."""
        known = int(self.known.sum())
        return (
            f"{known} checkpoints" if self.known.all() else f"{known} of {len(self.steps)} checkpoints so far"
        )

    def _histograms(self) -> Heatmap:
        """Return the histograms side by side."""
        totals = self.counts.sum(axis=1, keepdims=True)
        least = 0.5 / max(1, int(totals.max(initial=0)))
        shares = np.divide(self.counts, totals, out=np.full(self.counts.shape, np.nan), where=totals > 0)
        return Heatmap(
            title=f"Histogram by step · {self.title}",
            caption=f"{self._told()}; share of the numbers in each of {self.counts.shape[1]} bins, darkest where empty",
            values=np.maximum(shares, least).T,
            x=self.steps.astype(float),
            y=(self.edges[1:] + self.edges[:-1]) / 2,
            x_label="step",
            y_label="value",
            value_label="share",
            scale="log",
        )

    def _spread(self) -> Lines:
        """Return the median with bands of quantiles."""
        steps = self.steps.astype(float)
        middle = Series(
            name="median, 25 … 75 %",
            x=steps,
            y=self.quantiles[:, 3],
            low=self.quantiles[:, 2],
            high=self.quantiles[:, 4],
        )
        ends = [
            Series(name=name, x=steps, y=values, tint=tint)
            for name, values, tint in (
                ("1 %", self.quantiles[:, 0], 1),
                ("99 %", self.quantiles[:, 6], 1),
                ("min", self.numbers[:, 0], 2),
                ("max", self.numbers[:, 1], 2),
            )
        ]
        return Lines(
            title=f"Quantiles · {self.title}",
            caption=self._told(),
            series=(middle, *ends),
            x_label="step",
            y_label="value",
        )

    def _way(self) -> Lines:
        """Return norm, and how far the tensor went."""
        steps = self.steps.astype(float)
        curves = {"‖w‖": self.numbers[:, 4], "‖w − w₀‖": self.away, "‖Δw‖ since the one before": self.moved}
        return Lines(
            title=f"How far it moved · {self.title}",
            caption=f"{self._told()}; w₀ is that of step {int(self.steps[0])}",
            series=tuple(
                Series(name=name, x=steps, y=np.where(values > 0, values, np.nan))
                for name, values in curves.items()
            ),
            x_label="step",
            y_label="norm",
            y_scale="log" if (self.numbers[:, 4] > 0).any() else "linear",
        )

    def _spectrum(self) -> Lines:
        """Return the largest singular values over the steps."""
        steps = self.steps.astype(float)
        return Lines(
            title=f"Singular values by step · {self.title}",
            caption=f"{self._told()}; the largest {self.singular_values.shape[1]}",
            series=tuple(
                Series(name=f"σ{place + 1}", x=steps, y=self.singular_values[:, place])
                for place in range(self.singular_values.shape[1])
            ),
            x_label="step",
            y_label="σ",
        )

    def _ranks(self) -> Lines:
        """Return stable rank and exponent over the steps."""
        steps = self.steps.astype(float)
        curves = [Series(name="stable rank", x=steps, y=self.stable_rank)]
        if np.isfinite(self.alpha).any():
            curves.append(Series(name="α", x=steps, y=self.alpha))
        return Lines(
            title=f"Rank and exponent · {self.title}",
            caption="stable rank ‖W‖² / σ₁²; α of p(λ) ∝ λ^−α for λ = σ²",
            series=tuple(curves),
            x_label="step",
        )

    def _table(self) -> Table:
        """Return one row a checkpoint."""
        size = max(1, int(np.prod(self.shape)))
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                int(self.steps[place]),
                *(float(self.numbers[place, column]) for column in (2, 3, 0, 1, 4)),
                percent(float(self.numbers[place, 5]) / size),
                float(self.moved[place]) if place else None,  # nothing is before the first
                float(self.away[place]),
                float(self.cosine[place]),
            )
            for place in np.flatnonzero(self.known).tolist()
        )
        return Table(
            title=f"Checkpoints · {self.title}",
            caption="cosine to the first",
            columns=("step", "mean", "std", "min", "max", "‖w‖", "zeros", "‖Δw‖", "‖w − w₀‖", "cosine"),
            rows=rows,
        )
