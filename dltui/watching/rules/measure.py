"""What rules have in common: stretches of a track, and what a loss is measured against."""

from __future__ import annotations

import math

import numpy as np

from dltui.watching.course import Course
from dltui.watching.track import Floats, Track

LEAST = 5  # values of a stretch


def stretch(track: Track | None, start: float, stop: float = 1.0, least: int = LEAST) -> Floats:
    """Return the finite means of a stretch of a run's steps.

    Args:
        track: A quantity, or None when nobody told of it.
        start: Where the stretch begins, as a share of the steps so far.
        stop: Where it ends.
        least: Values at least; the stretch begins sooner where there are fewer.

    Returns:
        Shape (n,), empty where nothing is known.
    """
    if track is None or not len(track):
        return np.zeros(0)
    size = len(track)
    last = max(1, round(stop * size))
    first = max(0, min(round(start * size), last - least))
    values = track.mean[first:last]
    known: Floats = values[np.isfinite(values)]
    return known


def middle(values: Floats) -> float:
    """Return the median, NaN of nothing."""
    return float(np.median(values)) if values.size else math.nan


def loss_of(course: Course) -> Track | None:
    """Return the loss of the steps, or where no steps are told of the training loss of the evaluations."""
    return course.steps.get("loss") or course.evals.get("train_loss")


def first_loss(course: Course) -> float:
    """Return the loss that the run began with; NaN before there is any.

    It is that of the first step, or the median of the first tenth where that is less: a loss that shot up at once is
    no beginning.
    """
    track = loss_of(course)
    known = [loss for _, loss in course.first if math.isfinite(loss)]
    if course.steps.get("loss") is None or not known:
        return float(track.mean[0]) if track is not None and len(track) else math.nan
    count = max(1, min(len(known), (track.count if track else 0) // 10))
    return min(known[0], float(np.median(known[:count])))


def guess(course: Course) -> float:
    """Return what guessing costs: ln C for C classes, else the loss that the run began with."""
    return math.log(course.classes) if course.classes else first_loss(course)


def rate_share(course: Course) -> float:
    """Return the learning rate of now as a share of the largest one; 1 where nobody told."""
    track = course.steps.get("learning_rate") or course.evals.get("learning_rate")
    if track is None or not len(track):
        return 1.0
    top = float(np.nanmax(track.high)) if np.isfinite(track.high).any() else 0.0
    return track.last / top if top > 0 else 1.0
