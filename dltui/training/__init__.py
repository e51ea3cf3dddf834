"""Training: from a model and data to weights, with a run that can be read at any moment."""

from dltui.training.fit import fit
from dltui.training.settings import Settings, recipe
from dltui.training.train import train

__all__ = ["Settings", "fit", "recipe", "train"]
