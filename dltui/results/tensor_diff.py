"""The difference of one tensor between two checkpoints, in every respect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Series, Table, number
from dltui.results.depth import plain
from dltui.results.tensor import TensorPage
from dltui.results.weights_figures import percent


@dataclass(frozen=True, eq=False, kw_only=True)
class TensorDiff(TensorPage):
    """All that is known of Δ = B − A of one tensor; what a ``TensorPage`` tells is told of Δ.

    Attributes:
        a: How A was spelled.
        b: How B was spelled.
        same: Whether both hold the same numbers.
        relative: ‖Δ‖ / ‖A‖.
        cosine: Cosine of A and B.
        touched: Share of numbers that differ.
        rank: Singular values of Δ above what rounding alone makes; −1 where that is not known.
        rounding: Where the singular values of rounding would end.
        before: Singular values of A, descending; empty where it is no matrix or too large.
        after: Those of B.
    """

    schema: ClassVar[str] = "tensor-diff/1"

    a: str
    b: str
    same: bool
    relative: float
    cosine: float
    touched: float
    rank: int = -1
    rounding: float = float("nan")
    before: Array = field(default_factory=lambda: np.zeros(0))
    after: Array = field(default_factory=lambda: np.zeros(0))

    def summary(self) -> dict[str, Any]:
        """Return the contract: the change, and what is told of any tensor for the difference."""
        return {
            "a": self.a,
            "b": self.b,
            "same": self.same,
            "relative": plain(self.relative),
            "cosine": plain(self.cosine),
            "touched": self.touched,
            "rank": self.rank if self.rank >= 0 else None,
            "rounding": plain(self.rounding),
            "singular_values_before": self.before.tolist(),
            "singular_values_after": self.after.tolist(),
            "difference": super().summary(),
        }

    def figures(self) -> list[Figure]:
        """Return the change in numbers, the spectra of A, B and Δ, and all that there is to see of Δ."""
        shown: list[Figure] = [self._card()]
        if self.before.size:
            shown.append(self._spectra())
        return [*shown, *super().figures()]

    def _card(self) -> Table:
        """Return how much changed."""
        full = len(self.singular_values)
        rank = [] if self.rank < 0 else [("rank beyond rounding", f"{self.rank} of {full}")]
        return Table(
            title=f"Change · {self.title}",
            caption="the same numbers in both" if self.same else f"A is {self.a}, B is {self.b}, Δ = B − A",
            columns=("what", "value"),
            rows=(
                ("‖Δ‖ / ‖A‖", number(self.relative)),
                ("cosine of A and B", f"{self.cosine:.6f}"),
                ("numbers that differ", percent(self.touched)),
                *rank,
            ),
        )

    def _spectra(self) -> Lines:
        """Return the singular values of A, B and their difference."""
        curves = {"A": self.before, "B": self.after, "Δ": self.singular_values}
        top = float(self.before[0])
        return Lines(
            title=f"Spectra · {self.title}",
            caption="singular values before, after, and of the difference"
            + (f"; rounding alone ends at {number(self.rounding, 2)}" if np.isfinite(self.rounding) else ""),
            series=tuple(
                Series(
                    name=name,
                    x=np.arange(1.0, values.size + 1),
                    y=np.where(values > max(self.rounding, top * 1e-9), values, np.nan),
                )
                for name, values in curves.items()
            ),
            x_label="index",
            y_label="σ",
            y_scale="log",
        )
