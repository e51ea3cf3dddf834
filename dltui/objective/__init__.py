"""What is looked at: the scalar L(θ), with model, loss, data and device bound together."""

from dltui.objective.bound import Mode, Objective, Reading
from dltui.objective.criterion import Criterion, Loss
from dltui.objective.twin import Slot, Twin
from dltui.objective.undisturbed import same_randomness, undisturbed

__all__ = [
    "Criterion",
    "Loss",
    "Mode",
    "Objective",
    "Reading",
    "Slot",
    "Twin",
    "same_randomness",
    "undisturbed",
]
