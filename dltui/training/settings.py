"""How a model is trained: the settings, and the ones that are known to work."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from dltui.errors import UsageError

OptimizerName = Literal["sgd", "adam", "adamw"]
ScheduleName = Literal["cosine", "constant"]

# The least and the most of each number that makes sense.
RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 1_000_000),
    "batch_size": (1, 1_000_000_000),
    "learning_rate": (0, float("inf")),
    "weight_decay": (0, float("inf")),
    "momentum": (0, 0.999_999),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a model is trained.

    Attributes:
        epochs: Passes over the training part.
        batch_size: Samples in a step; the last batch of an epoch may be smaller.
        learning_rate: Step size at the start.
        weight_decay: As an L2 term with sgd and adam, decoupled with adamw.
        optimizer: The rule of the steps.
        momentum: Of sgd; the others have their own.
        schedule: ``cosine`` lowers the learning rate from its start to 0 over the whole training, step by step.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    optimizer: OptimizerName = "adam"
    momentum: float = 0.9
    schedule: ScheduleName = "cosine"

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            UsageError: If one is out of its range.
        """
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(
                    f"{name.replace('_', ' ')} must be within {least:g} … {most:g}, not {value:g}"
                )

    def changed(self, **wishes: Any) -> Settings:
        """Return the settings with those replaced that aren't None."""
        return replace(self, **{name: value for name, value in wishes.items() if value is not None})

    def plain(self) -> dict[str, Any]:
        """Return the settings by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


RECIPES = {
    "mlp": Settings(epochs=60, batch_size=32, learning_rate=0.2, optimizer="sgd", weight_decay=5e-4),
    "lenet": Settings(epochs=25, batch_size=32, learning_rate=0.01, optimizer="adamw", weight_decay=0.2),
    "resnet8": Settings(epochs=8, learning_rate=0.1, optimizer="sgd", weight_decay=5e-4),
    "resnet20": Settings(epochs=8, learning_rate=0.1, optimizer="sgd", weight_decay=5e-4),
    "resnet20-noskip": Settings(epochs=8, learning_rate=0.05, optimizer="sgd", weight_decay=5e-4),
}


def recipe(model: str) -> Settings:
    """Return settings that train a model well on small data.

    Args:
        model: How the model is spelled; knobs don't matter.

    Returns:
        Its own recipe, or the defaults for a model that has none.
    """
    return RECIPES.get(model.partition(":")[0], Settings())
