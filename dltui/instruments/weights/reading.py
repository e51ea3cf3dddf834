"""Statistics of one tensor, in one pass that does not hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dltui.archives import Archive, Entry
from dltui.figures import Array
from dltui.instruments.weights.halfranks import read_off
from dltui.instruments.weights.halves import HalfSummer
from dltui.instruments.weights.moments import Moments, Summer, reals
from dltui.instruments.weights.sample import Sample, magnitudes, ordered_quantiles, rank_error

PIECE = 1 << 21  # bytes that are read at once: few enough for the cache, enough to be worth the way


def summer_of_pieces() -> HalfSummer:
    """Return the buffers that a thread or process reads all its tensors with."""
    return HalfSummer(Summer(), PIECE // 2)


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
    summer = summer or summer_of_pieces()
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
