"""Ranks and power-law exponents of every matrix of a file."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from dltui.archives import Archive
from dltui.figures import Array
from dltui.instruments.weights.octaves import moved, octaves
from dltui.instruments.weights.spectrum import LARGE, Spectrum, as_matrix, read_spectrum, singular_values
from dltui.progress import Report, silent
from dltui.results.weights import WeightSurvey


def with_spectra(archive: Archive, found: WeightSurvey, report: Report = silent) -> WeightSurvey:
    """Return statistics with the spectrum of every matrix beside them.

    Args:
        archive: The open file.
        found: Its statistics.
        report: Called after each matrix with its number and how many there are, and with what is known.

    Returns:
        The same, with ``spectra``; NaN for what is no matrix, holds NaN or infinity, or has more than 8192 rows and
        columns.

    Raises:
        DltuiError: If a tensor can't be read.
    """
    spectra = np.full((len(found.names), 5), np.nan)
    wanted = [place for place in range(len(found.names)) if _is_wanted(found, place)]
    rows: dict[str, Array] = {}
    for done, place in enumerate(wanted, 1):
        name = found.names[place]
        rows[name] = rows[found.shared[place]] if found.shared[place] in rows else _row(archive, found, place)
        spectra[place] = rows[name]
        report(done, len(wanted), replace(found, spectra=spectra.copy()))
    return replace(found, spectra=spectra)


def _is_wanted(found: WeightSurvey, place: int) -> bool:
    """Return whether a tensor has a spectrum that can be had."""
    shape = found.shapes[place]
    small = len(shape) > 1 and 2 <= min(shape[0], int(np.prod(shape[1:]))) <= LARGE
    return small and not found.nans[place] + found.infs[place]


def _row(archive: Archive, found: WeightSurvey, place: int) -> Array:
    """Return stable rank, σ₁, α, its error and D of one tensor."""
    by = octaves(max(-float(found.low[place]), float(found.high[place])))
    matrix = as_matrix(moved(archive.values(found.names[place]), by))
    if matrix is None:
        return np.full(5, np.nan)
    told: Spectrum = read_spectrum(
        singular_values(matrix), matrix.shape, math.ldexp(float(found.std[place]), by)
    )
    law = told.law
    tail = (np.nan, np.nan, np.nan) if law is None else (law.alpha, law.error, law.distance)
    return np.array([told.stable_rank, moved(told.values[:1], -by)[0], *tail])
