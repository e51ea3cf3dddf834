"""Another point of the plane that a landscape shows: θ* + α·d₁ + β·d₂."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import copysign, inf

import torch
from torch import Tensor

from dltui.instruments.directions import plane, scaling
from dltui.instruments.limits import finite_steps
from dltui.objective import Objective, Twin
from dltui.results.landscape import place


def move(twin: Twin, theta: Tensor, directions: Sequence[Tensor], steps: Sequence[float]) -> None:
    """Set the weights of a copy to θ* + α·d₁ + β·d₂, in place.

    Args:
        twin: The copy.
        theta: θ*, shape (n,), apart from the copy's own weights.
        directions: d₁, or d₁ and d₂, shape (n,) each.
        steps: α, or α and β; what is beyond the directions is left out.
    """
    largest = torch.finfo(twin.flat.dtype).max
    with torch.inference_mode():
        twin.flat.copy_(theta)
        for direction, step in zip(directions, steps, strict=False):
            length = (
                float(step) if abs(step) <= largest else copysign(inf, step)
            )  # the loss is not finite there
            twin.flat.add_(direction, alpha=length)


def moved(objective: Objective, at: Sequence[float], normalize: str, seed: int) -> Objective:
    """Return the loss with the model at another point of the line or plane that a landscape scans.

    Args:
        objective: The loss of a model on its data.
        at: α for the line, α and β for the plane; empty for the model as it is.
        normalize: ``filter``, ``layer``, ``weight`` or ``none``.
        seed: Seed of the directions.

    Returns:
        The same loss of a copy that stands there; its title says where.

    Raises:
        UsageError: If there are more than two steps, one is not finite, or ``normalize`` is unknown.
    """
    scaling(normalize)
    if not finite_steps(at):
        return objective
    twin = objective.twin()
    directions, _ = plane(twin, normalize, seed, len(at))
    move(twin, twin.flat.clone(), directions, at)
    return replace(objective, model=twin.module, title=f"{objective.title} at {place(at)}")
