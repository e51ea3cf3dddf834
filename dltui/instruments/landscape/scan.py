"""The loss over a line or a plane through the weights.

L(α, β) = L(θ* + α·d₁ + β·d₂), the directions random and scaled as in Li et al. 2018 (see ``directions``), or chosen
ones (see ``planes``). Every point is computed from θ* and never from its neighbour, so nothing drifts, and a window
around another point has the very values that a wider scan has there. A coarse lattice over the whole window comes
first, then finer ones, until all cells are computed or what is left can be interpolated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, groupby
from math import isfinite
from operator import itemgetter
from threading import local
from typing import NamedTuple

import numpy as np
import torch

from dltui.device import threads
from dltui.errors import UsageError
from dltui.instruments.axes import Axes, Span
from dltui.instruments.crew import Crew, crew, usual
from dltui.instruments.landscape.canvas import Canvas
from dltui.instruments.landscape.choose import finite
from dltui.instruments.landscape.course import Course
from dltui.instruments.landscape.everywhere import everywhere
from dltui.instruments.landscape.identity import identity, penalty
from dltui.instruments.landscape.measure import Measure, Measured
from dltui.instruments.landscape.plane import Plane
from dltui.instruments.landscape.shared import Place, serve, shared_out
from dltui.instruments.landscape.spanned import found_there, placed, spanned, window_of
from dltui.instruments.landscape.window import SHORT, Window, pieces
from dltui.instruments.limits import above_zero, odd_steps
from dltui.instruments.team import Team
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.landscape import Landscape
from dltui.results.lattice import Cell

PIECE = 0.2  # seconds that a worker is out of sight with a piece, about
COARSE = 2  # lattices that always come one after the other
BRIEF = (
    0.05  # seconds of work that one worker does faster alone: several would wait for each other at every step
)
LAST = 0.004  # seconds of the last pieces, where that is more than a few points
MOST_POINTS = 10**8  # of a scan; at a thousand a second it takes a day

Keep = Callable[[Landscape], None]


class Pace(NamedTuple):
    """How fast points are measured.

    Attributes:
        most: How many make a piece of work, at most.
        alone: Seconds for a point by itself, which is longer than among others.
    """

    most: int
    alone: float

    @classmethod
    def of(cls, seconds: float, alone: float) -> Pace:
        """Return the pace where a point takes so long, as few samples told, which is too much at times, and alone."""
        return cls(max(1, int(PIECE / min(seconds, alone))), alone)

    @property
    def least(self) -> int:
        """How many make the last pieces."""
        return max(SHORT, int(LAST / self.alone))


class AnotherScanError(UsageError):
    """What is to be gone on with is a scan of something else."""


def scan(
    objective: Objective,
    *,
    steps: int = 25,
    distance: float | None = None,
    dimensions: int = 2,
    center: Sequence[float] = (),
    along: str | Span = "random",
    normalize: str | None = None,
    seed: int = 0,
    tolerance: float = 0.0,
    held_out: Objective | None = None,
    weight_decay: float = 0.0,
    workers: int | None = None,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
    earlier: Landscape | None = None,
    keep: Keep | None = None,
    report: Report = silent,
) -> Landscape:
    """Scan the loss around a model's weights along one or two directions.

    Args:
        objective: The loss of a model on its data.
        steps: Points along each direction, odd, so that one of them is in the middle.
        distance: How far to go to either side, in units of the direction; None for 1, or for what shows every
            checkpoint where the plane goes through some.
        dimensions: 1 for a line, 2 for a plane; a span of checkpoints knows its own.
        center: α and β of the middle, or α for a line; the model itself otherwise, or the middle of the checkpoints.
        along: ``random``, ``eigen:1``, ``gradient``, a file, or two of these with a comma (see
            ``planes.spelled``); or what finds the directions: ``Through(…)``, ``Trajectory(…)``, ``Along(…)``.
        normalize: How directions are scaled, ``filter``, ``layer``, ``weight`` or ``none``; None for ``filter`` where
            all are random, ``none`` otherwise.
        seed: Seed of the directions.
        tolerance: Leave cells of a plane to interpolation once its error is about this share of the range; 0 for none.
        held_out: The same model on other samples, whose loss is measured too.
        weight_decay: λ of the penalty λ/2·‖θ‖² of the regularised loss; 0 for none.
        workers: Threads that work side by side in each process; otherwise as many as torch has, or one for each device.
        devices: Where the cells go as each becomes free; all to the device of the objective otherwise.
        team: Other processes that measure cells too, each called with the same arguments.
        earlier: What a scan that was stopped knew; its cells are not computed again.
        keep: Takes what is known after each piece of a row, and at last when the scan is stopped.
        report: Called with the cells done and in all, and a ``Landscape`` that has NaN where nothing is known yet:
            as soon as a lattice over the whole window is complete, and about ten times a second. Products with the
            Hessian come before the cells and count like these.

    Returns:
        The grid of losses and accuracies; NaN where the loss is not finite, and where it was left to interpolation.

    Raises:
        UsageError: If one of the settings can't be used.
        AnotherScanError: If ``earlier`` is of another plane.
        DltuiError: If the loss is not finite at the model's own weights, also on the held-out samples, or another
            process of the team has died.
        ServedError: In a process of the team other than the first, when all cells are measured.
    """
    span = spanned(along, dimensions, normalize, seed)
    check(steps, distance, dimensions, center if isinstance(along, str) else ())
    random = along == "random"
    with threads(1):  # as in every worker: a pass is short, and threads wait for each other on a busy machine
        if random:  # nothing that takes long comes before all of it is seen
            objective.glance()
        else:
            objective.center()
    with threads(1 if random else torch.get_num_threads()):  # what is drawn is short work too
        axes = span(objective, _more(report, 0, steps**dimensions))
    window = window_of(axes, steps, distance, center)
    total = sum(map(len, window.batches))
    report = _more(report, axes.products, axes.products)
    settle = axes.statistics.settle if axes.statistics else None
    plane = Plane(objective, objective.twin(), axes.directions, settle)
    sets = [objective] if held_out is None else [objective, held_out]
    if team is not None:
        devices = team.mine(devices)
    world = 1 if team is None else team.world
    each = workers or len(devices) or max(1, usual(objective.device) // world)  # all together fill the cores
    with same_randomness(), crew(objective.device, _size(each, team)) as hands:
        tier, seconds, measure = finite(plane, window, sets)
        here = everywhere(measure, plane, window, sets, axes.statistics, devices)
        known = identity(plane, sets, window, axes.statistics.told if axes.statistics else "")
        places: Sequence[Place] = here
        if team is not None:
            team.agree(f"{known} {tier.name}", each)
            places = shared_out(here, team, each) if team.first else serve(here, team, hands)
        blank = _blank(plane, window, axes, measure, weight_decay)
        blank = replace(blank, evaluator=tier.name, identity=known)
        if settle is not None:  # θ* has its own running statistics
            blank = replace(blank, model_loss=objective.center().loss)
        canvas, course = Canvas(blank, window.batches), Course(window.batches, blank.loss.shape, tolerance)
        if earlier is not None:
            canvas.take_up(_same(earlier, blank))
        pace = Pace.of(seconds, measure.alone)
        done = _measured(hands, places, window, canvas, course, pace)
        try:
            for partial in canvas.filled(done, keep):
                report(canvas.done, total, partial)
        finally:
            if keep is not None and not canvas.settled:
                keep(canvas.picture())
    final = canvas.picture(course.bound)
    report(total, total, final)
    return final


def _measured(
    hands: Crew, places: Sequence[Place], window: Window, canvas: Canvas, course: Course, pace: Pace
) -> Iterator[tuple[list[Cell], Measured]]:
    """Yield pieces as they are measured, as long as the course asks for cells that are not known."""
    own, turn = local(), count()

    def start() -> Callable[[list[Cell]], Measured]:
        if not hasattr(own, "measure"):
            own.measure = places[next(turn) % len(places)].worker()
        return lambda cells: own.measure(window.points(cells))

    quick = pace.most >= len(window.alphas)  # whole rows are then faster than parts of them
    for asked in course.batches(canvas.loss):
        batches = [*asked[:COARSE], [cell for batch in asked[COARSE:] for cell in batch]] if quick else asked
        unknown = [[cell for cell in batch if not canvas.known[cell]] for batch in batches]
        brief = [quick and len(batch) * pace.alone < BRIEF for batch in unknown]
        for alone, group in groupby(zip(brief, unknown, strict=True), itemgetter(0)):
            some = [batch for _, batch in group if batch]
            apart = (pieces(batch, pace.most, hands.size, pace.least) for batch in some)
            cut = map(sorted, some) if alone else chain.from_iterable(apart)
            yield from hands.stream(start, list(cut), alone=alone)


def _size(each: int, team: Team | None) -> int:
    """Return how many threads a process needs: those that work, and in the first one also one for each elsewhere."""
    return each * team.world if team is not None and team.first else each


def _blank(plane: Plane, window: Window, axes: Axes, measure: Measure, weight_decay: float) -> Landscape:
    """Return a landscape that says what is scanned, and knows the loss at θ* and in the middle."""
    objective, nothing = plane.objective, np.full((len(window.betas), len(window.alphas)), np.nan)
    here, point = measure.here, window.points([window.middle])
    middle = measure.worker()(point)[0] if point.any() else here
    counts, both = objective.criterion.counts, len(here) > 1
    return Landscape(
        title=objective.title,
        made=Made(device=str(objective.device), seed=axes.seed),
        alphas=window.alphas,
        betas=window.betas if len(axes.directions) == 2 else None,
        loss=nothing,
        accuracy=nothing if counts else None,
        error=nothing,
        rise_error=nothing,
        test_loss=nothing if both else None,
        test_accuracy=nothing if both and counts else None,
        test_error=nothing if both else None,
        penalty=penalty(plane, window, weight_decay) if weight_decay else None,
        weight_decay=weight_decay,
        center_loss=float(middle[0, 0]) if isfinite(middle[0, 0]) else float("nan"),
        model_loss=float(here[0, 0]),
        model_test_loss=float(here[1, 0]) if both else None,
        normalize=axes.scale,
        vectors=axes.vectors,
        along=axes.along,
        told=axes.told,
        statistics=axes.statistics.told if axes.statistics else "",
        **found_there(axes),
        curvatures=axes.curvatures,
        residuals=axes.residuals,
        cosine=axes.cosine,
        samples=objective.samples,
        test_samples=measure.samples[1] if both else 0,
        parameters=len(axes.directions[0]),
        seed=axes.seed,
        loss_name=objective.criterion.name,
    )


def _same(earlier: Landscape, blank: Landscape) -> Landscape:
    """Return what an earlier scan knows, if it was one of the same cells."""
    if earlier.identity != blank.identity:
        raise AnotherScanError(
            f"can't go on with a scan of {earlier.title}: it was one of other weights, samples, directions or cells; "
            "expected an unfinished scan by the same command; leave it out to begin anew"
        )
    return earlier


def _more(report: Report, before: int, beside: int) -> Report:
    """Return a report for a part of the work: so much is done before it, and so much is to be done besides."""

    def part(done: int, total: int, partial: object = None) -> None:
        report(before + done, beside + total, partial)

    return part


def check(steps: int, distance: float | None, dimensions: int, center: Sequence[float] = ()) -> None:
    """Refuse what can't be scanned, before anything is loaded.

    Args:
        steps: Points along each direction.
        distance: How far to go.
        dimensions: 1 or 2.
        center: Where the middle is.

    Raises:
        UsageError: If one of them makes no sense.
    """
    odd_steps(steps)
    far = above_zero(1.0 if distance is None else distance)
    if dimensions not in {1, 2}:
        raise UsageError(f"can't scan {dimensions} dimensions: expected 1 (a line) or 2 (a plane)")
    if steps**dimensions > MOST_POINTS:
        raise UsageError(
            f"{steps} steps along each of {dimensions} directions are {steps**dimensions:.3g} points: expected at most "
            f"{MOST_POINTS:,}; try --steps 101"
        )
    placed(steps, far, dimensions, center)
