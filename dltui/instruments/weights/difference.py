"""What changed between two files of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dltui.archives import Archive, Entry
from dltui.instruments.weights.lowrank import KEPT, Difference, read_difference
from dltui.instruments.weights.pairs import Apart, Pair, apart, pairs
from dltui.instruments.weights.spectrum import as_matrix
from dltui.progress import Report, silent
from dltui.results.weights_diff import STATUSES, Status, WeightsDiff

LARGE = 1 << 28  # numbers up to which a changed matrix is decomposed


@dataclass(frozen=True, eq=False)
class _Row:
    """What was found of one tensor."""

    pair: Pair
    status: Status
    apart: Apart | None = None
    spectrum: Difference | None = None


def difference(
    one: Archive, other: Archive, names: tuple[str, str], *, title: str = "", report: Report = silent
) -> WeightsDiff:
    """Compare two files of weights tensor by tensor.

    Args:
        one: A.
        other: B.
        names: How A and B were spelled.
        title: What to call the pair; the two spellings when left out.
        report: Called after each tensor with how many are done, and with what is known.

    Returns:
        Every tensor, those that only one has first, then by how much they changed.

    Raises:
        DltuiError: If the numbers of a tensor can't be read.
    """
    found, prefixes = pairs(one, other)
    rows: list[_Row] = []
    title = title or f"{names[0]} → {names[1]}"

    def told(waiting: list[Pair]) -> WeightsDiff:
        return _result(sorted(rows, key=_order), waiting, names, prefixes, title)

    for place, pair in enumerate(found):
        rows.append(_compared(one, other, pair))
        partial = told(found[place + 1 :]) if rows[-1].status != "same" or place == 0 else None
        report(place + 1, len(found), partial)
    return told([])


def _compared(one: Archive, other: Archive, pair: Pair) -> _Row:
    """Return what is found of one tensor."""
    left, right = pair.one, pair.other
    if left is None or right is None:
        return _Row(pair, "added" if left is None else "removed")
    if left.shape != right.shape:
        return _Row(pair, "reshaped")
    found = apart(one, left.name, other, right.name)
    if found.equal:
        return _Row(pair, "same" if left.dtype == right.dtype else "retyped", found)
    return _Row(pair, "changed", found, _spectrum(one, other, left, right, found))


def _spectrum(one: Archive, other: Archive, left: Entry, right: Entry, found: Apart) -> Difference | None:
    """Return the singular values of the difference, where both tensors are finite real matrices."""
    if len(left.shape) < 2 or found.unmatched or left.elements > LARGE:
        return None
    a, b = as_matrix(one.values(left.name)), as_matrix(other.values(right.name))
    if a is None or b is None or "c" in {a.dtype.kind, b.dtype.kind}:
        return None
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    return read_difference(a, b, (left.dtype, right.dtype))


def _order(row: _Row) -> tuple[int, float]:
    """Return the place of a tensor: what only one has first, then the most changed."""
    structural = STATUSES.index(row.status)
    if row.status != "changed" or row.apart is None:
        return structural, 0.0
    return structural, -np.nan_to_num(row.apart.relative, nan=np.inf, posinf=np.inf)


def _result(
    rows: list[_Row], waiting: list[Pair], names: tuple[str, str], prefixes: tuple[str, str], title: str
) -> WeightsDiff:
    """Return what is known as a result; tensors that wait come last."""
    every = [*rows, *(_Row(pair, "same") for pair in waiting)]
    count = len(every)
    blank: dict[str, Any] = {
        name: np.full(count, np.nan) for name in ("relative", "cosine", "norm", "largest", "edges")
    }
    found = WeightsDiff(
        title=title,
        a=names[0],
        b=names[1],
        prefixes=list(prefixes) if any(prefixes) else [],
        names=[row.pair.name for row in every],
        statuses=[row.status for row in every],
        shapes=[[_shape(row.pair.one), _shape(row.pair.other)] for row in every],
        dtypes=[[_dtype(row.pair.one), _dtype(row.pair.other)] for row in every],
        known=np.arange(count) < len(rows),
        touched=np.zeros(count),
        unmatched=np.zeros(count, np.int64),
        ranks=np.full(count, -1),
        bounds=np.zeros(count, bool),
        full_ranks=np.zeros(count, np.int64),
        singular_values=np.full((count, KEPT), np.nan),
        **blank,
    )
    for place, row in enumerate(rows):
        _fill(found, place, row)
    return found


def _fill(found: WeightsDiff, place: int, row: _Row) -> None:
    """Write what was found of one tensor."""
    if row.apart is not None:
        for name in ("relative", "cosine", "norm", "largest", "touched", "unmatched"):
            getattr(found, name)[place] = getattr(row.apart, name)
    told = row.spectrum
    if told is not None:
        found.ranks[place], found.bounds[place] = told.rank, told.bound
        found.full_ranks[place], found.edges[place] = told.full, told.edge
        found.singular_values[place, : told.values.size] = told.values


def _shape(entry: Entry | None) -> list[int] | None:
    """Return the shape of a tensor that may be missing."""
    return None if entry is None else list(entry.shape)


def _dtype(entry: Entry | None) -> str:
    """Return the type of a tensor that may be missing."""
    return "" if entry is None else entry.dtype
