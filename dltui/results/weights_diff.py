"""What changed between two checkpoints, tensor by tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from dltui.figures import Array, Figure
from dltui.results.base import Result
from dltui.results.depth import plain

Status = Literal["removed", "added", "reshaped", "retyped", "changed", "same"]
STATUSES: tuple[Status, ...] = get_args(Status)
LOW = 4  # a difference is of low rank when its rank is at most the full one divided by this


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightsDiff(Result):
    """The tensors of two checkpoints A and B, those that only one has first, then by how much they changed.

    Attributes:
        a: How A was spelled.
        b: How B was spelled.
        prefixes: What was left away before the names of A and of B, so that they meet; empty where nothing was.
        names: The tensors, by their names in A, or in B where only that has them.
        statuses: removed (only in A), added (only in B), reshaped, retyped (same numbers in another type), changed or
            same.
        shapes: [in A, in B]; None where it isn't there.
        dtypes: [in A, in B]; empty where it isn't there.
        known: Which have been compared, shape (t,).
        relative: ‖B − A‖ / ‖A‖ over the positions that are finite in both, shape (t,).
        cosine: Cosine of A and B, shape (t,).
        norm: ‖B − A‖, shape (t,).
        largest: max |B − A|, shape (t,).
        touched: Share of numbers that differ, shape (t,).
        unmatched: Numbers that are finite in one of the two only, or differ in kind, shape (t,).
        ranks: Singular values of B − A above what rounding alone makes, shape (t,); −1 where that is not known.
        bounds: Whether only the largest were computed and all are above it, so that the rank is at least that, shape
            (t,).
        full_ranks: Rows or columns, whichever are fewer, shape (t,); 0 where a tensor is no matrix.
        edges: Where the singular values of rounding would end, shape (t,).
        singular_values: Largest ones of B − A, descending, NaN where there are no more, shape (t, 64).
    """

    schema: ClassVar[str] = "weights-diff/1"

    a: str
    b: str
    names: list[str]
    statuses: list[Status]
    shapes: list[list[list[int] | None]]
    dtypes: list[list[str]]
    known: Array
    relative: Array
    cosine: Array
    norm: Array
    largest: Array
    touched: Array
    unmatched: Array
    ranks: Array
    bounds: Array
    full_ranks: Array
    edges: Array
    singular_values: Array
    prefixes: list[str]

    @property
    def same(self) -> bool:
        """Whether both hold the same tensors with the same numbers."""
        return all(status == "same" for status in self.statuses)

    @property
    def complete(self) -> bool:
        """Whether every tensor has been compared."""
        return bool(self.known.all())

    def counts(self) -> dict[str, int]:
        """Return how many tensors there are of each status that occurs."""
        known = [status for status, known in zip(self.statuses, self.known, strict=True) if known]
        return {status: known.count(status) for status in STATUSES if status in known}

    def low_rank(self, place: int) -> bool:
        """Return whether the difference of a tensor is a matrix of low rank, as a merged LoRA leaves it."""
        return bool(0 < self.ranks[place] * LOW <= self.full_ranks[place] and not self.bounds[place])

    def rank_words(self, place: int) -> str:
        """Return the rank of the difference of a tensor, as in ``8 of 768``; empty where it is not known."""
        rank, full = int(self.ranks[place]), int(self.full_ranks[place])
        if rank < 0 or not full:
            return ""
        return f"{'≥' if self.bounds[place] else ''}{rank} of {full}"

    def summary(self) -> dict[str, Any]:
        """Return the contract: whether they are the same, counts, and one entry a tensor, the most changed first."""
        return {
            "a": self.a,
            "b": self.b,
            "same": self.same if self.complete else None,
            "complete": self.complete,
            "counts": self.counts(),
            "prefixes": self.prefixes,
            "tensors": [self._tensor(place) for place in range(len(self.names)) if self.known[place]],
        }

    def _tensor(self, place: int) -> dict[str, Any]:
        """Return what is known of one tensor."""
        told: dict[str, Any] = {
            "name": self.names[place],
            "status": self.statuses[place],
            "shapes": self.shapes[place],
            "dtypes": [kind or None for kind in self.dtypes[place]],
        }
        if self.statuses[place] in {"added", "removed", "reshaped"}:
            return told
        values = {
            "relative": self.relative,
            "cosine": self.cosine,
            "norm": self.norm,
            "largest": self.largest,
        }
        rank, sigma = int(self.ranks[place]), self.singular_values[place]
        return told | {
            **{name: plain(value[place]) for name, value in values.items()},
            "touched": float(self.touched[place]),
            "unmatched": int(self.unmatched[place]),
            "rank": rank if rank >= 0 else None,
            "rank_is_bound": bool(self.bounds[place]),
            "full_rank": int(self.full_ranks[place]) or None,
            "low_rank": self.low_rank(place),
            "rounding": plain(self.edges[place]),
            "singular_values": sigma[np.isfinite(sigma)].tolist(),
        }

    def figures(self) -> list[Figure]:
        """Return the table, the changes as bars, ranks, and the spectra of the differences."""
        from dltui.results.weights_diff_figures import pictures

        return pictures(self)
