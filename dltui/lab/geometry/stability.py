"""The edge of stability: what full-batch gradient descent does to the curvature that it walks on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Steps, number
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.written import written
from dltui.results.edge import SharpnessHistory

if TYPE_CHECKING:
    from torch import Tensor

    from dltui.instruments.curvature.sharpness import Checkpoint
    from dltui.objective import Objective

SAMPLES, READINGS = 100, 12
START = 0.3  # by which fresh weights are scaled, so that it starts in a flat place


def half(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return half the squared error, summed over the outputs and averaged over the samples."""
    return (outputs - targets).square().sum(1).mean() / 2


def descent(rate: float, steps: int) -> Iterator[tuple[Objective, Checkpoint]]:
    """Yield the loss and the checkpoints of a tanh network under full-batch gradient descent."""
    import torch
    from torch import nn

    from dltui.device import seeded, threads
    from dltui.instruments.curvature.sharpness import Checkpoint
    from dltui.lab.geometry.nets import digits, perceptron
    from dltui.objective import Objective

    data = digits(SAMPLES)
    x, y = torch.from_numpy(data.x_train), nn.functional.one_hot(torch.from_numpy(data.y_train), 10).float()
    with seeded(0):
        net = perceptron(16, 10, act=nn.Tanh)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(START)
    objective = Objective.bind(net, x, y, task="numbers", loss=half, title="tanh network on 100 digits")
    optimizer = torch.optim.SGD(net.parameters(), rate)
    stops = {round(place) for place in np.linspace(0, steps, READINGS + 1)}
    for step in range(steps + 1):
        if step in stops:
            yield objective, Checkpoint(step, copy.deepcopy(net), 2 / rate)
        optimizer.zero_grad()
        with threads(1):
            half(net(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@exhibit(
    "edge-of-stability",
    family="geometry",
    covers=("000a:learning-rate",),
    kin={
        "dltui lab run hessian-spectrum": "the other eigenvalues of such a network",
        "dltui lab run lr-stability": "why 2/λ₁ is the largest step of a bowl",
        "dltui hessian run:latest --along-run": "λ₁ at every checkpoint of your own run, against 2/η",
    },
    sources=("Cohen et al. 2021, arXiv:2103.00065",),
)
def edge_of_stability(
    rate: Annotated[float, Slider(0.05, 0.3, log=True, help="step size η")] = 0.15,
    steps: Annotated[int, Slider(200, 2400, help="steps of gradient descent")] = 2400,
) -> Iterator[Frame]:
    """The largest eigenvalue of the Hessian while a network is trained by full-batch gradient descent.

    Try: --rate 0.3 meets a lower edge sooner; --rate 0.05 does not get there in 2,400 steps.
    Notice: λ₁ rises until it reaches 2/η and then stays there, while the loss goes on falling, if not at every step.

    On a quadratic of curvature λ a step of size η multiplies the distance from the minimum by 1 − ηλ, which grows where
    λ > 2/η. A network is no quadratic: it drifts to where λ is larger until that limit holds it.

    Half the squared error on 100 digits, a tanh network of 1,210 parameters. With noise from batches λ₁ stays below.
    """
    from dltui.instruments.curvature.sharpness import along

    found: SharpnessHistory | None = None
    checkpoints: list[Checkpoint] = []
    for objective, checkpoint in descent(rate, steps):
        checkpoints.append(checkpoint)
        one = along(objective, [checkpoint], count=1, rule=f"2/η = {2 / rate:.4g}", tolerance=1e-2)
        found = one if found is None else _joined(found, one)
        ratio = found.sharpness[-1] * rate / 2
        yield Frame(
            figures=(*found.figures(), _worked(rate, float(found.sharpness[-1]))),
            numbers={
                "steps": found.steps.tolist(),
                "sharpness": found.sharpness.tolist(),
                "residuals": found.residuals.tolist(),
                "edge": 2 / rate,
                "loss": found.losses.tolist(),
            },
            caption=f"step {checkpoint.step} of {steps}: λ₁ is {ratio:.3f} of 2/η",
            total=READINGS + 1,
        )


def _worked(rate: float, top: float) -> Steps:
    """Return the edge and the factor of a step along v₁ with the numbers put in."""
    factor = 1 - rate * top
    return written(
        (f"2/η = 2/{number(rate)} = {number(2 / rate)}", "the edge"),
        (
            f"1 − ηλ₁ = 1 − {number(rate)}·{number(top)} = {number(factor)}",
            "what a step does to the way along v₁",
        ),
        (f"|1 − ηλ₁| = {number(abs(factor))}", "swings and grows" if abs(factor) > 1 else "shrinks"),
    )


def _joined(before: SharpnessHistory, more: SharpnessHistory) -> SharpnessHistory:
    """Return two histories as one."""
    return replace(
        before,
        steps=np.append(before.steps, more.steps),
        sharpness=np.append(before.sharpness, more.sharpness),
        residuals=np.append(before.residuals, more.residuals),
        converged=np.append(before.converged, more.converged),
        edge=np.append(before.edge, more.edge),
        losses=np.append(before.losses, more.losses),
        products=np.append(before.products, more.products),
    )


@edge_of_stability.check
def sharpness_stays_at_the_edge() -> None:
    """Cohen et al. 2021: λ₁ is within 5 % of 2/η in the second half, having begun below a quarter of it."""
    frame = edge_of_stability.last()
    ratios = np.array(frame.numbers["sharpness"]) / float(frame.numbers["edge"])  # type: ignore[arg-type]
    assert ratios[0] < 0.25, f"it begins at {ratios[0]:.3f}"
    near("λ₁·η/2", ratios[6:], np.ones(7), 0.05)
    losses = np.array(frame.numbers["loss"], float)
    assert losses[-1] < losses[0] / 20, f"the loss falls from {losses[0]} to {losses[-1]} only"


@edge_of_stability.check
def small_steps_stay_below() -> None:
    """A third of the step size is not at its edge yet: λ₁ below 2/η at every reading."""
    frame = edge_of_stability.last(rate=0.05, steps=600)
    assert np.max(frame.numbers["sharpness"]) < float(frame.numbers["edge"])  # type: ignore[arg-type]
