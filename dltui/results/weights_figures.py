"""How the statistics of a checkpoint like to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Bars, Cell, Figure, Heatmap, Table, number
from dltui.figures.base import listing
from dltui.files import size_in_words
from dltui.results.weights import OCTAVES, PROBABILITIES

if TYPE_CHECKING:
    from dltui.results.weights import WeightSurvey

SHOWN = (0, 2, 3, 4, 6)  # quantiles that have a column
MEASURES = ("std", "‖w‖", "rms", "largest |w|", "zeros")


def pictures(found: WeightSurvey) -> list[Figure]:
    """Return the table, bars, magnitudes and quantiles, and spectra where they were asked for."""
    shown: list[Figure] = [table(found), bars(found, MEASURES[0], by_size=False), magnitudes(found)]
    if found.spectra is not None:
        shown += spectra(found)
    return [*shown, quantile_table(found)]


def table(found: WeightSurvey) -> Table:
    """Return one row a tensor; the type has a column only where there are several."""
    types = sorted(set(found.dtypes))
    several = len(types) > 1
    largest = measured(found, "largest |w|")
    rows: list[tuple[Cell, ...]] = []
    for place in np.flatnonzero(found.known).tolist():
        numbers = (found.mean, found.std, largest, found.norm)
        rows.append((
            found.names[place],
            shape_words(found.shapes[place]),
            *((found.dtypes[place],) if several else ()),
            *(float(one[place]) for one in numbers),
            percent(found.sparsity[place]),
        ))
    return Table(
        title=f"Tensors · {found.title}",
        caption=told(found) if several else f"{told(found)}; all {types[0]}",
        columns=(
            "tensor",
            "shape",
            *(("type",) if several else ()),
            "mean",
            "std",
            "max |w|",
            "‖w‖",
            "zeros",
        ),
        rows=tuple(rows),
    )


def told(found: WeightSurvey) -> str:
    """Return totals, and what is wrong with a checkpoint, in one line."""
    own = found.own & found.known
    parts = [
        f"{len(found.names)} tensors, {int(found.elements[own].sum()):,} numbers, "
        f"{size_in_words(float(found.nbytes[own].sum()))}, ‖w‖ {number(found.total_norm)}"
    ]
    if not found.complete:
        parts.insert(0, f"{int(found.known.sum())} of {len(found.names)} tensors so far")
    shared = sum(map(bool, found.shared))
    if shared:
        parts.append(f"{shared} share their numbers with an earlier one")
    bad = np.flatnonzero(found.nans + found.infs > 0).tolist()
    if bad:
        parts.append(f"NaN or ∞ in {listing([found.names[place] for place in bad], 3)}")
    empty = np.flatnonzero(found.known & (found.elements > 1) & (found.zeros == found.elements)).tolist()
    if empty:
        parts.append(f"all 0: {listing([found.names[place] for place in empty], 3)}")
    return "; ".join(parts)


def measured(found: WeightSurvey, measure: str) -> Array:
    """Return one of ``MEASURES`` for each tensor, shape (t,)."""
    finite = np.maximum(1, found.elements - found.nans - found.infs)
    named: dict[str, Array] = {
        "std": found.std,
        "‖w‖": found.norm,
        "rms": found.norm / np.sqrt(finite),
        "largest |w|": np.fmax(np.abs(found.low), np.abs(found.high)),
        "zeros": 100 * found.sparsity,
    }
    return named[measure]


def bars(found: WeightSurvey, measure: str, *, by_size: bool, log: bool = True) -> Bars:
    """Return one bar a tensor.

    Args:
        found: The statistics.
        measure: One of ``MEASURES``.
        by_size: The largest first, instead of the order of the file.
        log: Spaced by powers.

    Returns:
        The bars.
    """
    values = np.where(found.known, measured(found, measure), np.nan)
    order = (
        np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable") if by_size else np.arange(len(values))
    )
    positive = bool((values > 0).any())
    return Bars(
        title=f"{measure} by tensor · {found.title}",
        caption=told(found),
        labels=tuple(found.names[place] for place in order.tolist()),
        values=values[order],
        value_label=f"{measure} in %" if measure == "zeros" else measure,
        scale="log" if log and positive and measure != "zeros" else "linear",
    )


def magnitudes(found: WeightSurvey) -> Heatmap:
    """Return the share of numbers in each octave of |w|, one row a tensor."""
    counts = found.magnitudes.astype(float)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    used = np.flatnonzero(counts.any(axis=0))
    first, last = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 1)
    octaves = np.arange(OCTAVES[0], OCTAVES[1], dtype=float)
    return Heatmap(
        title=f"Magnitudes · {found.title}",
        caption="share of the numbers with 2ᵏ ≤ |w| < 2ᵏ⁺¹, zeros left out; half precision has all its digits from "
        "k = −14 on and none below −24; fp8 without a scale from −6 and −9 (e4m3), or −14 and −16 (e5m2)",
        values=shares[:, first:last],
        x=octaves[first:last],
        y=np.arange(len(found.names), dtype=float),
        x_label="k",
        y_label="tensor",
        value_label="share",
        downwards=True,
        row_names=tuple(found.names),
    )


def quantile_table(found: WeightSurvey) -> Table:
    """Return extremes and quantiles of every tensor, and how exact they are."""
    worst = float(np.nanmax(found.rank_error)) if found.known.any() else 0.0
    exact = "all quantiles are exact"
    if worst:
        exact = (
            "extremes are exact; quantiles of a tensor of more than 16384 numbers are those of a sample: in rank that "
            f"at p may be off by ± {100 * 2 * worst:.2g} % × √(p (1 − p)) (one standard error); of a single tensor "
            "they are exact"
        )
    rows: list[tuple[Cell, ...]] = [
        (
            found.names[place],
            float(found.low[place]),
            *(float(found.quantiles[place, one]) for one in SHOWN),
            float(found.high[place]),
        )
        for place in np.flatnonzero(found.known).tolist()
    ]
    return Table(
        title=f"Quantiles · {found.title}",
        caption=exact,
        columns=("tensor", "min", *(f"{100 * PROBABILITIES[one]:g} %" for one in SHOWN), "max"),
        rows=tuple(rows),
    )


def spectra(found: WeightSurvey) -> list[Figure]:
    """Return ranks and exponents of every matrix, as bars and as a table."""
    assert found.spectra is not None
    known = np.flatnonzero(np.isfinite(found.spectra[:, 0])).tolist()
    alphas = found.spectra[known, 2]
    fitted = alphas[np.isfinite(alphas)]
    mean = f"mean α {number(float(fitted.mean()), 3)}, " if fitted.size else ""
    caption = (
        f"{mean}α of p(λ) ∝ λ^−α for the eigenvalues λ = σ² of WᵀW, the outputs against all other axes; D is the "
        "distance between the tail and the law; stable rank ‖W‖² / σ₁²"
    )
    rows: list[tuple[Cell, ...]] = [
        (
            found.names[place],
            shape_words(found.shapes[place]),
            *(None if np.isnan(value) else float(value) for value in found.spectra[place]),
        )
        for place in known
    ]
    return [
        Bars(
            title=f"α by tensor · {found.title}",
            caption=caption,
            labels=tuple(found.names[place] for place in known),
            values=alphas,
            errors=found.spectra[known, 3],
            value_label="α",
        ),
        Table(
            title=f"Spectra · {found.title}",
            caption=caption,
            columns=("tensor", "shape", "stable rank", "σ₁", "α", "± α", "D"),
            rows=tuple(rows),
        ),
    ]


def shape_words(shape: list[int]) -> str:
    """Return a shape as it is written in a table."""
    return "×".join(map(str, shape)) or "scalar"


def percent(share: float) -> str:
    """Return a share in per cent; one that is not quite 0 or 100 never looks as if it were."""
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return "<0.1%" if share < 0.001 else ">99.9%" if share > 0.999 else f"{share:.1%}"
