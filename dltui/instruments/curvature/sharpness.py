"""λ₁ again and again, each time from where it was: live sharpness, and sharpness along a training.

The top eigenvector moves little from one checkpoint to the next, so a Lanczos run that starts from the last one needs a
handful of products where a cold start needs dozens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import torch
from torch import Tensor, nn

from dltui.errors import DltuiError
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.lanczos import Ritz, lanczos
from dltui.instruments.curvature.operator import Operator, gaussian
from dltui.instruments.team import Team
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.edge import SharpnessHistory

STEPS = 100  # products for one reading at most
NOISE = 0.01  # of a random vector in a warm start, so that another eigenvector that has taken over is seen
SHUT = 1e-2  # residual allowed, relative to λ₁


@dataclass(frozen=True)
class Checkpoint:
    """The weights of a training at one moment.

    Attributes:
        step: Optimiser steps that were made.
        module: The model with the weights of that moment.
        edge: Largest eigenvalue that the step size bears; NaN where none is known.
    """

    step: int
    module: nn.Module
    edge: float = float("nan")


@dataclass(frozen=True)
class Sharpness:
    """One reading.

    Attributes:
        value: λ₁.
        residual: ‖Hv − λv‖, a bound on the distance to an eigenvalue.
        converged: Whether that is within the tolerance.
        vector: v, shape (n,).
        products: Products that it took.
    """

    value: float
    residual: float
    converged: bool
    vector: Tensor
    products: int


def sharpness(
    operator: Operator,
    *,
    start: Tensor | None = None,
    tolerance: float = SHUT,
    steps: int = STEPS,
    generator: torch.Generator,
) -> Sharpness:
    """Find the largest eigenvalue of a symmetric matrix.

    The value is good to residual²/gap, so that a residual of a tenth of the tolerance's root would do; the bound that
    holds whatever the gap is the residual itself, and that is what is asked for.

    Args:
        operator: A, shape (n, n).
        start: The eigenvector of a matrix nearby, or None.
        tolerance: Residual allowed, relative to λ₁.
        steps: Products at most.
        generator: Source of the random start.

    Returns:
        The largest eigenvalue with its vector.
    """
    noise = torch.nn.functional.normalize(gaussian(operator, generator), dim=0)
    first = noise if start is None else start.to(noise) + NOISE * noise

    def settled(ritz: Ritz) -> bool:
        return bool(ritz.residuals[-1] <= tolerance * abs(ritz.values[-1]))

    run = lanczos(operator, first, steps, settled=settled)
    ritz = run.ritz()
    vector = torch.from_numpy(ritz.vectors[:, -1]).to(run.basis) @ run.basis
    return Sharpness(float(ritz.values[-1]), float(ritz.residuals[-1]), settled(ritz), vector, run.products)


def along(
    objective: Objective,
    checkpoints: Iterable[Checkpoint],
    *,
    count: int,
    run: str = "",
    title: str = "",
    rule: str = "",
    why: str = "",
    tolerance: float = SHUT,
    seed: int = 0,
    devices: Sequence[torch.device] = (),
    team: Team | None = None,
    report: Report = silent,
) -> SharpnessHistory:
    """Measure λ₁ of the Hessian at every checkpoint of a training.

    Args:
        objective: The loss of the model on its data; its own weights don't matter.
        checkpoints: The weights, in the order of the training.
        count: How many there are.
        run: Name of the run.
        title: What is looked at.
        rule: How the edge follows from the settings, in words.
        why: Why no edge is known.
        tolerance: Residual allowed, relative to λ₁.
        seed: Seed of the random starts.
        devices: Where the samples go in turn; all to the device of the objective otherwise.
        team: Other processes that do their share of each product, each called with the same arguments.
        report: Called after every checkpoint with what is known by then.

    Returns:
        λ₁ over the steps, beside the edge of stability.

    Raises:
        DltuiError: If there is no checkpoint.
    """
    generator = torch.Generator().manual_seed(seed)
    rows: list[tuple[float, ...]] = []
    start: Tensor | None = None
    report(0, count)

    def known(*, complete: bool) -> SharpnessHistory:
        steps, values, residuals, sure, edges, losses, products = np.array(rows, float).T
        return SharpnessHistory(
            title=title or objective.title,
            made=Made(device=str(objective.device), seed=seed),
            run=run,
            steps=steps,
            sharpness=values,
            residuals=residuals,
            converged=sure.astype(bool),
            edge=edges,
            losses=losses,
            products=products,
            rule=rule,
            why=why,
            samples=objective.samples,
            tolerance=tolerance,
            precision=str(objective.dtype).removeprefix("torch."),
            mode=objective.mode,
            complete=complete,
        )

    for checkpoint in checkpoints:
        there = objective.at(checkpoint.module)
        loss = there.read(there.twin()).loss
        if isfinite(loss):
            with same_randomness(), hessian(there, devices=devices, team=team) as operator:
                found = sharpness(operator, start=start, tolerance=tolerance, generator=generator)
            start = found.vector
            told = (found.value, found.residual, found.converged, checkpoint.edge, loss, found.products)
        else:  # the training had diverged by then
            told = (float("nan"), float("nan"), False, checkpoint.edge, loss, 0)
        rows.append((checkpoint.step, *told))
        report(len(rows), count, known(complete=len(rows) == count))
    if not rows:
        raise DltuiError(
            f"{title or objective.title} has no checkpoint to look at; train with --save-every 1"
        )
    return known(complete=True)
