"""Deletion and insertion: how fast the score falls when what a map calls important is taken away, or comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.attribution.parts import Labels, as_mask, kept
from dltui.instruments.attribution.question import Question
from dltui.instruments.attribution.superpixels import grid
from dltui.progress import Report, silent

Floats = NDArray[np.float64]
POINTS = 24  # shares at which the score is measured, but never more than there is to delete
SMALL = 32  # pixels of a side up to which single pixels are deleted
SQUARES = 196  # of a larger picture: 14 × 14 where it is a square


@dataclass(frozen=True, eq=False)
class Curve:
    """The score of the target against the share of the input that is gone, or there.

    Attributes:
        deletion: Where the most important places went first, shape (p,).
        insertion: Where they came first, shape (p,).
    """

    deletion: Floats
    insertion: Floats


def units_of(labels: Labels) -> Labels:
    """Return what is deleted at once: single places, or squares of a large picture.

    Pixels that are deleted one by one in no order at all spoil a photo at once, whatever it shows; squares don't.

    Args:
        labels: Anything in the shape of the places.

    Returns:
        The number of each place's unit, of that shape.
    """
    if labels.ndim == 2 and min(labels.shape) > SMALL:
        return grid(labels.shape[0], labels.shape[1], SQUARES)
    return np.arange(labels.size).reshape(labels.shape)


def shares_of(units: Labels, points: int = POINTS) -> Floats:
    """Return the shares of the input at which scores are measured, from 0 to 1."""
    count = int(units.max()) + 1
    return np.unique(np.round(np.linspace(0, count, min(points, count) + 1)).astype(int)) / count


def curve(
    question: Question, importance: Floats, units: Labels, shares: Floats, report: Report = silent
) -> Curve:
    """Return how the score changes as places are deleted, and inserted, in the order of their importance.

    Petsiuk, Das and Saenko, *RISE*, 2018. The score is the softmax probability of the target, or the output itself
    where there is only one; what counts alike goes from left to right.

    Args:
        question: What is explained.
        importance: A number for each place: (H, W), (T,) or the shape of a sample.
        units: What is deleted at once, as ``units_of`` returns it.
        shares: As ``shares_of`` returns them.
        report: Told how many scores are measured.

    Returns:
        Both curves.
    """
    where = units.ravel()
    weight = np.bincount(where, importance.ravel()) / np.bincount(where)
    rank = np.empty(weight.size, np.int64)
    rank[np.argsort(-weight, kind="stable")] = np.arange(weight.size)
    gone = rank < np.round(shares * weight.size)[:, None]
    asked = question.asked(score="probability")
    mask, present = as_mask(units, question.kind), torch.from_numpy(np.concatenate([~gone, gone]))

    def make(part: slice) -> Tensor:
        report(part.start, len(present))
        return kept(question.x, question.baseline, mask, present[part])

    scores = asked.made(len(present), make).numpy()
    return Curve(scores[: len(shares)], scores[len(shares) :])


def area(scores: Floats, shares: Floats) -> float:
    """Return the area below a curve over 0 … 1, by the trapezoidal rule."""
    return float(np.trapezoid(scores, shares))


def random_curves(question: Question, units: Labels, shares: Floats, *, orders: int, seed: int) -> Curve:
    """Return the mean of both curves over random orders of what is deleted at once."""
    source = np.random.default_rng(seed)
    count = int(units.max()) + 1
    found = [curve(question, source.random(count)[units], units, shares) for _ in range(orders)]
    return Curve(
        np.mean([one.deletion for one in found], axis=0), np.mean([one.insertion for one in found], axis=0)
    )
