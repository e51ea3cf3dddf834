"""The gradients of small batches at fixed weights: how much two of them agree, and how long they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.objective import Objective

Floats = NDArray[np.float64]
MOST = 64  # batches at most


@dataclass(frozen=True, eq=False)
class Batches:
    """What batches of one size have in common.

    Attributes:
        size: B, samples of a batch.
        count: How many batches were looked at.
        cosines: Mean cosine between the gradients of one batch and the next for each tensor, shape (t + 1,); the last
            is of all tensors together. NaN where a gradient is 0.
        errors: Standard errors of these.
        square: Mean of ‖g_B‖².
        square_error: Standard error of that.
    """

    size: int
    count: int
    cosines: Floats
    errors: Floats
    square: float
    square_error: float


def batch_length(batch_size: int | None, samples: int) -> int:
    """Return how many samples a batch has: those asked for, or 64, or half of all where there are fewer.

    Args:
        batch_size: Those asked for, or None.
        samples: How many there are.

    Returns:
        B; 0 where there are too few samples for two batches.

    Raises:
        UsageError: If so many don't fit twice into the samples.
    """
    if batch_size is None:
        return min(64, samples // 2)
    if batch_size < 1 or 2 * batch_size > samples:
        raise UsageError(
            f"can't compare batches of {batch_size}: expected a size from 1 to {samples // 2}, so that two of them "
            f"fit into {samples} samples; try --batch-size {max(1, min(64, samples // 2))}"
        )
    return batch_size


def compare(
    objective: Objective, size: int, seed: int, tick: Callable[[int], None] = lambda _: None
) -> Batches:
    """Compare the gradients of successive batches of the shuffled samples.

    Args:
        objective: The loss.
        size: B.
        seed: Seed of the shuffling.
        tick: Called after every batch with how many samples have gone through.

    Returns:
        What was found.
    """
    slots = objective.twin().slots
    cosines, squares = [], []
    before = None
    for done, gradient in enumerate(_gradients(objective, size, seed), start=1):
        parts = [slot.of(gradient) for slot in slots]
        norms = torch.stack([*(part.norm() for part in parts), gradient.norm()])
        squares.append(float(norms[-1]) ** 2)
        if before is not None:
            last, last_norms = before
            dots = [(a * b).sum() for a, b in zip(parts, last, strict=True)]
            dots.append(torch.stack(dots).sum())
            cosines.append((torch.stack(dots) / (norms * last_norms)).cpu().double().numpy())
        before = parts, norms
        tick(done * size)
    found = np.array(cosines)
    return Batches(
        size=size,
        count=len(squares),
        cosines=found.mean(0),
        errors=_error(found),
        square=float(np.mean(squares)),
        square_error=float(np.std(squares, ddof=1) / len(squares) ** 0.5),
    )


def batch_count(size: int, samples: int) -> int:
    """Return how many batches are looked at; one that isn't full is left out."""
    return min(MOST, samples // size) if size else 0


def _gradients(objective: Objective, size: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield the gradient of one batch after the other."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(objective.samples))
    twin = objective.twin()
    for place in range(batch_count(size, objective.samples)):
        rows = order[place * size : (place + 1) * size].to(objective.device)
        part = replace(objective, inputs=objective.inputs[rows], targets=objective.targets[rows])
        yield part.gradient(twin)


def _error(cosines: Floats) -> Floats:
    """Return the standard error of the mean of a sequence whose neighbours share a batch."""
    count = len(cosines)
    if count < 2:
        return np.full(cosines.shape[1], np.nan)
    apart = cosines - cosines.mean(0)
    own = (apart**2).sum(0) / (count - 1)
    shared = 2 * (apart[1:] * apart[:-1]).sum(0) / (count - 1)
    error: Floats = np.sqrt(np.maximum(own, own + shared) / count)
    return error
