"""Deletion and insertion: how fast the score falls when what a map calls important is taken away, or comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.attribution.parts import as_mask, kept
from dltui.instruments.attribution.question import Question
from dltui.progress import Report, silent

Floats = NDArray[np.float64]
POINTS = 24  # shares at which the score is measured, but never more than there are places


@dataclass(frozen=True, eq=False)
class Curve:
    """The score of the target against the share of the input that is gone, or there.

    Attributes:
        deletion: Where the most important places went first, shape (p,).
        insertion: Where they came first, shape (p,).
    """

    deletion: Floats
    insertion: Floats


def shares_of(places: int, points: int = POINTS) -> Floats:
    """Return the shares of the input at which scores are measured, from 0 to 1."""
    return np.unique(np.round(np.linspace(0, places, min(points, places) + 1)).astype(int)) / places


def curve(question: Question, importance: Floats, shares: Floats, report: Report = silent) -> Curve:
    """Return how the score changes as places are deleted, and inserted, in the order of their importance.

    Petsiuk, Das and Saenko, *RISE*, 2018. The score is the softmax probability of the target, or the output itself
    where there is only one; places that count alike go from left to right.

    Args:
        question: What is explained.
        importance: A number for each place: (H, W), (T,) or the shape of a sample.
        shares: As ``shares_of`` returns them.
        report: Told how many scores are measured.

    Returns:
        Both curves.
    """
    order = np.argsort(-importance.ravel(), kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    gone = (
        rank.reshape(importance.shape)[None]
        < np.round(shares * order.size)[(slice(None), *[None] * importance.ndim)]
    )
    asked = question.asked(score="probability")
    scores = _scores(asked, np.concatenate([~gone, gone]), report)
    return Curve(scores[: len(shares)], scores[len(shares) :])


def area(scores: Floats, shares: Floats) -> float:
    """Return the area below a curve over 0 … 1, by the trapezoidal rule."""
    return float(np.trapezoid(scores, shares))


def random_curves(
    question: Question, shape: tuple[int, ...], shares: Floats, *, orders: int, seed: int
) -> Curve:
    """Return the mean of both curves over random orders of the places."""
    source = np.random.default_rng(seed)
    found = [curve(question, source.random(shape), shares) for _ in range(orders)]
    return Curve(
        np.mean([one.deletion for one in found], axis=0), np.mean([one.insertion for one in found], axis=0)
    )


def _scores(question: Question, there: NDArray[np.bool_], report: Report) -> Floats:
    """Return the score of inputs with only some places there, shape (n,)."""
    labels = np.arange(there[0].size).reshape(there.shape[1:])
    mask, present = as_mask(labels, question.kind), torch.from_numpy(there.reshape(len(there), -1))

    def make(part: slice) -> Tensor:
        report(part.start, len(there))
        return kept(question.x, question.baseline, mask, present[part])

    return question.made(len(there), make).numpy()
