"""What every data set looks like, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError

Floats = NDArray[np.float32]
Task = Literal["classes", "numbers"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Samples with their answers, in a part to learn from and a part held out.

    Attributes:
        name: How it is spelled, such as ``digits`` or ``moons:noise=0.2``.
        x_train: Inputs, shape (n, …), float32; pictures are (n, channels, height, width).
        y_train: Answers: class numbers, shape (n,), int64, or numbers, shape (n, outputs), float32.
        x_test: Held-out inputs, shape (m, …).
        y_test: Held-out answers.
        task: Whether the answers are classes or numbers.
        classes: Names of the classes by number; empty when the answers are numbers.
        split: One sentence on how the held-out part was chosen.
        source: Where the data came from.
    """

    name: str
    x_train: Floats
    y_train: NDArray[Any]
    x_test: Floats
    y_test: NDArray[Any]
    task: Task
    classes: tuple[str, ...] = ()
    split: str
    source: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample, such as (1, 8, 8)."""
        return tuple(self.x_train.shape[1:])

    @property
    def outputs(self) -> int:
        """How many numbers a model must give for one sample."""
        return len(self.classes) if self.task == "classes" else int(self.y_train.shape[1])

    def __post_init__(self) -> None:
        """Refuse parts that don't belong together.

        Raises:
            DltuiError: If lengths, shapes or types disagree.
        """
        for part, x, y in (("train", self.x_train, self.y_train), ("test", self.x_test, self.y_test)):
            if len(x) != len(y):
                raise DltuiError(
                    f"x_{part} of {self.name} has {len(x)} rows, but y_{part} has {len(y)}: they must be as many"
                )
            if x.dtype != np.float32:
                raise DltuiError(f"x_{part} of {self.name} is {x.dtype}; a Dataset holds float32 inputs")
            self._check_answers(f"y_{part}", y)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise DltuiError(
                f"samples of x_train in {self.name} have shape {self.x_train.shape[1:]}, "
                f"but those of x_test have {self.x_test.shape[1:]}: they must be alike"
            )

    def _check_answers(self, name: str, y: NDArray[Any]) -> None:
        """Refuse answers whose type or range doesn't suit the task."""
        if self.task == "numbers":
            if y.ndim != 2 or y.dtype != np.float32:
                raise DltuiError(
                    f"{name} of {self.name} must be float32 of shape (n, outputs), not {y.dtype} {y.shape}"
                )
            return
        if y.ndim != 1 or y.dtype != np.int64:
            raise DltuiError(f"{name} of {self.name} must be int64 of shape (n,), not {y.dtype} {y.shape}")
        if y.size and not 0 <= int(y.min()) <= int(y.max()) < len(self.classes):
            raise DltuiError(
                f"{name} of {self.name} holds class numbers {y.min()} … {y.max()}, "
                f"but there are {len(self.classes)} classes"
            )
