"""The gradient norm of every sample, by the fastest way that the model allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad, vmap

from dltui.instruments.crew import crew
from dltui.instruments.ghost import Ghost, UncoveredError
from dltui.objective import Objective, Twin
from dltui.progress import Report, silent

VMAP_NUMBERS = 1 << 24  # gradients of so many numbers are held at once
TRIED = 2  # samples on which a way is compared with plain autograd

Norms = Callable[[Tensor, Tensor], Tensor]  # a block of inputs and targets -> its norms, shape (b,)
Way = Callable[[Objective, Twin], Norms]


def sample_norms(objective: Objective, *, report: Report = silent) -> tuple[NDArray[np.float64], str]:
    """Return ‖∇ℓᵢ‖ of every sample i, and how they were computed.

    Args:
        objective: The loss of a model on its data.
        report: Called after every block with samples done and in all, and the norms known by then, NaN elsewhere.

    Returns:
        Norms of shape (n,), and ``ghost norms``, ``vmap`` or ``one by one``.
    """
    name, way = _way(objective)
    found, done = np.full(objective.samples, np.nan), 0
    with crew(objective.device) as workers:
        spread = objective.spread(workers.size)
        blocks = spread.blocks

        def start() -> Callable[[int], Tensor]:
            norms = way(spread, spread.twin())
            return lambda index: norms(*blocks[index][:2])

        for index, norms in workers.stream(start, range(len(blocks))):
            first = index * spread.block
            found[first : first + len(norms)] = norms.cpu().numpy()
            done += len(norms)
            report(done, objective.samples, found)
    return found, name


def _way(objective: Objective) -> tuple[str, Way]:
    """Return the first way that agrees with plain autograd on the first samples, in float64."""
    tried = objective.doubled()
    tried = replace(tried, inputs=tried.inputs[:TRIED], targets=tried.targets[:TRIED], block=TRIED)
    truth = one_by_one(tried, tried.twin())(tried.inputs, tried.targets)
    for name, way in (("ghost norms", Ghost), ("vmap", by_vmap)):
        try:
            found = way(tried, tried.twin())(tried.inputs, tried.targets)
        except (UncoveredError, RuntimeError, ValueError, TypeError):
            continue  # a module that this way can't follow
        if torch.allclose(found, truth, rtol=1e-6, atol=1e-12):
            return name, way
    return "one by one", one_by_one


def by_vmap(objective: Objective, twin: Twin) -> Norms:
    """Return the function that differentiates many samples at once, each on its own.

    Args:
        objective: The loss.
        twin: A copy of the model.

    Returns:
        From a block to its norms.
    """
    trained = {slot.name: p.detach() for slot, p in zip(twin.slots, twin.parameters, strict=True)}
    chunk = max(1, VMAP_NUMBERS // len(twin.flat))

    def one(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        outputs = functional_call(twin.module, parameters, (x.unsqueeze(0),))
        return objective.criterion.loss(outputs, y.unsqueeze(0))

    many = vmap(grad(one), in_dims=(None, 0, 0))

    def norms(x: Tensor, y: Tensor) -> Tensor:
        pairs = zip(torch.split(x, chunk), torch.split(y, chunk), strict=True)
        return torch.cat([_norms(many(trained, *pair).values()) for pair in pairs])

    return norms


def one_by_one(objective: Objective, twin: Twin) -> Norms:
    """Return the function that differentiates one sample after the other.

    Args:
        objective: The loss.
        twin: A copy of the model.

    Returns:
        From a block to its norms.
    """

    def norms(x: Tensor, y: Tensor) -> Tensor:
        return torch.stack([_norm(objective, twin, x[i : i + 1], y[i : i + 1]) for i in range(len(x))])

    return norms


def _norm(objective: Objective, twin: Twin, x: Tensor, y: Tensor) -> Tensor:
    """Return ‖∇ℓ‖ of a block of one sample, float64."""
    found = torch.autograd.grad(
        objective.loss(twin, x, y), twin.parameters, allow_unused=True, materialize_grads=True
    )
    return torch.stack([part.double().square().sum() for part in found]).sum().sqrt()


def _norms(gradients: object) -> Tensor:
    """Return the norms of gradients with a leading dimension of samples, float64."""
    squares = [part.flatten(1).double().square().sum(1) for part in gradients]  # type: ignore[attr-defined]
    return torch.stack(squares).sum(0).sqrt()
