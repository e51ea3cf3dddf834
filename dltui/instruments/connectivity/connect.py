"""Linear mode connectivity: the loss on the way from one network to another, and how high the barrier is.

Frankle et al. 2020, "Linear Mode Connectivity and the Lottery Ticket Hypothesis" (arXiv:1912.05671). The straight way
may be joined by the way to a B whose units stand where their partners in A stand (git re-basin), and by a trained
curve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.instruments.connectivity.align import align
from dltui.instruments.connectivity.bezier import BATCH, bend
from dltui.instruments.connectivity.follow import Canvas, follow
from dltui.instruments.connectivity.identity import identity
from dltui.instruments.connectivity.paths import Way
from dltui.instruments.crew import crew
from dltui.instruments.landscape import AnotherScanError
from dltui.instruments.planes.apart import apart
from dltui.instruments.planes.statistics import Interpolated, Kept, floating, statistics_of
from dltui.objective import Objective, Twin, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.connection import Connection

Keep = Callable[[Connection], None]


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
        weight_decay: λ of the penalty λ/2·‖θ‖² of the regularised loss; 0 for none.
    """

    steps: int = 25
    beyond: float = 0.25
    align: bool = False
    curve: int = 0
    batch_norm: str = "interpolate"
    calibration: Tensor | None = None
    seed: int = 0
    weight_decay: float = 0.0

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
    earlier: Connection | None = None,
    keep: Keep | None = None,
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
        earlier: What a walk that was stopped knew; nothing of that is computed again.
        keep: Takes what is known after each position, and at last when the walk is stopped.
        report: Called with what is done and in all, and a ``Connection`` with NaN where nothing is known yet.

    Returns:
        The loss along every path, with both barriers.

    Raises:
        UsageError: If the wishes make no sense.
        AnotherScanError: If ``earlier`` is of other networks, samples or wishes.
        DltuiError: If the loss is not finite at A, or B is of another architecture.
    """
    wishes = wishes or Wishes()
    positions = wishes.positions()
    objective.center()
    parts = [(part, objective), *also]
    count = 1 + wishes.align + bool(wishes.curve)
    whole = wishes.curve + count * len(parts) * (len(positions) + 1)
    known = identity(objective, other, parts, positions, wishes)
    if earlier is not None and earlier.identity != known:
        raise AnotherScanError(
            f"can't go on with a way of {earlier.title}: it was one between other weights, over other samples or with "
            "other settings; expected an unfinished one by the same command; leave it out to begin anew"
        )
    ways, alignment, curve = _ways(objective, other, title, wishes, earlier, _part(report, 0, whole))
    shape = (len(ways), len(parts), len(positions))
    nothing = np.full(shape, np.nan)
    blank = Connection(
        title=objective.title,
        made=Made(device=str(objective.device), seed=wishes.seed),
        positions=positions,
        paths=[way.name for way in ways],
        sets=[name for name, _ in parts],
        loss=nothing,
        accuracy=nothing if objective.criterion.counts else None,
        error=nothing,
        peaks=np.full((*shape[:2], 2), np.nan),
        barrier_errors=np.full(shape[:2], np.nan),
        known=False,
        evaluated=np.zeros(shape, bool),
        searched=np.zeros(shape[:2], bool),
        control=None if ways[-1].control is None else ways[-1].control.cpu().numpy(),
        identity=known,
        ends=["θ*", title],
        lengths=np.array([way.length for way in ways]),
        statistics=[way.statistics.told for way in ways],
        penalty=_penalty(ways, positions, wishes.weight_decay) if wishes.weight_decay else None,
        weight_decay=wishes.weight_decay,
        alignment=alignment,
        curve=curve,
        samples=[one.samples for _, one in parts],
        parameters=len(ways[0].start),
        loss_name=objective.criterion.name,
    )
    canvas = Canvas(blank, earlier)
    with same_randomness(), crew(objective.device) as workers:
        told = _part(report, wishes.curve, whole)
        return follow(canvas, ways, [one for _, one in parts], workers, keep, told)


def _part(report: Report, before: int, whole: int) -> Report:
    """Return a report for a part of the work: so much is done before it, of so much in all."""

    def part(done: int, total: int, partial: object = None) -> None:  # noqa: ARG001
        report(before + done, whole, partial)

    return part


def _ways(
    objective: Objective,
    other: nn.Module,
    title: str,
    wishes: Wishes,
    earlier: Connection | None,
    report: Report,
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
        if earlier is not None and earlier.control is not None:
            control = torch.from_numpy(earlier.control).to(last.start)
        else:
            control = bend(
                objective, last.start, last.stop, steps=wishes.curve, seed=wishes.seed, report=report
            )
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


def _penalty(ways: Sequence[Way], positions: np.ndarray, weight_decay: float) -> np.ndarray:
    """Return λ/2·‖θ(t)‖² of every path and position."""
    norms = [[float(way.at(float(t)).double().square().sum()) for t in positions] for way in ways]
    return weight_decay / 2 * np.array(norms)


def _arc(way: Way, parts: int = 64) -> float:
    """Return the length of a curve."""
    total, before = 0.0, way.start
    for t in np.linspace(0, 1, parts + 1)[1:]:
        here = way.at(float(t))
        total, before = total + float((here - before).norm()), here
    return total
