"""Statistics of every tensor of a file, in one pass that holds no tensor."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from threading import Event, local
from typing import Any

import numpy as np

from dltui.archives import Archive, Entry
from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.instruments.weights.halfranks import read_off
from dltui.instruments.weights.halves import HalfSummer
from dltui.instruments.weights.moments import Moments, Summer, reals
from dltui.instruments.weights.sample import Sample, magnitudes, ordered_quantiles, rank_error
from dltui.progress import Report, silent
from dltui.ranks import cores
from dltui.results.weights import OCTAVES, PROBABILITIES, WeightSurvey

PIECE = (
    1 << 22
)  # bytes that are read at once: few enough for the cache, enough to let threads work side by side
SHARE = (
    16 * PIECE
)  # bytes that a thread reads before it tells what it found: telling it keeps the others waiting
WORKERS = 4  # threads at most; more would only wait for memory
PAUSE = 0.5  # seconds between two partial results


@dataclass(frozen=True, eq=False)
class Reading:
    """What one pass over a tensor finds.

    Attributes:
        moments: Count, extremes, mean, spread.
        quantiles: At ``PROBABILITIES``.
        magnitudes: Numbers of the sample by octave.
        sampled: Finite numbers in the sample.
        rank_error: Standard error of a sampled median's rank.
    """

    moments: Moments
    quantiles: Array
    magnitudes: Array
    sampled: int
    rank_error: float


def read_tensor(archive: Archive, entry: Entry, summer: HalfSummer | None = None) -> Reading:
    """Read a tensor piece by piece, and return its statistics.

    Args:
        archive: The open file.
        entry: The tensor.
        summer: Buffers of this thread.

    Returns:
        Exact moments; quantiles of a sample where there are more than 2¹⁴ numbers.

    Raises:
        DltuiError: If the numbers can't be read.
    """
    summer = summer or HalfSummer(Summer(), PIECE // 2)
    codes = archive.codes(entry.name, summer.codes)
    return _by_numbers(archive, entry, summer.whole) if codes is None else _by_codes(codes, entry, summer)


def _by_numbers(archive: Archive, entry: Entry, summer: Summer) -> Reading:
    """Return the statistics of a tensor, reading its numbers."""
    found, sample = Moments(), Sample(entry.elements * (2 if entry.dtype.startswith("complex") else 1))
    for block in archive.blocks(entry.name, PIECE):
        values = reals(block)
        found = found.joined(summer(values))
        sample.take(values)
    drawn = np.sort(sample.values)
    return Reading(
        found, ordered_quantiles(drawn), magnitudes(drawn), drawn.size, rank_error(drawn.size, found.count)
    )


def _by_codes(pieces: Iterator[Array], entry: Entry, summer: HalfSummer) -> Reading:
    """Return the statistics of a tensor of 16-bit floats, reading their bits."""
    found, sample = Moments(), Sample(entry.elements, np.uint16)
    for piece in pieces:
        sample.take(piece)
        found = found.joined(summer(piece.size, entry.dtype))  # writes over it
    quantiles, octaves, drawn = read_off(sample.taken, entry.dtype)
    return Reading(found, quantiles, octaves, drawn, rank_error(drawn, found.count))


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
    for place, reading in _readings(archive, entries):
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


def _readings(archive: Archive, entries: Sequence[Entry]) -> Iterator[tuple[int, Reading]]:
    """Yield what is found in each tensor that has numbers of its own, as threads read them."""
    kept, stop = local(), Event()

    def work(share: Sequence[int]) -> list[tuple[int, Reading]]:
        if not hasattr(kept, "summer"):
            kept.summer = HalfSummer(Summer(), PIECE // 2)
        wanted = takewhile(
            lambda _: not stop.is_set(), share
        )  # nobody waits for the rest of a share that is left
        return [(place, read_tensor(archive, entries[place], kept.summer)) for place in wanted]

    shares = list(_shares(entries))
    crew = min(WORKERS, len(shares), cores())
    if crew < 2:
        yield from chain.from_iterable(work([place]) for share in shares for place in share)
        return
    with ThreadPoolExecutor(crew) as pool:
        try:
            yield from chain.from_iterable(pool.map(work, shares))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _shares(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Yield which tensors one thread reads in a row: a turn of another costs as much as some small tensors."""
    share, size = [], 0
    for place, entry in enumerate(entries):
        if entry.shared:
            continue
        share.append(place)
        size += entry.nbytes
        if size >= SHARE:
            yield share
            share, size = [], 0
    if share:
        yield share


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
