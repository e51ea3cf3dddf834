"""What a training run went through, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure, Lines, Series, number
from dltui.results.base import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingHistory(Result):
    """Loss and accuracy after every epoch.

    Attributes:
        run: Name of the run, for ``run:NAME``; empty when nothing was kept.
        epochs: Epoch numbers from 1, shape (e,).
        train_loss: Mean loss over the epoch's batches, shape (e,).
        test_loss: Mean loss on the held-out part, shape (e,).
        test_accuracy: Share of right answers there, shape (e,); NaN where it has no meaning.
        learning_rate: Step size in force at the end of each epoch, shape (e,).
        parameters: Numbers that were trained.
        split: How the held-out part was chosen.
        steps: Steps of the optimiser that were made.
        folder: Where the run is kept; empty when nothing was kept.
        metrics: The last value of every metric, by name.
    """

    schema: ClassVar[str] = "training/1"

    run: str = ""
    epochs: Array
    train_loss: Array
    test_loss: Array
    test_accuracy: Array
    learning_rate: Array
    parameters: int
    split: str = ""
    steps: int = 0
    folder: str = ""
    metrics: dict[str, float | None] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return the curves and where they ended."""
        return {
            "run": self.run,
            "folder": self.folder,
            "steps": self.steps,
            "metrics": self.metrics,
            "epochs": self.epochs.tolist(),
            "train_loss": self.train_loss.tolist(),
            "test_loss": self.test_loss.tolist(),
            "test_accuracy": self.test_accuracy.tolist(),
            "learning_rate": self.learning_rate.tolist(),
            "final": {
                "train_loss": float(self.train_loss[-1]),
                "test_loss": float(self.test_loss[-1]),
                "test_accuracy": float(self.test_accuracy[-1]),
            },
            "parameters": self.parameters,
            "split": self.split,
        }

    def figures(self) -> list[Figure]:
        """Return both losses over the epochs, then the accuracy where it has a meaning."""
        caption = f"{self.parameters:,} parameters; {self.split}; seed {self.made.seed}"
        shown: list[Figure] = [
            Lines(
                title=f"Loss · {self.title}",
                caption=caption,
                series=(
                    Series(name="train", x=self.epochs, y=self.train_loss),
                    Series(name="test", x=self.epochs, y=self.test_loss),
                ),
                x_label="epoch",
                y_label="loss",
                y_scale="log",
            )
        ]
        if np.isfinite(self.test_accuracy).any():
            shown.append(
                Lines(
                    title=f"Test accuracy · {self.title}",
                    caption=f"{caption}; last {number(100 * float(self.test_accuracy[-1]))} %",
                    series=(Series(name="accuracy", x=self.epochs, y=self.test_accuracy),),
                    x_label="epoch",
                    y_label="share right",
                )
            )
        return shown
