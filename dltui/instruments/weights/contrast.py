"""The difference of one tensor between two files, in every respect."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from dltui.archives import Archive, Entry
from dltui.errors import UsageError
from dltui.figures import Array
from dltui.instruments.weights.examine import examine
from dltui.instruments.weights.lowrank import read_difference
from dltui.instruments.weights.names import find_tensor
from dltui.instruments.weights.pairs import apart, pairs
from dltui.instruments.weights.spectrum import LARGE, as_matrix, singular_values
from dltui.progress import Report, silent
from dltui.results.tensor import TensorPage
from dltui.results.tensor_diff import TensorDiff


class Delta(Archive):
    """One tensor: B − A.

    Args:
        one: A, and its entry there.
        other: B, and its entry there.
    """

    def __init__(self, one: tuple[Archive, Entry], other: tuple[Archive, Entry]) -> None:
        (self._one, self._left), (self._other, self._right) = one, other
        self._wide = "float64" in {self._left.dtype, self._right.dtype}
        kind = "float64" if self._wide else "float32"
        size = self._left.elements * (8 if self._wide else 4)
        super().__init__(one[0].path, "difference", [Entry(self._left.name, self._left.shape, kind, size)])

    def values(self, name: str) -> Array:
        """Return the difference, in float32 unless one of the two is kept in float64."""
        self.entry(name)  # refuses any other
        one, other = self._one.values(self._left.name), self._other.values(self._right.name)
        found: Array = np.asarray(other, np.float64) - np.asarray(one, np.float64)
        return found if self._wide else found.astype(np.float32)


def contrast(
    one: Archive, other: Archive, word: str, names: tuple[str, str], *, report: Report = silent
) -> TensorDiff:
    """Return all that is known of the difference of one tensor.

    Args:
        one: A.
        other: B.
        word: The tensor, or the end of its name in A.
        names: How A and B were spelled.
        report: Called after each step of work.

    Returns:
        The change, and statistics, histogram, heat map and spectrum of B − A.

    Raises:
        UsageError: If one of the two doesn't have it, or in another shape, or it holds complex numbers.
        DltuiError: If it can't be read.
    """
    name = find_tensor(one, word)
    pair = next(pair for pair in pairs(one, other)[0] if pair.name == name)
    left, right = pair.one, pair.other
    if left is None or right is None:
        raise UsageError(f"{name} is in {names[0]} only: expected a tensor of both; `dltui diff` lists them")
    if left.shape != right.shape or "complex" in left.dtype + right.dtype:
        raise UsageError(
            f"{name} is {left.dtype} {list(left.shape)} in {names[0]} and {right.dtype} {list(right.shape)} in "
            f"{names[1]}: expected real numbers in one shape"
        )
    found = apart(one, left.name, other, right.name)
    delta = Delta((one, left), (other, right))
    page = examine(
        delta, name, names[1], title=f"Δ {name}, {names[0]} → {names[1]}", fewer_bits=False, report=report
    )
    known: dict[str, Any] = {
        part.name: getattr(page, part.name) for part in fields(TensorPage) if part.name != "losses"
    }
    return TensorDiff(
        **known,
        a=names[0],
        b=names[1],
        same=found.equal and left.dtype == right.dtype,
        relative=found.relative,
        cosine=found.cosine,
        touched=found.touched,
        **_spectra(one.values(left.name), other.values(right.name), (left.dtype, right.dtype)),
    )


def _spectra(one: Array, other: Array, dtypes: tuple[str, str]) -> dict[str, Any]:
    """Return the singular values of both and the rank of their difference, where they are matrices."""
    a, b = as_matrix(one), as_matrix(other)
    if a is None or b is None or min(a.shape) > LARGE or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return {}
    told = read_difference(a, b, dtypes)
    return {
        "rank": told.rank,
        "rounding": told.edge,
        "before": singular_values(a),
        "after": singular_values(b),
    }
