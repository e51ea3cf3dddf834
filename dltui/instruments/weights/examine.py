"""Everything about one tensor: all its numbers are looked at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from dltui.archives import Archive, Entry
from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.instruments.weights.filters import Filters, pictures, read_filters
from dltui.instruments.weights.moments import Moments, reals
from dltui.instruments.weights.octaves import moved, moved_moments, moved_page, octaves
from dltui.instruments.weights.powerlaw import plausibility
from dltui.instruments.weights.quantize import losses
from dltui.instruments.weights.reading import read_tensor
from dltui.instruments.weights.sample import quantiles
from dltui.instruments.weights.spectrum import LARGE, Spectrum, as_matrix, read_spectrum, singular_values
from dltui.progress import Report, silent
from dltui.results.tensor import TensorPage

BINS = 100
CELLS = 256  # rows and columns of the heat map at most
STEPS = 5  # steps of work that are told


def examine(
    archive: Archive,
    name: str,
    source: str,
    *,
    title: str = "",
    fewer_bits: bool = True,
    report: Report = silent,
) -> TensorPage:
    """Return all that is known of a tensor.

    Args:
        archive: The open file.
        name: The tensor.
        source: How the file was spelled.
        title: What to call it; the name of the tensor in ``source`` when left out.
        fewer_bits: Whether it is told what fewer bits would cost.
        report: Called after each step of work.

    Returns:
        Statistics, histogram, heat map, spectrum, filters, and what fewer bits would cost.

    Raises:
        DltuiError: If there is no such tensor, it is empty, or it can't be read.
    """
    entry = archive.entry(name)
    if not entry.elements:
        raise DltuiError(f"{name} in {source} has no numbers: its shape is {list(entry.shape)}")
    moments = read_tensor(archive, entry).moments
    report(1, STEPS)
    by = octaves(max(-moments.low, moments.high))
    values, near = moved(archive.values(name), by), moved_moments(moments, by)
    finite = _finite(values, near)
    edges, counts = histogram(finite, near)
    report(2, STEPS)
    parts = _matrix_parts(values, near, report) if not moments.nans + moments.infs else {}
    shaped = pictures(values, first=_is_first(archive, entry))
    report(4, STEPS)
    whole = values.dtype.kind == "f" and not moments.nans + moments.infs
    cost = [] if not (whole and fewer_bits) else [asdict(one) for one in losses(values)]
    report(STEPS, STEPS)
    page = TensorPage(
        title=title or f"{name} of {source}",
        source=source,
        name=name,
        shape=list(entry.shape),
        dtype=entry.dtype,
        numbers=_numbers(moments),
        quantiles=quantiles(finite),
        edges=edges,
        counts=counts,
        pixels=None if shaped is None else shaped[0],
        pixel_names=[] if shaped is None else shaped[1],
        losses=cost,
        **parts,
    )
    return moved_page(page, -by)


def _is_first(archive: Archive, entry: Entry) -> bool:
    """Return whether a tensor is the first of several axes in its file."""
    return next((one.name for one in archive.entries if len(one.shape) > 1), "") == entry.name


def _finite(values: Array, moments: Moments) -> Array:
    """Return the finite numbers of a tensor, flat."""
    flat = reals(values)
    return flat[np.isfinite(flat)] if moments.nans + moments.infs else flat


def _numbers(moments: Moments) -> dict[str, float]:
    """Return the statistics by the names of the contract."""
    return {
        "elements": moments.elements,
        "min": moments.low,
        "max": moments.high,
        "mean": moments.mean,
        "std": moments.std,
        "norm": moments.norm,
        "zeros": moments.zeros,
        "nans": moments.nans,
        "infs": moments.infs,
    }


def histogram(finite: Array, moments: Moments) -> tuple[Array, Array]:
    """Return how often values fall between equally spaced edges, from the smallest to the largest.

    Args:
        finite: Numbers, flat.
        moments: What is known of them.

    Returns:
        Edges, shape (b + 1,), and counts, shape (b,); nothing without numbers.
    """
    if not finite.size:
        return np.zeros(1), np.zeros(0, np.int64)
    low, high = moments.low, moments.high
    if low == high:
        low, high = low - max(0.5, abs(low) * 0.5), high + max(0.5, abs(high) * 0.5)
    bins = min(BINS, max(1, round(high - low) + 1)) if finite.dtype.kind in "iu" else BINS
    counts = np.zeros(bins, np.int64)
    edges: Array = np.linspace(low, high, bins + 1)
    for start in range(0, finite.size, 1 << 20):
        counts += np.histogram(finite[start : start + (1 << 20)], bins, (low, high))[0]
    return edges, counts


def _matrix_parts(values: Array, moments: Moments, report: Report) -> dict[str, Any]:
    """Return what is known of a tensor as a matrix."""
    matrix = as_matrix(values)
    if matrix is None:
        return _heat(values.reshape(1, -1)) if values.ndim and values.dtype.kind != "c" else {}
    found: dict[str, Any] = {"matrix": list(matrix.shape)}
    if matrix.dtype.kind == "f":
        found |= _heat(matrix) | _outputs(read_filters(matrix))
    report(3, STEPS)
    if min(matrix.shape) <= LARGE:
        std = moments.std * (np.sqrt(2) if matrix.dtype.kind == "c" else 1)
        spectrum = read_spectrum(singular_values(matrix), matrix.shape, float(std))
        found |= {"singular_values": spectrum.values, "spectrum": _told(spectrum)}
    return found


def _outputs(filters: Filters) -> dict[str, Any]:
    """Return what is known of the outputs, as the result keeps it."""
    return {
        "row_norms": filters.norms,
        "dead": filters.dead,
        "doubles": [list(pair) for pair in filters.doubles],
        "double_count": filters.double_count,
    }


def _told(spectrum: Spectrum) -> dict[str, float | None]:
    """Return what a spectrum says, as the result keeps it."""
    told: dict[str, float | None] = {
        "stable_rank": spectrum.stable_rank,
        "effective_rank": spectrum.effective_rank,
        "rank": spectrum.rank,
        "edge": spectrum.edge,
        "spikes": spectrum.spikes,
    }
    law = spectrum.law
    if law is None:
        return told
    return told | {
        "alpha": law.alpha,
        "alpha_error": law.error,
        "start": law.start,
        "tail": law.tail,
        "distance": law.distance,
        "plausibility": plausibility(spectrum.values[: spectrum.rank] ** 2),
    }


def _heat(matrix: Array) -> dict[str, Any]:
    """Return a matrix small enough to be drawn: itself, or its blocks by their root mean square."""
    steps = [-(-size // CELLS) for size in matrix.shape]
    if steps == [1, 1]:
        return {"heat": matrix.astype(np.float64), "heat_step": steps}
    down, across = (np.arange(0, size, step) for size, step in zip(matrix.shape, steps, strict=True))
    rows = []
    for start in down:
        squares = (matrix[start : start + steps[0]].astype(np.float64) ** 2).mean(axis=0)
        sums = np.add.reduceat(squares, across)
        rows.append(np.sqrt(sums / np.diff([*across.tolist(), matrix.shape[1]])))
    return {"heat": np.array(rows), "heat_step": steps}
