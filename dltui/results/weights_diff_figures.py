"""How the differences of two checkpoints like to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Bars, Figure, Lines, Series, Table, number
from dltui.figures.base import listing
from dltui.results.weights_figures import percent, shape_words

if TYPE_CHECKING:
    from dltui.results.weights_diff import WeightsDiff

CURVES = 8  # spectra in one chart


def pictures(found: WeightsDiff) -> list[Figure]:
    """Return the table, and bars and spectra where something changed."""
    shown: list[Figure] = [table(found)]
    changed = _changed(found)
    if changed:
        shown.append(bars(found, changed))
    matrices = [place for place in changed if found.full_ranks[place] and found.ranks[place] >= 0]
    if matrices:
        shown.append(spectra(found, matrices))
    return shown


def told(found: WeightsDiff) -> str:
    """Return what changed, in one or two sentences."""
    if found.complete and found.same:
        return f"the same {len(found.names)} tensors with the same numbers"
    parts = [", ".join(f"{count} {status}" for status, count in found.counts().items())]
    if not found.complete:
        parts.insert(0, f"{int(found.known.sum())} of {len(found.names)} tensors so far")
    low = [place for place in range(len(found.names)) if found.low_rank(place)]
    if low:
        ranks = sorted({int(found.ranks[place]) for place in low})
        words = f"rank {ranks[0]}" if len(ranks) == 1 else f"ranks {ranks[0]} to {ranks[-1]}"
        parts.append(
            f"{len(low)} differences are of low rank ({words}), as a merged LoRA leaves them: "
            f"{listing([found.names[place] for place in low], 2)}"
        )
    if any(found.prefixes):
        before = " and ".join(
            f"{prefix!r} in {one}" for prefix, one in zip(found.prefixes, "AB", strict=True) if prefix
        )
        parts.append(f"left away before the names: {before}")
    return "; ".join(parts)


def table(found: WeightsDiff) -> Table:
    """Return one row a tensor that is not the same in both."""
    places = [place for place, status in enumerate(found.statuses) if status != "same" and found.known[place]]
    rows = tuple(
        (
            found.names[place],
            found.statuses[place],
            _shapes(found, place),
            *_numbers(found, place),
            found.rank_words(place) or None,
        )
        for place in places
    )
    return Table(
        title=f"What changed · {found.title}",
        caption=f"{told(found)}. ‖Δ‖/‖A‖ and cosine over the positions that are finite in both; the rank of Δ = B − A "
        "counts singular values above what rounding alone would make"
        if rows
        else told(found),
        columns=("tensor", "status", "shape", "‖Δ‖/‖A‖", "cosine", "touched", "rank"),
        rows=rows,
        spare=("cosine", "touched", "shape"),
    )


def _numbers(found: WeightsDiff, place: int) -> tuple[float | str | None, ...]:
    """Return by how much one tensor changed."""
    if found.statuses[place] in {"added", "removed", "reshaped"}:
        return (None, None, None)
    return (
        _known(found.relative[place]),
        _known(found.cosine[place]),
        percent(float(found.touched[place])),
    )


def _known(value: float) -> float | None:
    """Return a number, or None for NaN."""
    return None if np.isnan(value) else float(value)


def _shapes(found: WeightsDiff, place: int) -> str:
    """Return the shape, or both where they differ; types where those do."""
    one, other = found.shapes[place]
    old, new = found.dtypes[place]
    if one is None or other is None:
        return shape_words(one or other or [])
    words = shape_words(one) if one == other else f"{shape_words(one)} → {shape_words(other)}"
    return words if old == new else f"{words} {old} → {new}"


def _changed(found: WeightsDiff) -> list[int]:
    """Return which tensors changed, the most changed first."""
    return [
        place
        for place, status in enumerate(found.statuses)
        if status == "changed" and found.known[place] and np.isfinite(found.relative[place])
    ]


def bars(found: WeightsDiff, places: list[int]) -> Bars:
    """Return the relative change of each tensor, the largest first."""
    values = found.relative[places]
    return Bars(
        title=f"Change by tensor · {found.title}",
        caption=told(found),
        labels=tuple(found.names[place] for place in places),
        values=values,
        value_label="‖Δ‖ / ‖A‖",
        scale="log" if (values > 0).any() else "linear",
    )


def spectra(found: WeightsDiff, places: list[int]) -> Lines:
    """Return the singular values of the most changed matrices, as shares of the largest."""
    curves = []
    for place in places[:CURVES]:
        sigma = found.singular_values[place]
        sigma = sigma[np.isfinite(sigma)]
        if sigma.size and sigma[0] > 0:
            shares = sigma / sigma[0]
            curves.append(
                Series(
                    name=f"{found.names[place]} (rank {found.rank_words(place)})",
                    x=np.arange(1.0, sigma.size + 1),
                    y=np.where(shares > 1e-9, shares, np.nan),
                )
            )
    shown = (
        f"the {CURVES} most changed of {len(places)} matrices"
        if len(places) > CURVES
        else "every changed matrix"
    )
    ends = [float(found.edges[place] / found.singular_values[place, 0]) for place in places[:CURVES]]
    return Lines(
        title=f"Spectra of the differences · {found.title}",
        caption=f"{shown}; σ of Δ as a share of its largest; a cliff at r tells a change of rank r. Rounding "
        f"alone ends at {number(max(ends), 2)} or below",
        series=tuple(curves),
        x_label="index",
        y_label="σ / σ₁",
        y_scale="log",
    )
