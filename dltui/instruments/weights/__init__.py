"""Weights as numbers: statistics of all tensors, one in every respect, one along a run, and two files compared."""

from dltui.instruments.weights.contrast import contrast
from dltui.instruments.weights.difference import difference
from dltui.instruments.weights.examine import examine
from dltui.instruments.weights.follow import follow
from dltui.instruments.weights.names import find_tensor
from dltui.instruments.weights.source import open_source
from dltui.instruments.weights.spectra import with_spectra
from dltui.instruments.weights.survey import survey

__all__ = [
    "contrast",
    "difference",
    "examine",
    "find_tensor",
    "follow",
    "open_source",
    "survey",
    "with_spectra",
]
