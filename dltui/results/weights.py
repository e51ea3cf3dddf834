"""Every tensor of a checkpoint in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure
from dltui.results.base import Result
from dltui.results.depth import plain

PROBABILITIES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
OCTAVES = (-40, 24)  # powers of two between which magnitudes are told apart


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightSurvey(Result):
    """Statistics of every tensor; of those that share their numbers with an earlier one, the same again.

    Extremes, mean, standard deviation and norm are over the finite numbers; complex ones count as two.

    Attributes:
        source: What was read, as it was spelled.
        format: What kind of file it is.
        names: The tensors, in the order of the file.
        shapes: Their shapes.
        dtypes: Their types, as stored.
        nbytes: Bytes as stored, shape (t,).
        shared: For each the earlier tensor with the same numbers, or empty.
        known: Which have been read, shape (t,).
        elements: How many numbers each has, shape (t,).
        low: Smallest, shape (t,).
        high: Largest, shape (t,).
        mean: Mean, shape (t,).
        std: Standard deviation, divided by the count, shape (t,).
        norm: Root of the sum of squares, shape (t,).
        zeros: Numbers that are exactly 0, shape (t,).
        nans: Numbers that are NaN, shape (t,).
        infs: Numbers that are infinite, shape (t,).
        quantiles: At ``PROBABILITIES``, shape (t, 7).
        sampled: How many numbers the quantiles and magnitudes were read off, shape (t,); exact where it is all.
        rank_error: Standard error of the rank of a sampled median as a share, shape (t,).
        magnitudes: How many of those numbers lie in each octave of |w|, from 2⁻⁴⁰ to 2²⁴, shape (t, 64).
        spectra: Stable rank, largest singular value, power-law exponent α with its standard error and distance D, shape
            (t, 5), NaN where a tensor is no matrix; None when not asked for.
    """

    schema: ClassVar[str] = "weights/1"

    source: str
    format: str
    names: list[str]
    shapes: list[list[int]]
    dtypes: list[str]
    shared: list[str]
    nbytes: Array
    known: Array
    elements: Array
    low: Array
    high: Array
    mean: Array
    std: Array
    norm: Array
    zeros: Array
    nans: Array
    infs: Array
    quantiles: Array
    sampled: Array
    rank_error: Array
    magnitudes: Array
    spectra: Array | None = None

    @property
    def complete(self) -> bool:
        """Whether every tensor has been read."""
        return bool(self.known.all())

    @property
    def own(self) -> Array:
        """Which tensors share their numbers with no earlier one, shape (t,)."""
        return np.array([not one for one in self.shared], dtype=bool)

    @property
    def sparsity(self) -> Array:
        """Share of numbers that are exactly 0, shape (t,)."""
        return np.divide(self.zeros, self.elements, out=np.zeros(len(self.names)), where=self.elements > 0)

    @property
    def exact(self) -> Array:
        """Whether the quantiles of each are those of all its numbers, shape (t,)."""
        return np.asarray(self.sampled >= self.elements - self.nans - self.infs)

    @property
    def total_norm(self) -> float:
        """Norm over all tensors, each counted once; counters and masks are no weights and are left out."""
        whole = np.array([kind.startswith(("int", "uint", "bool")) for kind in self.dtypes], dtype=bool)
        return math.hypot(*self.norm[self.own & self.known & ~whole].tolist())  # squares may overflow

    def summary(self) -> dict[str, Any]:
        """Return the contract: totals, and one entry a tensor."""
        own = self.own & self.known
        return {
            "source": self.source,
            "format": self.format,
            "complete": self.complete,
            "tensor_count": len(self.names),
            "elements": int(self.elements[own].sum()),
            "bytes": int(self.nbytes[own].sum()),
            "zeros": int(self.zeros[own].sum()),
            "nans": int(self.nans[own].sum()),
            "infs": int(self.infs[own].sum()),
            "norm": self.total_norm,
            "tensors": [self._tensor(place) for place in range(len(self.names)) if self.known[place]],
        }

    def _tensor(self, place: int) -> dict[str, Any]:
        """Return what is known of one tensor."""
        values = {"min": self.low, "max": self.high, "mean": self.mean, "std": self.std, "norm": self.norm}
        counts = {"zeros": self.zeros, "nans": self.nans, "infs": self.infs}
        quantiles = zip(PROBABILITIES, self.quantiles[place], strict=True)
        return {
            "name": self.names[place],
            "shape": list(self.shapes[place]),
            "dtype": self.dtypes[place],
            "elements": int(self.elements[place]),
            "bytes": int(self.nbytes[place]),
            "shared": self.shared[place] or None,
            **{name: plain(value[place]) for name, value in values.items()},
            **{name: int(value[place]) for name, value in counts.items()},
            "sparsity": float(self.sparsity[place]),
            "quantiles": {f"{share:g}": plain(value) for share, value in quantiles},
            "quantiles_from": int(self.sampled[place]),
            "quantile_rank_error": float(self.rank_error[place]),
            "spectrum": self._spectrum(place),
        }

    def _spectrum(self, place: int) -> dict[str, float | None] | None:
        """Return what is known of the singular values of one tensor."""
        if self.spectra is None or np.isnan(self.spectra[place, 0]):
            return None
        keys = ("stable_rank", "largest", "alpha", "alpha_error", "distance")
        return dict(zip(keys, map(plain, self.spectra[place]), strict=True))

    def figures(self) -> list[Figure]:
        """Return the table, the spread of every tensor, magnitudes, and spectra where they were asked for."""
        from dltui.results.weights_figures import pictures

        return pictures(self)
