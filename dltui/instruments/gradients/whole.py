"""The gradient over all samples, and what is seen while it is computed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dltui.device import threads
from dltui.errors import DltuiError
from dltui.instruments.gradients.activations import Firing
from dltui.instruments.gradients.signal import Layer, Signal, listening
from dltui.objective import Objective, Twin

SMALL = 1_000_000  # parameters
MOSTLY = 0.95  # a unit is saturated where this share of its outputs is


def few_threads(objective: Objective) -> AbstractContextManager[object]:
    """Return what keeps small models to one thread: on a busy machine a second one costs more than it gains."""
    small = sum(parameter.numel() for parameter in objective.model.parameters()) < SMALL
    return threads(1) if small and objective.device.type == "cpu" else nullcontext()


def finite_gradient(
    objective: Objective, tick: Callable[[int], None] = lambda _: None
) -> tuple[float, Twin, Tensor, Signal]:
    """Return the loss, a copy of the model, its gradient, and signal and gradient in every layer.

    Args:
        objective: The loss.
        tick: Called after every block with how many samples have gone through.

    Returns:
        All of them.

    Raises:
        DltuiError: If loss or gradient is not finite; it names the layer where that begins.
    """
    with few_threads(objective):
        loss, twin = objective.center().loss, objective.twin()
        with listening(twin) as signal:
            gradient = objective.gradient(twin, tick)
    if not bool(gradient.isfinite().all()):
        raise DltuiError(
            f"the gradient of {objective.title} is not finite though its loss is {loss:.6g}: "
            f"{_culprit(signal, twin, gradient)}; expected finite numbers; try --double, or check the weights"
        )
    return loss, twin, gradient, signal


def _culprit(signal: Signal, twin: Twin, gradient: Tensor) -> str:
    """Return where a gradient stops being finite, on its way back."""
    for layer in reversed(signal.layers.values()):
        if not np.isfinite(layer.back):
            return f"it first stops being so at what {layer.name} gives, coming from the loss"
    names = [slot.name for slot in twin.slots if not bool(slot.of(gradient).isfinite().all())]
    return f"that of {names[-1]} is not"


def seen(layer: Layer) -> list[float]:
    """Return mean and root mean square of z, the same after the activation, and the norm and root mean square of δ."""
    after = layer.activation
    return [
        layer.sum / max(layer.numbers, 1),
        (layer.squares / max(layer.numbers, 1)) ** 0.5,
        np.nan if after is None else after.sum / max(after.numbers, 1),
        np.nan if after is None else (after.squares / max(after.numbers, 1)) ** 0.5,
        (layer.back / max(layer.samples, 1)) ** 0.5,
        (layer.back / max(layer.back_numbers, 1)) ** 0.5,
    ]


def told(firing: Firing) -> dict[str, Any]:
    """Return what is known of the units of one activation function."""
    uses, counted = max(firing.uses, 1), max(firing.numbers, 1)
    dies, saturates = len(firing.fired) > 0, len(firing.saturated) > 0
    dead = torch.nonzero(firing.fired == 0).flatten().tolist() if dies else []
    return {
        "name": firing.name,
        "kind": firing.kind,
        "units": firing.units,
        "dead": len(dead) if dies else None,
        "dead_share": len(dead) / firing.units if dies else None,
        "dead_units": dead,
        "fires": float(firing.fired.sum()) / counted if dies else None,
        "saturated": int((firing.saturated >= MOSTLY * uses).sum()) if saturates else None,
        "saturates": float(firing.saturated.sum()) / counted if saturates else None,
    }
