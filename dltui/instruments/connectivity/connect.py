"""Linear mode connectivity: the loss on the way from one network to another, and how high the barrier is.

Frankle et al. 2020, "Linear Mode Connectivity and the Lottery Ticket Hypothesis" (arXiv:1912.05671). The straight way
may be joined by the way to a B whose units stand where their partners in A stand (git re-basin), and by a trained
curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from time import monotonic
from typing import Any

import numpy as np
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.instruments.connectivity.align import align
from dltui.instruments.connectivity.bezier import BATCH, bend
from dltui.instruments.connectivity.paths import Way
from dltui.instruments.crew import Crew, crew
from dltui.instruments.planes.apart import apart
from dltui.instruments.planes.statistics import Interpolated, Kept, floating, statistics_of
from dltui.objective import Objective, Reading, Twin, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.connection import Connection

PICTURES_EACH = 0.1  # seconds between two partial results
SEARCHED = 8  # evaluations that look for the highest point between two positions
GOLDEN = (5**0.5 - 1) / 2

Task = tuple[int, int, float]  # path, part, t


@dataclass(frozen=True, eq=False, kw_only=True)
class Wishes:
    """How two networks are to be connected.

    Attributes:
        steps: Positions from A to B, both included.
        beyond: How far to go past both ends, in units of the way between them.
        align: Whether to add the way to a B whose units are brought into A's order.
        curve: Steps for which a curve is trained; none for 0.
        batch_norm: ``interpolate``, ``recalibrate`` or ``keep``; a curve is always recalibrated.
        calibration: Inputs of training for recalibration; those of the objective when None.
        seed: Seed of the order of matching, and of the training of the curve.
    """

    steps: int = 25
    beyond: float = 0.25
    align: bool = False
    curve: int = 0
    batch_norm: str = "interpolate"
    calibration: Tensor | None = None
    seed: int = 0

    def positions(self) -> np.ndarray:
        """Return t of every position, among them exactly 0 and 1.

        Raises:
            UsageError: If there are too few, or they go nowhere.
        """
        if self.steps < 3 or not 0 <= self.beyond < 1e6:
            raise UsageError(
                f"can't go from A to B in {self.steps} steps and {self.beyond:g} beyond: expected 3 steps at least, "
                "and a distance from 0; try --steps 25 --distance 0.25"
            )
        between = self.steps - 1
        over = round(self.beyond * between)
        found: np.ndarray = np.arange(-over, between + over + 1) / between
        return found


def connect(
    objective: Objective,
    other: nn.Module,
    *,
    title: str = "B",
    wishes: Wishes | None = None,
    also: Sequence[tuple[str, Objective]] = (),
    part: str = "train",
    report: Report = silent,
) -> Connection:
    """Follow the loss from the model of an objective to another network.

    Args:
        objective: The loss of a model, A, on its data.
        other: B, a network of the same architecture.
        title: Where B's weights came from.
        wishes: How they are to be connected.
        also: Further samples on which the loss is followed, each with its name.
        part: What the samples of the objective are called.
        report: Called with what is done and in all, and a ``Connection`` with NaN where nothing is known yet.

    Returns:
        The loss along every path, with both barriers.

    Raises:
        UsageError: If the wishes make no sense.
        DltuiError: If the loss is not finite at A, or B is of another architecture.
    """
    wishes = wishes or Wishes()
    positions = wishes.positions()
    objective.center()
    parts = [(part, objective), *also]
    count = 1 + wishes.align + bool(wishes.curve)
    whole = wishes.curve + count * len(parts) * (len(positions) + 1)
    ways, alignment, curve = _ways(objective, other, title, wishes, _part(report, 0, whole))
    shape = (len(ways), len(parts), len(positions))
    blank = Connection(
        title=objective.title,
        made=Made(device=str(objective.device), seed=wishes.seed),
        positions=positions,
        paths=[way.name for way in ways],
        sets=[name for name, _ in parts],
        loss=np.full(shape, np.nan),
        accuracy=np.full(shape, np.nan) if objective.criterion.counts else None,
        peaks=np.full((*shape[:2], 2), np.nan),
        known=False,
        ends=["θ*", title],
        lengths=np.array([way.length for way in ways]),
        statistics=[way.statistics.told for way in ways],
        alignment=alignment,
        curve=curve,
        samples=[one.samples for _, one in parts],
        parameters=len(ways[0].start),
        loss_name=objective.criterion.name,
    )
    with same_randomness(), crew(objective.device) as workers:
        told = _part(report, wishes.curve, whole)
        return _followed(blank, ways, [one for _, one in parts], workers, told)


def _part(report: Report, before: int, whole: int) -> Report:
    """Return a report for a part of the work: so much is done before it, of so much in all."""

    def part(done: int, total: int, partial: object = None) -> None:  # noqa: ARG001
        report(before + done, whole, partial)

    return part


def _ways(
    objective: Objective, other: nn.Module, title: str, wishes: Wishes, report: Report
) -> tuple[list[Way], dict[str, object], dict[str, object]]:
    """Return the paths, what the alignment found, and how the curve was trained."""
    home = objective.twin()
    inputs = objective.inputs if wishes.calibration is None else wishes.calibration
    straight = _straight("straight", objective, home, other, title, wishes.batch_norm, inputs)
    ways, alignment, curve = [straight], dict[str, object](), dict[str, object]()
    if wishes.align:
        found = align(
            objective, other, title, seed=wishes.seed, report=lambda *_: report(0, 1)
        )  # it is over in a moment, and may be cancelled
        ways.append(_straight("aligned", objective, home, found.module, title, wishes.batch_norm, inputs))
        alignment = found.document()
    if wishes.curve:
        last = ways[-1]
        control = bend(objective, last.start, last.stop, steps=wishes.curve, seed=wishes.seed, report=report)
        anew = statistics_of("recalibrate", home.module, inputs, None) or last.statistics
        name = "aligned and curved" if wishes.align else "curved"
        ways.append(replace(last, name=name, control=control, statistics=anew))
        curve = {
            "method": "quadratic Bézier curve, Garipov et al. 2018",
            "steps": wishes.curve,
            "batch_size": min(BATCH, objective.samples),
            "seed": wishes.seed,
            "length": _arc(ways[-1]),
        }
    return ways, alignment, curve


def _straight(
    name: str, objective: Objective, home: Twin, other: nn.Module, title: str, way: str, inputs: Tensor
) -> Way:
    """Return the straight path to a network."""
    found = apart(objective, home, other, title)
    still = {key: buffer.clone() for key, buffer in floating(home.module).items()}
    moving = Interpolated(still, [found.buffers])
    statistics = statistics_of(way, home.module, inputs, moving)
    return Way(name, home.flat.clone(), found.twin.flat.clone(), None, statistics or Kept(still))


def _arc(way: Way, parts: int = 64) -> float:
    """Return the length of a curve."""
    total, before = 0.0, way.start
    for t in np.linspace(0, 1, parts + 1)[1:]:
        here = way.at(float(t))
        total, before = total + float((here - before).norm()), here
    return total


def _followed(
    blank: Connection, ways: list[Way], objectives: list[Objective], workers: Crew, report: Report
) -> Connection:
    """Evaluate every path on every part, then look for the highest points between the positions."""
    loss, accuracy, peaks = blank.loss.copy(), np.full_like(blank.loss, np.nan), blank.peaks.copy()
    searches = [(i, j) for i in range(len(ways)) for j in range(len(objectives))]
    total, done, shown = loss.size + len(searches), 0, monotonic()
    start = _evaluator(ways, objectives)

    def picture(*, known: bool = False) -> Connection:
        told = None if blank.accuracy is None else accuracy.copy()
        return replace(blank, loss=loss.copy(), accuracy=told, peaks=peaks.copy(), known=known)

    at = {float(t): place for place, t in enumerate(blank.positions)}
    for (i, j, t), reading in workers.stream(start, _tasks(blank.positions, searches)):
        loss[i, j, at[t]] = reading.loss if isfinite(reading.loss) else np.nan
        accuracy[i, j, at[t]] = np.nan if reading.accuracy is None else reading.accuracy
        done += 1
        due = monotonic() - shown >= PICTURES_EACH
        report(done, total, picture()) if due else report(done, total)
        shown = monotonic() if due else shown
    for (i, j), peak in workers.stream(lambda: _seeker(start(), blank.positions, loss), searches):
        peaks[i, j] = peak
        done += 1
        report(done, total)
    final = picture(known=True)
    report(total, total, final)
    return final


def _tasks(positions: np.ndarray, searches: Sequence[tuple[int, int]]) -> list[Task]:
    """Return what is evaluated, the ends and every fourth position first."""
    order = sorted(range(len(positions)), key=lambda place: (place % 4 != 0, place % 2 != 0))
    return [(i, j, float(positions[place])) for place in order for i, j in searches]


def _evaluator(ways: list[Way], objectives: list[Objective]) -> Callable[[], Callable[[Task], Reading]]:
    """Return what a worker calls once to get its own copy of the model and the function from a task to a reading."""

    def start() -> Callable[[Task], Reading]:
        twin = objectives[0].twin()

        def evaluate(task: Task) -> Reading:
            ways[task[0]].move(twin, task[2])
            return objectives[task[1]].read(twin)

        return evaluate

    return start


def _seeker(
    evaluate: Callable[[Task], Reading], positions: np.ndarray, loss: np.ndarray
) -> Callable[[tuple[int, int]], tuple[float, float]]:
    """Return the function from a path and a part to t and loss of the point that is highest over the chord."""

    def seek(which: tuple[int, int]) -> tuple[float, float]:
        i, j = which
        inside = np.flatnonzero((positions >= 0) & (positions <= 1))
        t, line = positions[inside], loss[i, j, inside]
        first, last = float(line[0]), float(line[-1])
        chord = partial(_chord, first, last)
        over = line - chord(t)
        if not np.isfinite(over).all():
            return float("nan"), float("nan")
        top = int(np.argmax(over))
        low, high = float(t[max(top - 1, 0)]), float(t[min(top + 1, len(t) - 1)])
        found = [(float(t[top]), float(over[top]))]
        found += _golden(low, high, lambda s: evaluate((i, j, s)).loss - float(chord(s)))
        best, height = max(found, key=lambda one: one[1])
        return best, height + float(chord(best))

    return seek


def _chord(first: float, last: float, t: Any) -> Any:
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
