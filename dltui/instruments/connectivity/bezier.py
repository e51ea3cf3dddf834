"""A curve of low loss between two networks: Garipov et al. 2018 (arXiv:1802.10026), a quadratic Bézier curve.

The ends stay; the control point C is trained by gradient to lower E_t L(θ(t)) with t ~ U(0, 1), since
∂θ(t)/∂C = 2t(1 − t). Batch norm uses the statistics of each batch meanwhile, as in training.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi

import torch
from torch import Tensor

from dltui.errors import DltuiError
from dltui.instruments.planes.statistics import norms
from dltui.objective import Objective, Twin, same_randomness
from dltui.progress import Report, silent

BATCH = 128  # samples a step
RATE = 0.1  # of Adam, over the root mean square of the weights


def bend(
    objective: Objective,
    start: Tensor,
    stop: Tensor,
    *,
    steps: int,
    seed: int = 0,
    report: Report = silent,
) -> Tensor:
    """Train the control point of a curve between two networks.

    Args:
        objective: The loss on training samples.
        start: A, shape (n,).
        stop: B, shape (n,).
        steps: Steps of Adam, on batches of 128; the rate falls to 0 as a cosine.
        seed: Seed of t and of the batches.
        report: Called after every step.

    Returns:
        C, shape (n,).

    Raises:
        DltuiError: If the loss stops being finite on the way.
    """
    twin = objective.twin()
    for norm in norms(twin.module):
        norm.train()
    control = ((start + stop) / 2).requires_grad_()
    rate = RATE * float(((start.square() + stop.square()) / 2).mean().sqrt())
    adam = torch.optim.Adam([control], lr=rate)
    generator = torch.Generator().manual_seed(seed)
    with same_randomness():
        for step, rows in zip(range(steps), _batches(objective, generator), strict=False):
            t = float(torch.rand((), generator=generator))
            slope, loss = _slope(objective, twin, (start, control.detach(), stop), t, rows)
            if not loss < float("inf"):
                raise DltuiError(
                    f"the loss of the curve became {loss} after {step} steps; expected a finite number; leave out "
                    "--curve"
                )
            control.grad = slope.mul_(2 * t * (1 - t))
            adam.param_groups[0]["lr"] = rate * (1 + cos(pi * step / steps)) / 2
            adam.step()
            report(step + 1, steps)
    return control.detach()


def _slope(
    objective: Objective, twin: Twin, points: tuple[Tensor, Tensor, Tensor], t: float, rows: Tensor
) -> tuple[Tensor, float]:
    """Return ∇L and L at θ(t) on a batch."""
    a, c, b = points
    with torch.no_grad():
        twin.flat.copy_((1 - t) ** 2 * a + 2 * t * (1 - t) * c + t * t * b)
    loss = objective.loss(twin, objective.inputs[rows], objective.targets[rows])
    parts = torch.autograd.grad(loss, twin.parameters, allow_unused=True, materialize_grads=True)
    return torch.cat([part.reshape(-1) for part in parts]), loss.item()


def _batches(objective: Objective, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the rows of batches, pass after pass, each in another order."""
    while True:
        order = torch.randperm(objective.samples, generator=generator).to(objective.device)
        count = max(1, objective.samples // BATCH)
        yield from torch.tensor_split(order, count)
