"""The atoms of a training step: which samples, which rule, how large, and how wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import Task
from dltui.training.settings import Settings

JUDGED = 1024  # samples that are judged at a time


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each batch of an epoch.

    The order depends on (seed, epoch) alone, so any batch of any epoch can be found again without replaying.
    A single left-over row joins the batch before it, since batch normalisation can't train on one sample.

    Args:
        count: Rows in all.
        batch_size: Rows in a batch.
        seed: Seed of the run.
        epoch: Number of the epoch, from 1.

    Yields:
        Row numbers; every row once.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    bounds = [*range(0, count, batch_size), count]
    if batch_size > 1 and len(bounds) > 2 and bounds[-1] - bounds[-2] == 1:
        del bounds[-2]
    for start, stop in pairwise(bounds):
        yield order[start:stop]


def batch_count(count: int, batch_size: int) -> int:
    """Return how many batches ``batches`` yields."""
    whole, rest = divmod(count, batch_size)
    return max(whole + (rest > 1 or (rest == 1 and batch_size == 1)), 1)


def make_optimizer(module: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Return the optimiser that the settings name, over every parameter that is trained."""
    trained = [p for p in module.parameters() if p.requires_grad]
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(trained, lr=rate, momentum=settings.momentum, weight_decay=decay)
    rule = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return rule(trained, lr=rate, weight_decay=decay)


def rate_at(step: int, total: int, settings: Settings) -> float:
    """Return the learning rate of step ``step`` (from 0) of ``total``.

    ``cosine`` is η·(1 + cos(π·step / total)) / 2 (Loshchilov and Hutter, *SGDR*, 2017, without restarts).
    """
    if settings.schedule == "constant":
        return settings.learning_rate
    return settings.learning_rate * (1 + math.cos(math.pi * step / total)) / 2


def loss_of(outputs: Tensor, answers: Tensor, task: Task) -> Tensor:
    """Return the mean cross-entropy in nats for classes, the mean squared error for numbers."""
    if task == "classes":
        return functional.cross_entropy(outputs, answers)
    return functional.mse_loss(outputs, answers)


@torch.no_grad()
def judge(module: nn.Module, x: Tensor, y: Tensor, task: Task) -> tuple[float, float]:
    """Return loss and accuracy in evaluation mode.

    Args:
        module: The model; its mode is left as found.
        x: Samples, shape (n, …).
        y: Answers.
        task: Classes or numbers.

    Returns:
        Mean loss, and the share of right answers (NaN when the answers are numbers).
    """
    was_training = module.training
    module.eval()
    total, right = 0.0, 0.0
    for inputs, answers in zip(torch.split(x, JUDGED), torch.split(y, JUDGED), strict=True):
        outputs = module(inputs)
        total += float(loss_of(outputs, answers, task)) * len(inputs)
        right += float((outputs.argmax(1) == answers).sum()) if task == "classes" else math.nan
    module.train(was_training)
    return total / len(x), right / len(x)
