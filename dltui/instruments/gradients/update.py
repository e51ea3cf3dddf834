"""How far one step of an optimiser moves the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

OptimizerName = Literal["sgd", "adam", "adamw"]
EPSILON = 1e-8  # of Adam, as torch has it


@dataclass(frozen=True)
class Step:
    """The step of an optimiser that has just been made, before momentum has gathered.

    Attributes:
        learning_rate: η.
        optimizer: The rule.
        weight_decay: λ, as an L2 term with sgd and adam, decoupled with adamw.
        origin: Where these numbers come from, such as ``run digits-lenet-7f3a at step 300``.
    """

    learning_rate: float
    optimizer: OptimizerName = "sgd"
    weight_decay: float = 0.0
    origin: str = ""

    def __str__(self) -> str:
        """Return the rule in words."""
        told = f"a first step of {self.optimizer} at learning rate {self.learning_rate:.4g}"
        told += f", weight decay {self.weight_decay:g}" if self.weight_decay else ""
        return f"{told}, {self.origin}" if self.origin else told

    def taken(self, gradient: Tensor, weights: Tensor) -> Tensor:
        """Return by how much the weights are moved.

        Args:
            gradient: g, shape (n,).
            weights: w, shape (n,).

        Returns:
            η·(g + λw) for sgd; η·g/(|g| + ε) for adam, with g + λw for g; and for adamw η·(g/(|g| + ε) + λw).
        """
        decay = self.weight_decay * weights
        if self.optimizer == "adamw":
            return self.learning_rate * (gradient / (gradient.abs() + EPSILON) + decay)
        whole = gradient + decay
        if self.optimizer == "adam":
            whole = whole / (whole.abs() + EPSILON)
        return self.learning_rate * whole
