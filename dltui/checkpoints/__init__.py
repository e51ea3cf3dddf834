"""Weights: reading, writing, fitting them into models, and opening a model by how it is spelled."""

from dltui.checkpoints.fit import fit_weights
from dltui.checkpoints.open import OpenedModel, Sample, build_model, open_model
from dltui.checkpoints.read import About, Weights, read_weights
from dltui.checkpoints.write import write_weights

__all__ = [
    "About",
    "OpenedModel",
    "Sample",
    "Weights",
    "build_model",
    "fit_weights",
    "open_model",
    "read_weights",
    "write_weights",
]
