"""One tensor through the checkpoints of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dltui.archives import open_archive
from dltui.errors import DltuiError, UsageError
from dltui.figures import Array
from dltui.instruments.weights.examine import BINS
from dltui.instruments.weights.moments import Moments, moments_of, reals
from dltui.instruments.weights.names import find_tensor
from dltui.instruments.weights.sample import quantiles
from dltui.instruments.weights.spectrum import as_matrix, read_spectrum, singular_values
from dltui.progress import Report, silent
from dltui.results.weights import PROBABILITIES
from dltui.results.weights_along import KEYS, WeightsAlong
from dltui.runs.find import find_snapshot

MOST = 200  # checkpoints; of more, so many are taken evenly
TOP = 6  # singular values that are followed
LARGE = 1024  # rows or columns, the fewer of them, up to which every checkpoint is decomposed


def follow(spec: str, word: str | None, report: Report = silent) -> WeightsAlong:
    """Look at one tensor at one checkpoint after the other.

    Args:
        spec: ``run:NAME``, or ``run:NAME@step=300`` for the way up to there.
        word: The tensor, or the end of its name.
        report: Called with a ``WeightsAlong`` after every checkpoint; those to come are NaN.

    Returns:
        Statistics, histograms and distances by checkpoint.

    Raises:
        UsageError: If there is no such run, step or tensor.
        DltuiError: If a checkpoint can't be read, or the tensor changes its shape.
    """
    snapshot = find_snapshot(spec)
    run, steps = snapshot.run, snapshot.way(MOST)
    paths = [run.checkpoint(step) for step in steps]
    with open_archive(snapshot.path) as newest:
        name = find_tensor(newest, word or "")
    found = _blank(run.name, name, paths, steps)
    first = before = np.zeros(0)
    for place, path in enumerate(paths):
        values = _values(path, name)
        if place == 0:
            first = values
        elif values.shape != first.shape:
            raise DltuiError(
                f"{name} is {list(values.shape)} at step {steps[place]} and {list(first.shape)} at step {steps[0]}: "
                "expected one shape all along"
            )
        _fill(found, place, values, first, before if place else None)
        before = values
        report(place + 1, len(steps), _copied(found))
    return found


def _values(path: Path, name: str) -> Array:
    """Return a tensor of a checkpoint, in memory."""
    with open_archive(path) as archive:
        return np.array(archive.values(name))


def _blank(run: str, name: str, paths: Sequence[Path], steps: Sequence[int]) -> WeightsAlong:
    """Return a result in which nothing is known yet; the first and the last checkpoint tell the range of values."""
    ends = [_values(paths[place], name) for place in (0, -1)]
    if ends[0].dtype.kind == "c" or not ends[0].size:
        raise UsageError(f"{name} can't be followed: expected a tensor of real numbers")
    matrix, count = as_matrix(ends[0]), len(steps)
    kept = TOP if matrix is not None and min(matrix.shape) <= LARGE else 0
    return WeightsAlong(
        title=f"{name} of run {run}",
        run=run,
        name=name,
        shape=list(ends[0].shape),
        steps=np.array(steps),
        numbers=np.full((count, len(KEYS)), np.nan),
        quantiles=np.full((count, len(PROBABILITIES)), np.nan),
        edges=_edges([moments_of(one) for one in ends]),
        counts=np.zeros((count, BINS), np.int64),
        moved=np.full(count, np.nan),
        away=np.full(count, np.nan),
        cosine=np.full(count, np.nan),
        singular_values=np.full((count, min(kept, *(matrix.shape if matrix is not None else (0,)))), np.nan),
        stable_rank=np.full(count, np.nan),
        alpha=np.full(count, np.nan),
    )


def _edges(ends: Sequence[Moments]) -> Array:
    """Return edges of bins that hold both ends of the way with room to spare."""
    low, high = min(one.low for one in ends), max(one.high for one in ends)
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = -1.0, 1.0
    room = (high - low) / 20 or max(1.0, abs(high)) / 20
    return np.linspace(low - room, high + room, BINS + 1)


def _fill(found: WeightsAlong, place: int, values: Array, first: Array, before: Array | None) -> None:
    """Write what is found at a checkpoint; what lies beyond the bins is counted in the outermost."""
    moments, flat = moments_of(values), reals(values)
    finite = flat[np.isfinite(flat)] if moments.nans + moments.infs else flat
    found.numbers[place] = [
        moments.low,
        moments.high,
        moments.mean,
        moments.std,
        moments.norm,
        moments.zeros,
        moments.nans,
        moments.infs,
    ]
    found.quantiles[place] = quantiles(finite)
    ends = (float(found.edges[0]), float(found.edges[-1]))
    found.counts[place] = np.histogram(np.clip(finite.astype(np.float64), *ends), BINS, ends)[0]
    wide, start = values.astype(np.float64).ravel(), first.astype(np.float64).ravel()
    if before is not None:
        found.moved[place] = np.linalg.norm(wide - before.astype(np.float64).ravel())
    found.away[place] = np.linalg.norm(wide - start)
    length = float(np.linalg.norm(wide) * np.linalg.norm(start))
    found.cosine[place] = wide @ start / length if length else np.nan
    matrix = as_matrix(values)
    if matrix is None or not found.singular_values.shape[1] or moments.nans + moments.infs:
        return
    spectrum = read_spectrum(singular_values(matrix), matrix.shape, moments.std)
    found.singular_values[place] = spectrum.values[: found.singular_values.shape[1]]
    found.stable_rank[place] = spectrum.stable_rank
    found.alpha[place] = np.nan if spectrum.law is None else spectrum.law.alpha


def _copied(found: WeightsAlong) -> WeightsAlong:
    """Return a result that doesn't change any more when the next row is written."""
    copies: dict[str, Any] = {name: value.copy() for name, value in found.parts()[0].items()}
    return replace(found, **copies)
