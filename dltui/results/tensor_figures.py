"""How one tensor likes to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Bars, Figure, Heatmap, Histogram, Images, Lines, Series, Table, number
from dltui.figures.base import listing
from dltui.results.weights import PROBABILITIES
from dltui.results.weights_figures import percent, shape_words

if TYPE_CHECKING:
    from dltui.results.tensor import TensorPage


def pictures(found: TensorPage) -> list[Figure]:
    """Return every figure that a tensor has."""
    shown: list[Figure] = [card(found)]
    if found.counts.size:
        shown.append(histogram(found))
    if found.heat.size:
        shown.append(heat(found))
    if found.pixels is not None:
        shown.append(filters(found))
    if found.singular_values.size:
        shown.append(spectrum(found))
    if found.spectrum.get("start") is not None:
        shown.append(tail(found))
    if found.row_norms.size:
        shown += outputs(found)
    if found.losses:
        shown += quantization(found)
    return shown


def card(found: TensorPage) -> Table:
    """Return all numbers as a table of names and values."""
    numbers = found.numbers
    rows: list[tuple[str, str]] = [
        ("shape", shape_words(found.shape)),
        ("type", found.dtype),
        ("numbers", f"{int(numbers['elements']):,}"),
        *((name, number(numbers[name])) for name in ("mean", "std", "min", "max")),
        ("norm", number(numbers["norm"])),
        ("zeros", f"{int(numbers['zeros']):,} ({percent(found.sparsity)})"),
        ("NaN, ∞", f"{int(numbers['nans'])}, {int(numbers['infs'])}"),
        *(
            (f"{100 * share:g} %", number(value))
            for share, value in zip(PROBABILITIES, found.quantiles.tolist(), strict=True)
        ),
    ]
    return Table(
        title=f"Numbers · {found.title}",
        caption="quantiles are exact; the standard deviation is divided by the count",
        columns=("what", "value"),
        rows=(*rows, *spectrum_rows(found)),
    )


def spectrum_rows(found: TensorPage) -> list[tuple[str, str]]:
    """Return what the singular values say, as names and values."""
    told = found.spectrum
    if not told:
        return []
    full = len(found.singular_values)
    rows = [
        ("σ₁", number(float(found.singular_values[0]))),
        ("stable rank", f"{_number(told['stable_rank'])} of {full}"),
        ("effective rank", f"{_number(told['effective_rank'])} of {full}"),
        ("numerical rank", f"{_number(told['rank'])} of {full}"),
        ("σ beyond noise", _number(told["spikes"])),
    ]
    if told.get("alpha") is not None:
        rows += [
            ("α", f"{_number(told['alpha'])} ± {_number(told['alpha_error'])}"),
            ("fit of α", _fit(found)),
        ]
    return rows


def _fit(found: TensorPage) -> str:
    """Return how well the power law fits, in a few words."""
    told = found.spectrum
    p = told.get("plausibility")
    verdict = "" if p is None else f", p {p:.2f} ({'plausible' if p > 0.1 else 'no power law'})"
    return f"D {_number(told['distance'])} over {_number(told['tail'])} eigenvalues{verdict}"


def histogram(found: TensorPage) -> Histogram:
    """Return how often values fall between equally spaced edges."""
    return Histogram(
        title=f"Histogram · {found.title}",
        caption=f"all {int(found.counts.sum()):,} finite numbers; mean {number(found.numbers['mean'])}, "
        f"std {number(found.numbers['std'])}",
        edges=found.edges,
        counts=found.counts,
        value_label="value",
    )


def heat(found: TensorPage) -> Heatmap:
    """Return the matrix itself in signed colours, or its blocks by their magnitude."""
    down, across = found.heat_step
    itself = found.heat_step == [1, 1]
    rows, columns = found.heat.shape
    top = (
        float(np.nanmax(np.abs(found.heat[np.isfinite(found.heat)]), initial=0.0)) if found.heat.size else 0.0
    )
    view = (
        "outputs down, all other axes across" if len(found.shape) > 1 else "from the first number to the last"
    )
    told = view if itself else f"{view}; root mean square of blocks of {down} × {across}"
    return Heatmap(
        title=f"Matrix · {found.title}",
        caption=told,
        values=found.heat,
        x=np.arange(columns, dtype=float) * across,
        y=np.arange(rows, dtype=float) * down,
        x_label="input",
        y_label="output",
        value_label="w" if itself else "rms of w",
        colormap="coolwarm" if itself else "magma",
        limits=(-top, top) if itself and top else None,
        downwards=True,
    )


def filters(found: TensorPage) -> Images:
    """Return the filters as pictures."""
    assert found.pixels is not None
    count, outputs = len(found.pixels), found.shape[0]
    kind = "in colour" if found.pixels.ndim == 4 else "in grey"
    channels = found.shape[1] if len(found.shape) == 4 and found.pixels.ndim == 3 else 1
    told = f"output ← input channel, {channels} channels" if channels > 1 else f"{outputs} outputs"
    return Images(
        title=f"Filters · {found.title}",
        caption=f"{count} pictures {kind}, {told}; the middle grey is 0, each by its own largest magnitude",
        pixels=found.pixels,
        names=tuple(found.pixel_names),
    )


def spectrum(found: TensorPage) -> Lines:
    """Return the singular values, and where those of noise would end."""
    values = found.singular_values
    edge = found.spectrum.get("edge") or 0.0
    told = found.spectrum
    return Lines(
        title=f"Singular values · {found.title}",
        caption=f"{shape_words(found.matrix)} matrix; stable rank {_number(told['stable_rank'])}, effective rank "
        f"{_number(told['effective_rank'])}; {_number(told['spikes'])} above (√m + √n) · std, where those of noise "
        "of the same spread would end",
        series=(
            Series(
                name="σ",
                x=np.arange(1.0, values.size + 1),
                y=np.where(values > values[0] * 1e-9, values, np.nan),
            ),
        ),
        x_label="index",
        y_label="σ",
        y_scale="log" if values[0] > 0 else "linear",
        levels=((edge, "noise"),) if edge > 0 else (),
    )


def tail(found: TensorPage) -> Lines:
    """Return the share of eigenvalues of WᵀW above each, and the power law of the tail, both on logarithmic axes."""
    told = found.spectrum
    eigenvalues = np.sort(found.singular_values**2)
    eigenvalues = eigenvalues[eigenvalues > eigenvalues[-1] * 1e-12]
    above = 1 - np.arange(eigenvalues.size) / eigenvalues.size
    alpha, start = float(told["alpha"] or 0), float(told["start"] or 0)
    beyond = eigenvalues[eigenvalues >= start]
    law = (beyond / start) ** (1 - alpha) * beyond.size / eigenvalues.size
    return Lines(
        title=f"Power law · {found.title}",
        caption=f"p(λ) ∝ λ^−α from λ = {number(start)} on, α = {_number(told['alpha'])} ± "
        f"{_number(told['alpha_error'])}, {_fit(found)}",
        series=(Series(name="share above λ", x=eigenvalues, y=above), Series(name="law", x=beyond, y=law)),
        x_label="λ = σ²",
        y_label="share above",
        x_scale="log",
        y_scale="log",
    )


def outputs(found: TensorPage) -> list[Figure]:
    """Return the norm of every output, and the pairs that are double."""
    dead = f"dead: {listing([str(one) for one in found.dead], 12)}" if found.dead else "none is dead"
    if found.double_count is None:
        double = "too many to compare in pairs"
    else:
        double = (
            f"{found.double_count} pairs with |cosine| ≥ 0.99" if found.double_count else "none are double"
        )
    shown: list[Figure] = [
        Lines(
            title=f"Outputs · {found.title}",
            caption=f"{found.row_norms.size} outputs; {dead}; {double}",
            series=(
                Series(
                    name="norm", x=np.arange(found.row_norms.size, dtype=float), y=found.row_norms, marks=True
                ),
            ),
            x_label="output",
            y_label="‖w‖",
        )
    ]
    if found.doubles:
        shown.append(
            Table(
                title=f"Doubles · {found.title}",
                caption=f"{double}; −1 is the same with the other sign",
                columns=("output", "and", "cosine"),
                rows=tuple((int(i), int(j), cosine) for i, j, cosine in found.doubles),
            )
        )
    return shown


def quantization(found: TensorPage) -> list[Figure]:
    """Return what fewer bits would cost, as bars and as a table."""
    finite = [one for one in found.losses if np.isfinite(one["decibels"])]
    told = "the largest magnitude is mapped to the largest number of the format, by tensor or by output (channel)"
    shown: list[Figure] = [
        Table(
            title=f"Fewer bits · {found.title}",
            caption=told,
            columns=("format", "scale by", "‖ΔW‖/‖W‖", "dB", "largest error", "cosine", "become 0"),
            rows=tuple(
                (
                    one["kind"],
                    one["per"],
                    one["relative"],
                    round(one["decibels"], 1),
                    one["largest"],
                    round(one["cosine"], 6),
                    percent(one["to_zero"]),
                )
                for one in found.losses
            ),
        )
    ]
    if finite:
        shown.insert(
            0,
            Bars(
                title=f"Signal to noise · {found.title}",
                caption=told,
                labels=tuple(f"{one['kind']} by {one['per']}" for one in finite),
                values=np.array([one["decibels"] for one in finite]),
                value_label="dB",
            ),
        )
    return shown


def _number(value: float | None) -> str:
    """Return a number that may be missing."""
    return "–" if value is None else number(value)
