"""Statistics of every tensor of a file, in one pass that holds no tensor."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from dltui.archives import Archive
from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.instruments.weights.reading import Reading
from dltui.instruments.weights.readings import readings
from dltui.progress import Report, silent
from dltui.results.weights import OCTAVES, PROBABILITIES, WeightSurvey

PAUSE = 0.5  # seconds between two partial results


def survey(archive: Archive, source: str, *, title: str = "", report: Report = silent) -> WeightSurvey:
    """Read every tensor of a file once.

    Args:
        archive: The open file.
        source: How it was spelled.
        title: What to call it; ``source`` when left out.
        report: Called with bytes read and in all, and now and then with a ``WeightSurvey`` of what is known.

    Returns:
        Statistics by tensor; those that share their numbers with an earlier one are read once.

    Raises:
        DltuiError: If there are no tensors, or the numbers of one can't be read.
    """
    entries = archive.entries
    if not entries:
        raise DltuiError(f"{source} holds no tensors: expected a file of weights")
    found = _blank(archive, source, title or source)
    place_of = {entry.name: place for place, entry in enumerate(entries)}
    total, done, told = max(1, sum(e.nbytes for e in entries if not e.shared)), 0, time.monotonic()
    for place, reading in readings(archive):
        _fill(found, place, reading)
        done += entries[place].nbytes
        if time.monotonic() - told > PAUSE:
            told = time.monotonic()
            report(done, total, _copied(found))
        else:
            report(done, total)
    for place, entry in enumerate(entries):
        if entry.shared:
            _repeat(found, place, place_of[entry.shared])
    return found


def _blank(archive: Archive, source: str, title: str) -> WeightSurvey:
    """Return a result in which nothing is known yet."""
    entries = archive.entries
    count = len(entries)
    numbers: dict[str, Any] = {
        name: np.full(count, np.nan) for name in ("low", "high", "mean", "std", "norm", "rank_error")
    }
    counts: dict[str, Any] = {
        name: np.zeros(count, np.int64) for name in ("elements", "zeros", "nans", "infs", "sampled")
    }
    return WeightSurvey(
        title=title,
        source=source,
        format=archive.format,
        names=[entry.name for entry in entries],
        shapes=[list(entry.shape) for entry in entries],
        dtypes=[entry.dtype for entry in entries],
        shared=[entry.shared for entry in entries],
        nbytes=np.array([entry.nbytes for entry in entries], np.int64),
        known=np.zeros(count, bool),
        quantiles=np.full((count, len(PROBABILITIES)), np.nan),
        magnitudes=np.zeros((count, OCTAVES[1] - OCTAVES[0]), np.int64),
        **numbers,
        **counts,
    )


def _fill(found: WeightSurvey, place: int, reading: Reading) -> None:
    """Write what was found in one tensor."""
    moments = reading.moments
    found.known[place] = True
    found.elements[place] = moments.elements
    for name in ("low", "high", "mean", "std", "norm", "zeros", "nans", "infs"):
        getattr(found, name)[place] = getattr(moments, name)
    found.quantiles[place], found.magnitudes[place] = reading.quantiles, reading.magnitudes
    found.sampled[place], found.rank_error[place] = reading.sampled, reading.rank_error


def _repeat(found: WeightSurvey, place: int, first: int) -> None:
    """Write for a tensor what was found of the one whose numbers it shares."""
    for value in _by_tensor(found).values():
        value[place] = value[first]


def _by_tensor(found: WeightSurvey) -> dict[str, Array]:
    """Return the arrays with what was read, one row a tensor."""
    return {name: value for name, value in found.parts()[0].items() if name != "nbytes"}


def _copied(found: WeightSurvey) -> WeightSurvey:
    """Return a result that doesn't change any more when the next tensor is written."""
    copies: dict[str, Any] = {name: value.copy() for name, value in _by_tensor(found).items()}
    return replace(found, **copies)
