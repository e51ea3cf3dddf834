"""What every data set looks like, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError

Floats = NDArray[np.float32]
Inputs = NDArray[np.float32] | NDArray[np.int64]
Rows = NDArray[np.int64]
Task = Literal["classes", "numbers", "tokens"]

UNASKED = -100  # the answer at a position that doesn't count; torch's cross-entropy leaves it out


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Samples with their answers, in a part to learn from and a part held out.

    Attributes:
        name: How it is spelled, such as ``digits`` or ``moons:noise=0.2``.
        x_train: Inputs, shape (n, …), float32; pictures are (n, channels, height, width). Tokens are int64 of shape
            (n, context), each the number of one of ``classes``.
        y_train: Answers: class numbers, shape (n,), int64; numbers, shape (n, outputs), float32; or the token that
            comes next at every position, shape (n, context), int64, −100 where none is asked for.
        x_test: Held-out inputs, shape (m, …).
        y_test: Held-out answers.
        task: Whether the answers are classes, numbers or tokens.
        classes: Names of the classes by number; the vocabulary for tokens; empty when the answers are numbers.
        split: One sentence on how the held-out part was chosen.
        source: Where the data came from.
        stream: The running text that the rows to learn from are cut from, shape (l,), int64, or None.
        fresh: Draws inputs for the same answers anew, of (seed, epoch) alone, where every epoch has its own; or None.
    """

    name: str
    x_train: Inputs
    y_train: NDArray[Any]
    x_test: Inputs
    y_test: NDArray[Any]
    task: Task
    classes: tuple[str, ...] = ()
    split: str
    source: str
    stream: NDArray[np.int64] | None = None
    fresh: Callable[[int, int], Floats] | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample, such as (1, 8, 8)."""
        return tuple(self.x_train.shape[1:])

    @property
    def outputs(self) -> int:
        """How many numbers a model must give for one sample."""
        return int(self.y_train.shape[1]) if self.task == "numbers" else len(self.classes)

    @property
    def reads_tokens(self) -> bool:
        """Whether the inputs are numbers of ``classes`` rather than measurements."""
        return self.x_train.dtype == np.int64

    @property
    def changes(self) -> bool:
        """Whether every epoch sees inputs of its own."""
        return self.stream is not None or self.fresh is not None

    def epoch(self, seed: int, epoch: int) -> tuple[Inputs, NDArray[Any]]:
        """Return the part to learn from as one epoch sees it: always as many rows, of (seed, epoch) alone.

        A running text is cut anew, from a place drawn for the epoch, so that no token always stands at the start of
        a row; clouds of points are drawn anew; everything else is the same in every epoch.

        Args:
            seed: Seed of the run.
            epoch: Number of the epoch, from 1.

        Returns:
            Inputs and answers, of the shapes of ``x_train`` and ``y_train``.
        """
        if self.fresh is not None:
            return self.fresh(seed, epoch), self.y_train
        if self.stream is None:
            return self.x_train, self.y_train
        rows, context = self.x_train.shape
        start = int(np.random.default_rng([seed, epoch, context]).integers(context))
        return cut(self.stream[start : start + rows * context + 1], context)

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
            self._check_inputs(f"x_{part}", x)
            self._check_answers(f"y_{part}", y)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise DltuiError(
                f"samples of x_train in {self.name} have shape {self.x_train.shape[1:]}, "
                f"but those of x_test have {self.x_test.shape[1:]}: they must be alike"
            )

    def _check_inputs(self, name: str, x: NDArray[Any]) -> None:
        """Refuse inputs that are neither measurements nor tokens of the vocabulary."""
        if x.dtype == np.int64 and self.task != "numbers":
            if x.size and not 0 <= int(x.min()) <= int(x.max()) < len(self.classes):
                raise DltuiError(
                    f"{name} of {self.name} holds tokens {x.min()} … {x.max()}, but the vocabulary has "
                    f"{len(self.classes)}"
                )
        elif x.dtype != np.float32 or self.task == "tokens":
            wanted = "int64 tokens" if self.task == "tokens" else "float32 inputs"
            raise DltuiError(f"{name} of {self.name} is {x.dtype}; a Dataset of {self.task} holds {wanted}")

    def _check_answers(self, name: str, y: NDArray[Any]) -> None:
        """Refuse answers whose type or range doesn't suit the task."""
        if self.task == "numbers":
            if y.ndim != 2 or y.dtype != np.float32:
                raise DltuiError(
                    f"{name} of {self.name} must be float32 of shape (n, outputs), not {y.dtype} {y.shape}"
                )
            return
        wanted = "(n,)" if self.task == "classes" else f"(n, {', '.join(map(str, self.input_shape))})"
        shape = () if self.task == "classes" else self.input_shape
        if y.shape[1:] != shape or y.dtype != np.int64:
            raise DltuiError(
                f"{name} of {self.name} must be int64 of shape {wanted}, not {y.dtype} {y.shape}"
            )
        if self.task == "tokens":
            y = y[y != UNASKED]
        if y.size and not 0 <= int(y.min()) <= int(y.max()) < len(self.classes):
            raise DltuiError(
                f"{name} of {self.name} holds class numbers {y.min()} … {y.max()}, "
                f"but there are {len(self.classes)} classes"
            )


def cut(text: NDArray[np.int64], context: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a running text as rows of ``context`` tokens, and for every token the one after it.

    Args:
        text: Tokens, shape (l,); what doesn't fill a row is left out.
        context: Tokens in a row.

    Returns:
        Inputs and answers, shape ((l − 1) // context, context); views where they can be.
    """
    rows = (len(text) - 1) // context
    x, y = (text[at : at + rows * context].reshape(rows, context) for at in (0, 1))
    return x, y
