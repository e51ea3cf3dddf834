"""Evaluating the ways between two networks, position by position, and searching for the highest points between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dltui.figures import Array
from dltui.instruments.connectivity.paths import Way
from dltui.instruments.crew import Crew
from dltui.instruments.landscape.plane import by_sample, each_sample
from dltui.objective import Objective, Twin
from dltui.progress import Report
from dltui.results.connection import Connection

PICTURES_EACH = 0.1  # seconds between two partial results
SEARCHED = 8  # evaluations that look for the highest point between two positions
GOLDEN = (5**0.5 - 1) / 2

Task = tuple[int, int, float]  # path, part, t
Search = tuple[int, int]  # path, part
Keep = Callable[[Connection], None]


@dataclass(frozen=True, eq=False)
class Point:
    """What is measured at one position.

    Attributes:
        loss: Mean loss.
        accuracy: Share of right answers; NaN where it has no meaning.
        each: What each sample loses, float64, shape (n,); empty where the loss knows no samples.
    """

    loss: float
    accuracy: float
    each: Tensor


@dataclass(frozen=True)
class Peak:
    """The highest point over the chord.

    Attributes:
        t: Where it is.
        loss: L there.
        error: Standard error of the barrier over the samples, which both ends share; NaN where it is not known.
    """

    t: float
    loss: float
    error: float


Evaluate = Callable[[Task], Point]


class Canvas:
    """A connection that is being filled, position by position."""

    def __init__(self, blank: Connection, earlier: Connection | None) -> None:
        known = blank if earlier is None else earlier
        self._blank = blank
        self.loss, self.peaks = known.loss.copy(), known.peaks.copy()
        self.accuracy, self.error = (
            np.full_like(known.loss, np.nan) if array is None else array.copy()
            for array in (known.accuracy, known.error)
        )
        self.barrier_errors = _or(known.barrier_errors, np.full(known.peaks.shape[:2], np.nan))
        self.evaluated = _or(known.evaluated, np.ones(known.loss.shape, bool))
        self.searched = _or(known.searched, np.ones(known.peaks.shape[:2], bool))
        self._at = {float(t): place for place, t in enumerate(blank.positions)}

    @property
    def positions(self) -> Array:
        """Where every position is."""
        return self._blank.positions

    @property
    def total(self) -> int:
        """Positions and searches in all."""
        return self.evaluated.size + self.searched.size

    @property
    def done(self) -> int:
        """How many of them are."""
        return int(self.evaluated.sum() + self.searched.sum())

    def tasks(self) -> list[Task]:
        """Return what is to be evaluated yet, the ends and every fourth position first."""
        order = sorted(range(len(self.positions)), key=lambda place: (place % 4 != 0, place % 2 != 0))
        paths, parts = self.searched.shape
        return [
            (i, j, float(self.positions[place]))
            for place in order
            for i in range(paths)
            for j in range(parts)
            if not self.evaluated[i, j, place]
        ]

    def take(self, task: Task, found: Point) -> None:
        """Write a position down."""
        i, j, t = task
        place = self._at[t]
        self.loss[i, j, place] = found.loss if isfinite(found.loss) else np.nan
        self.accuracy[i, j, place] = found.accuracy
        self.error[i, j, place] = _error(found.each)
        self.evaluated[i, j, place] = True

    def put(self, search: Search, peak: Peak) -> None:
        """Write the highest point of a path down."""
        self.peaks[search], self.barrier_errors[search] = (peak.t, peak.loss), peak.error
        self.searched[search] = True

    def picture(self) -> Connection:
        """Return what is known by now."""
        known = self.done == self.total
        return replace(
            self._blank,
            loss=self.loss.copy(),
            accuracy=None if self._blank.accuracy is None else self.accuracy.copy(),
            error=self.error.copy(),
            peaks=self.peaks.copy(),
            barrier_errors=self.barrier_errors.copy(),
            evaluated=None if known else self.evaluated.copy(),
            searched=None if known else self.searched.copy(),
            control=None if known else self._blank.control,
            known=known,
        )


def _or(array: Array | None, otherwise: Array) -> Array:
    """Return a copy of an array, or what stands for it in files of old and of finished walks."""
    return otherwise if array is None else array.copy()


def follow(
    canvas: Canvas,
    ways: list[Way],
    objectives: list[Objective],
    workers: Crew,
    keep: Keep | None,
    report: Report,
) -> Connection:
    """Evaluate every path on every part, then look for the highest points between the positions.

    Args:
        canvas: What is filled; what it knows is not computed again.
        ways: The paths.
        objectives: The loss of the model on every part.
        workers: Who evaluates.
        keep: Takes what is known after each position, and at last when the work is stopped.
        report: Called after each of them.

    Returns:
        The whole.
    """
    start, shown, ended = _evaluator(ways, objectives), monotonic(), False
    searches = [(i, j) for i in range(len(ways)) for j in range(len(objectives))]
    try:
        for task, point in workers.stream(start, canvas.tasks()):
            canvas.take(task, point)
            due = monotonic() - shown >= PICTURES_EACH
            shown = _told(canvas, keep, report, due=due, shown=shown)
        left = [one for one in searches if not canvas.searched[one]]
        for search, peak in workers.stream(lambda: _seeker(start(), canvas), left):
            canvas.put(search, peak)
            shown = _told(canvas, keep, report, due=False, shown=shown)
        ended = True
    finally:
        if keep is not None and not ended:
            keep(canvas.picture())
    final = canvas.picture()
    report(canvas.total, canvas.total, final)
    return final


def _told(canvas: Canvas, keep: Keep | None, report: Report, *, due: bool, shown: float) -> float:
    """Tell how far the work is, with a picture when one is due; return when the last one was shown."""
    if keep is not None:
        keep(canvas.picture())
    if not due:
        report(canvas.done, canvas.total)
        return shown
    report(canvas.done, canvas.total, canvas.picture())
    return monotonic()


def _evaluator(ways: list[Way], objectives: list[Objective]) -> Callable[[], Evaluate]:
    """Return what a worker calls once to get its own copy of the model and the function from a task to a point."""

    def start() -> Evaluate:
        twin = objectives[0].twin()

        def evaluate(task: Task) -> Point:
            ways[task[0]].move(twin, task[2])
            return _here(objectives[task[1]], twin)

        return evaluate

    return start


def _here(objective: Objective, twin: Twin) -> Point:
    """Return loss, accuracy and the losses of single samples where a copy stands now."""
    loss, right, criterion, each = 0.0, 0.0, objective.criterion, list[Tensor]()
    if not by_sample(criterion):
        reading = objective.read(twin)
        return Point(reading.loss, _number(reading.accuracy), torch.empty(0))
    with torch.inference_mode():
        for x, y, share in objective.blocks:
            outputs = objective.outputs(twin, x)
            loss += criterion.loss(outputs, y).item() * share
            right += criterion.right(outputs, y).item() * share if criterion.counts else 0.0
            each.append(each_sample(criterion, outputs, y))
    return Point(loss, right if criterion.counts else float("nan"), torch.cat(each).cpu().double())


def _number(value: float | None) -> float:
    """Return a number, NaN for none."""
    return float("nan") if value is None else value


def _error(each: Tensor) -> float:
    """Return the standard error of a mean over samples; NaN where fewer than two are known."""
    return float(each.std() / len(each) ** 0.5) if len(each) > 1 else float("nan")


def _seeker(evaluate: Evaluate, canvas: Canvas) -> Callable[[Search], Peak]:
    """Return the function from a path and a part to the point that is highest over the chord."""

    def seek(which: Search) -> Peak:
        i, j = which
        inside = np.flatnonzero((canvas.positions >= 0) & (canvas.positions <= 1))
        t, line = canvas.positions[inside], canvas.loss[i, j, inside]
        first, last = float(line[0]), float(line[-1])
        chord = partial(_chord, first, last)
        over = line - chord(t)
        if not np.isfinite(over).all():
            return Peak(float("nan"), float("nan"), float("nan"))
        top = int(np.argmax(over))
        low, high = float(t[max(top - 1, 0)]), float(t[min(top + 1, len(t) - 1)])
        found = [(float(t[top]), float(over[top]))]
        found += _golden(low, high, lambda s: evaluate((i, j, s)).loss - float(chord(s)))
        best, height = max(found, key=lambda one: one[1])
        start, middle, end = (evaluate((i, j, s)).each for s in (0.0, best, 1.0))
        return Peak(best, height + float(chord(best)), _error(middle - _chord(start, end, best)))

    return seek


def _chord(first: Any, last: Any, t: Any) -> Any:
    """Return the straight line between the losses at the ends."""
    return first + t * (last - first)


def _golden(low: float, high: float, value: Callable[[float], float]) -> Iterator[tuple[float, float]]:
    """Yield points and values of a golden-section search for a maximum."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = value(left), value(right)
    yield left, at_left
    yield right, at_right
    for _ in range(SEARCHED - 2):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = value(left)
            yield left, at_left
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = value(right)
            yield right, at_right
