"""What a landscape evaluates: a plane through the weights, and what is told of each of its points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dltui.instruments.landscape.window import Grid
from dltui.objective import Criterion, Objective, Twin

COLUMNS = ("loss", "accuracy", "error", "rise_error")  # what is told of a point


class Each(NamedTuple):
    """The losses at some points, not averaged yet.

    Attributes:
        losses: Of every sample, or the means of every block where the loss knows no samples, shape (g, k).
        right: Share of right answers, float64, shape (g,).
    """

    losses: Tensor
    right: Tensor


def joined(parts: Sequence[Each]) -> Each:
    """Return the losses at the points of several parts."""
    if len(parts) == 1:
        return parts[0]
    return Each(torch.cat([part.losses for part in parts]), torch.cat([part.right for part in parts]))


# From points (α, β), shape (g, 2), to the losses there. What comes out of a point does not depend on its neighbours.
Evaluate = Callable[[Grid], Each]


@dataclass(frozen=True, eq=False)
class Plane:
    """θ* + α·d₁ + β·d₂.

    Attributes:
        objective: The loss of the model that stands at θ*, on some samples.
        twin: A copy of the model that stands at θ*; never moved.
        directions: d₁, or d₁ and d₂, shape (n,) each.
        settle: Puts right what else changes at a point, such as running statistics of batch norm, in a copy that was
            moved there by α and β; None where nothing does.
    """

    objective: Objective
    twin: Twin
    directions: list[Tensor]
    settle: Callable[[Twin, Sequence[float]], None] | None = None


class Tier(NamedTuple):
    """One way to evaluate a plane.

    Attributes:
        name: What it does, in a few words.
        on: From an objective with the same model and any samples to what every worker calls once: it returns an
            evaluator with its own buffers.
    """

    name: str
    on: Callable[[Objective], Callable[[], Evaluate]]


class Unfit(Exception):
    """A network that a fast way can't evaluate, and why."""


def by_sample(criterion: Criterion) -> bool:
    """Return whether the loss is a mean of what each sample loses, and known here."""
    return criterion.loss in {functional.cross_entropy, functional.mse_loss}


def shares(objective: Objective) -> Tensor | None:
    """Return the share of the whole of each column of ``Each.losses``, float64, shape (k,); None if all are equal."""
    if by_sample(objective.criterion):
        return None
    return torch.tensor([share for _, _, share in objective.blocks], dtype=torch.float64)


def each_sample(criterion: Criterion, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return what each sample loses, shape (n,), under a loss that is ``by_sample``."""
    one = functional.cross_entropy if criterion.loss is functional.cross_entropy else functional.mse_loss
    losses = one(outputs, targets, reduction="none")
    return losses.flatten(1).mean(1) if losses.ndim > 1 else losses


def tell(found: Each, weights: Tensor | None, reference: Tensor | None) -> Grid:
    """Return the numbers of ``COLUMNS`` for every point.

    The error of a loss is the standard error of its mean over the samples. All points share their samples, so that the
    rise from θ* to a point is far better known: its error is that of the mean of the differences.

    Args:
        found: The losses at g points.
        weights: Share of each column, shape (k,), or None where all are equal.
        reference: The losses at θ*, shape (k,), or None for no error of the rise.

    Returns:
        Shape (g, 4).
    """
    losses = found.losses
    weights = None if weights is None else weights.to(losses.device)
    means = mean(losses, weights)
    if reference is None:
        rise = torch.zeros_like(means)
    else:
        rises = losses - reference
        rise = _error(rises, mean(rises, weights), weights)
    columns = [means, found.right, _error(losses, means, weights), rise]
    return np.stack([column.cpu().numpy() for column in columns], 1)


def mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    """Return the weighted mean of each row, in float64. A product of matrices would depend on their number."""
    if weights is None:
        return losses.sum(1, dtype=torch.float64) / losses.shape[1]
    means: Tensor = (losses.double() * weights).sum(1)
    return means


def _error(losses: Tensor, means: Tensor, weights: Tensor | None) -> Tensor:
    """Return the standard error of the mean of each row; NaN where one column says nothing about it."""
    count = losses.shape[1]
    if count < 2:
        return torch.full((len(losses),), float("nan"), dtype=torch.float64)
    away = losses - means.to(losses)[:, None]
    if weights is not None:
        away *= (count * weights).to(losses)
    lengths: Tensor = torch.linalg.vector_norm(away, dim=1)
    return lengths.double() / math.sqrt(count * (count - 1))


def rows(points: Grid) -> Iterator[tuple[float, Grid, slice]]:
    """Yield the stretches of points that share their β, with it, their α and where they stand."""
    ends = np.flatnonzero(np.diff(points[:, 1])) + 1
    for start, stop in zip([0, *ends], [*ends, len(points)], strict=True):
        yield float(points[start, 1]), points[start:stop, 0], slice(int(start), int(stop))
