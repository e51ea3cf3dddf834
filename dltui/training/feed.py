"""Which samples each step takes: a formula of (seed, epoch, step), so that nothing of it needs to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.data import Dataset
from dltui.training.engine import Engine
from dltui.training.losses import weight_of
from dltui.training.recipe import Recipe


@dataclass(frozen=True)
class Part:
    """What one forward pass takes.

    Attributes:
        x: Inputs.
        y: Answers.
        weight: Its share of the answers of the step, over all processes.
    """

    x: Tensor
    y: Tensor
    weight: float


class Feed:
    """The training part of a data set, cut into steps.

    A step takes ``batch_size`` × ``accumulate`` × processes samples. Each process takes its slice of them, in
    ``accumulate`` forward passes, so that any number of processes and passes makes the step that one large batch makes.

    Args:
        dataset: What is learnt.
        recipe: How.
        engine: Where.
    """

    def __init__(self, dataset: Dataset, recipe: Recipe, engine: Engine) -> None:
        self._dataset, self._recipe, self._engine = dataset, recipe, engine
        self._pieces = recipe.accumulate * engine.world
        self._bounds = bounds(len(dataset.x_train), recipe.batch_size * self._pieces)
        self._epoch = 0
        self._uneven = dataset.task == "tokens" and bool((dataset.y_train < 0).any())
        self._load(1)

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return len(self._bounds) - 1

    def parts(self, step: int) -> list[Part]:
        """Return what this process takes in a step.

        Args:
            step: Steps made before, from 0.

        Returns:
            One part a forward pass; all weights over all processes make 1.
        """
        epoch, index = divmod(step, self.per_epoch)
        if epoch + 1 != self._epoch:
            self._load(epoch + 1)
        rows = self._order[self._bounds[index] : self._bounds[index + 1]]
        if self._pieces == 1:
            return [Part(self._x[rows], self._y[rows], 1.0)]
        return self._cut(rows)

    def samples(self, step: int) -> int:
        """Return how many samples a step takes over all processes."""
        index = step % self.per_epoch
        return self._bounds[index + 1] - self._bounds[index]

    def _cut(self, rows: Tensor) -> list[Part]:
        """Return this process's slice of a step, in as many passes as are accumulated."""
        whole = weight_of(self._y[rows], self._dataset.task) if self._uneven else float(len(rows))
        pieces = torch.tensor_split(rows, self._pieces)
        first = self._engine.rank * self._recipe.accumulate
        found = []
        for piece in pieces[first : first + self._recipe.accumulate]:
            empty = len(piece) == 0  # every process must take part in every exchange of gradients
            chosen = rows[:1] if empty else piece
            y = self._y[chosen]
            weight = weight_of(y, self._dataset.task) if self._uneven else float(len(chosen))
            found.append(Part(self._x[chosen], y, 0.0 if empty else weight / whole))
        return found

    def _load(self, epoch: int) -> None:
        """Make ready for an epoch, from 1."""
        if self._epoch == 0 or self._dataset.changes:
            x, y = self._dataset.epoch(self._recipe.seed, epoch)
            self._x, self._y = on_device(x, self._engine), on_device(y, self._engine)
        self._epoch = epoch
        order = order_of(len(self._x), seed=self._recipe.seed, epoch=epoch)
        self._order = torch.from_numpy(order).to(self._engine.device)


def on_device(values: NDArray[np.generic], engine: Engine) -> Tensor:
    """Return an array on the device of an engine, of the numbers that it computes with; its memory is not shared."""
    made = torch.tensor(values)
    return made.to(device=engine.device, dtype=engine.dtype if made.is_floating_point() else made.dtype)


def order_of(count: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order of the rows in an epoch; it depends on (seed, epoch) alone."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def bounds(count: int, size: int) -> list[int]:
    """Return where each batch begins, and where the last one ends.

    A single left-over row joins the batch before it, since batch normalisation can't train on one sample.

    Args:
        count: Rows in all.
        size: Rows in a batch.

    Returns:
        Places from 0 to ``count``.
    """
    found = [*range(0, count, size), count]
    if size > 1 and len(found) > 2 and found[-1] - found[-2] == 1:
        del found[-2]
    return found


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each batch of an epoch.

    Args:
        count: Rows in all.
        batch_size: Rows in a batch.
        seed: Seed of the run.
        epoch: Number of the epoch, from 1.

    Yields:
        Row numbers; every row once.
    """
    order = order_of(count, seed=seed, epoch=epoch)
    for start, stop in pairwise(bounds(count, batch_size)):
        yield order[start:stop]
