"""Samples with their classes for looking into layers: one row a picture or a row of numbers, or one a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from dltui.data import Dataset
from dltui.data.dataset import UNASKED
from dltui.data.inputs import as_inputs
from dltui.data.takes import Takes


@dataclass(frozen=True)
class Samples:
    """What is looked at.

    Attributes:
        x: Inputs of the network, shape (n, …).
        y: Classes, shape (r,): one a sample, or one a token that is looked at; None where answers are numbers.
        rows: Which rows of the features belong to them, shape (r,); all in order for samples.
        places: Which samples of the data set they are, shape (n,).
        positions: Whether every token is a row.
        numbers: The first of the numbers that are the answers, shape (n,); None where there are classes.
    """

    x: Tensor
    y: Tensor | None
    rows: Tensor
    places: Tensor
    positions: bool
    numbers: Tensor | None = None


def draw(dataset: Dataset, takes: Takes, part: Literal["train", "test"], count: int, seed: int) -> Samples:
    """Return samples of a part of the data, drawn without putting back, as a network takes them.

    Args:
        dataset: The data.
        takes: What the network takes; pictures are brought to its size.
        part: Which part.
        count: How many samples, or tokens of a running text; all where there are fewer.
        seed: Seed of the draw.

    Returns:
        The samples, in the order of the data set.
    """
    x, y = (dataset.x_train, dataset.y_train) if part == "train" else (dataset.x_test, dataset.y_test)
    random = np.random.default_rng([seed, part == "train"])
    per = dataset.input_shape[0] if dataset.task == "tokens" else 1
    wanted = min(len(x), -(-2 * count // per) if dataset.task == "tokens" else count)
    places = np.sort(random.choice(len(x), wanted, replace=False))
    inputs = torch.from_numpy(np.ascontiguousarray(as_inputs(x[places], dataset, takes)))
    which = torch.from_numpy(places)
    if dataset.task == "numbers":
        numbers = torch.from_numpy(y[places, 0].astype(np.float64))
        return Samples(inputs, None, torch.arange(wanted), which, positions=False, numbers=numbers)
    if dataset.task == "classes":
        return Samples(inputs, torch.from_numpy(y[places]), torch.arange(wanted), which, positions=False)
    answers = y[places].reshape(-1)
    asked = np.flatnonzero(answers != UNASKED)
    rows = np.sort(random.choice(asked, min(count, len(asked)), replace=False))
    return Samples(inputs, torch.from_numpy(answers[rows]), torch.from_numpy(rows), which, positions=True)
